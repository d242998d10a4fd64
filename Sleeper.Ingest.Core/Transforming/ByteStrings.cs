namespace Sleeper.Ingest.Core.Transforming;

/// <summary>The orders by which text and bytes are the smallest or largest in an aggregation; not those of keys.</summary>
internal static class ByteStrings
{
    /// <summary>
    /// Compares text by UTF-16 code units, given as UTF-8. That is the order of its bytes, but for characters above U+FFFF (lead bytes F0 to F4), whose first
    /// unit, a surrogate, comes before U+E000 to U+FFFF (lead bytes EE and EF).
    /// </summary>
    public static int CompareText(ReadOnlySpan<byte> left, ReadOnlySpan<byte> right)
    {
        int same = left.CommonPrefixLength(right);
        return same == left.Length || same == right.Length
            ? left.Length.CompareTo(right.Length)
            : Lead(left[same]).CompareTo(Lead(right[same]));
    }

    /// <summary>Compares bytes, unsigned, or text; negative, zero or positive.</summary>
    public static int Compare(bool isText, ReadOnlySpan<byte> left, ReadOnlySpan<byte> right) =>
        isText ? CompareText(left, right) : left.SequenceCompareTo(right);

    private static int Lead(byte value) => value is 0xEE or 0xEF ? value + 0x10 : value;
}
