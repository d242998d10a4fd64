using System.IO.Compression;
using Sleeper.Ingest.Core.Parquet.Metadata;

namespace Sleeper.Ingest.Core.Parquet.Compression;

/// <summary>BROTLI pages, both ways, by the base library.</summary>
/// <param name="level">Quality 0 to 11.</param>
internal sealed class BrotliPageCodec(int level = BrotliPageCodec.DefaultLevel) : IPageCompressor, IPageDecompressor
{
    /// <summary>Quality 1: five times as fast as 4 for a tenth more bytes; the usual default of Parquet writers.</summary>
    public const int DefaultLevel = 1;

    public const int MaxLevel = 11;

    /// <summary>2^22 bytes, the format's usual window; pages are smaller.</summary>
    private const int WindowBits = 22;

    public CompressionCodec Codec => CompressionCodec.Brotli;

    public int MaxCompressedLength(int sourceLength) => BrotliEncoder.GetMaxCompressedLength(sourceLength);

    public int Compress(ReadOnlySpan<byte> source, Span<byte> destination)
    {
        if (!BrotliEncoder.TryCompress(source, destination, out int written, level, WindowBits))
        {
            throw new InvalidOperationException(
                $"Brotli could not write {source.Length:N0} bytes into {destination.Length:N0}; {MaxCompressedLength(source.Length):N0} are always enough.");
        }

        return written;
    }

    public void Decompress(ReadOnlySpan<byte> source, Span<byte> destination)
    {
        // The length given must be the length made: a longer result does not fit and fails too.
        if (!BrotliDecoder.TryDecompress(source, destination, out int written) || written != destination.Length)
        {
            throw new ParquetFormatException(
                $"A Brotli stream of {source.Length:N0} bytes is damaged or does not give the {destination.Length:N0} bytes that its page header claims (gave {written:N0}).");
        }
    }

    public void Dispose()
    {
    }
}
