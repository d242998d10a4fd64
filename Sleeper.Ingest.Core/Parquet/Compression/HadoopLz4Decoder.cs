using System.Buffers.Binary;

namespace Sleeper.Ingest.Core.Parquet.Compression;

/// <summary>Decodes Parquet's legacy LZ4 codec, which is read but never written.</summary>
/// <remarks>
/// <code>
/// frame = u32 BE uncompressed length of the frame, block+ until that length is reached
/// block = u32 BE compressed length, LZ4 block
/// </code>
/// <para>Hadoop's framing. Some writers put a bare LZ4 block under the same codec name, so where the frames do not add up exactly the bytes
/// are taken as one block.</para>
/// </remarks>
internal static class HadoopLz4Decoder
{
    /// <summary>Fills <paramref name="destination"/> exactly.</summary>
    /// <exception cref="ParquetFormatException">The bytes are neither framed nor bare LZ4 of that length.</exception>
    public static void Decode(ReadOnlySpan<byte> source, Span<byte> destination)
    {
        if (!TryDecodeFrames(source, destination))
        {
            Lz4Decoder.Decode(source, destination);
        }
    }

    private static bool TryDecodeFrames(ReadOnlySpan<byte> source, Span<byte> destination)
    {
        while (source.Length >= 4)
        {
            uint frameLength = BinaryPrimitives.ReadUInt32BigEndian(source);
            source = source[4..];
            if (frameLength > (uint)destination.Length)
            {
                return false;
            }

            Span<byte> frame = destination[..(int)frameLength];
            destination = destination[(int)frameLength..];
            while (!frame.IsEmpty)
            {
                if (source.Length < 4)
                {
                    return false;
                }

                uint blockLength = BinaryPrimitives.ReadUInt32BigEndian(source);
                source = source[4..];
                if (blockLength == 0 || blockLength > (uint)source.Length)
                {
                    return false;
                }

                int written = Lz4Decoder.TryDecode(source[..(int)blockLength], frame);
                if (written <= 0)
                {
                    return false;
                }

                source = source[(int)blockLength..];
                frame = frame[written..];
            }
        }

        return source.IsEmpty && destination.IsEmpty;
    }
}
