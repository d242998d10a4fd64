using Sleeper.Ingest.Core.Buffers;

namespace Sleeper.Ingest.Core.Parquet.Encodings;

/// <summary>Arrays that encoders need for the length of one page, kept for the next. Not thread-safe: one per worker.</summary>
internal sealed class EncoderScratch
{
    /// <summary>Lengths, or lengths of prefixes.</summary>
    public int[] First = [];

    /// <summary>Lengths of suffixes.</summary>
    public int[] Second = [];

    /// <summary>Lengths, encoded to see how long they are.</summary>
    public ByteBuffer Sizes { get; } = new();

    public long CapacityBytes => (4L * (First.Length + Second.Length)) + Sizes.Capacity;

    /// <summary>The first <paramref name="count"/> numbers of one of the arrays, grown if need be; not cleared.</summary>
    public static Span<int> Ints(ref int[] array, int count)
    {
        if (array.Length < count)
        {
            array = GC.AllocateUninitializedArray<int>(Math.Max(count, (int)Math.Min(2L * array.Length, Array.MaxLength)));
        }

        return array.AsSpan(0, count);
    }
}
