using Sleeper.Ingest.Core.Buffers;

namespace Sleeper.Ingest.Core.Parquet.Encodings;

// lengths, DELTA_BINARY_PACKED (INT32)   all bytes of all values

/// <summary>DELTA_LENGTH_BYTE_ARRAY: the lengths together, then the bytes together.</summary>
internal static class DeltaLengthByteArrayEncoder
{
    public static void Encode(ReadOnlySpan<byte> bytes, ReadOnlySpan<int> offsets, EncoderScratch scratch, ByteBuffer output)
    {
        int count = offsets.Length - 1;
        Span<int> lengths = EncoderScratch.Ints(ref scratch.First, count);
        ReadOnlySpan<int> ends = offsets[1..];
        for (int i = 0; i < lengths.Length; i++)
        {
            lengths[i] = ends[i] - offsets[i];
        }

        DeltaBinaryPackedEncoder.Encode(lengths, output);
        output.Append(bytes[offsets[0]..offsets[count]]);
    }
}
