using System.Runtime.InteropServices;
using Sleeper.Ingest.Core.Buffers;

namespace Sleeper.Ingest.Core.Parquet.Encodings;

// lowest bytes of all values, then their second bytes, … , then their highest bytes

/// <summary>BYTE_STREAM_SPLIT: bytes of equal place together. No smaller itself, but often easier to compress.</summary>
internal static class ByteStreamSplitEncoder
{
    public static void Encode(ReadOnlySpan<int> values, ByteBuffer output) => Encode(MemoryMarshal.AsBytes(values), sizeof(int), output);

    public static void Encode(ReadOnlySpan<long> values, ByteBuffer output) => Encode(MemoryMarshal.AsBytes(values), sizeof(long), output);

    /// <summary>Values of <paramref name="width"/> bytes each, lying one behind the other.</summary>
    public static void Encode(ReadOnlySpan<byte> values, int width, ByteBuffer output)
    {
        Span<byte> target = output.Reserve(values.Length);
        int count = width == 0 ? 0 : values.Length / width;
        for (int stream = 0; stream < width; stream++)
        {
            Span<byte> to = target.Slice(stream * count, count);
            for (int i = 0, from = stream; i < to.Length; i++, from += width)
            {
                to[i] = values[from];
            }
        }

        output.Advance(values.Length);
    }
}
