using Sleeper.Ingest.Core.Buffers;

namespace Sleeper.Ingest.Core.ObjectStores.S3;

/// <summary>The bytes of a put, which may be sent several times.</summary>
/// <param name="LengthBytes">How many.</param>
/// <param name="Checksum">Their CRC-32, as the service wants it.</param>
/// <param name="OpenStream">The bytes from the first one on.</param>
internal sealed record PutContent(long LengthBytes, string Checksum, Func<Stream> OpenStream)
{
    public static PutContent Of(ReadOnlyMemory<byte> bytes) =>
        new(bytes.Length, PartBuffer.Encode(Crc32.Compute(bytes.Span)), () => new MemoryPiecesStream([bytes]));

    public static PutContent Of(PartBuffer buffer) => new(buffer.LengthBytes, buffer.Checksum, buffer.OpenStream);
}
