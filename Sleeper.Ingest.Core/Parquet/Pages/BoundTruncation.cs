using System.Text;

namespace Sleeper.Ingest.Core.Parquet.Pages;

/// <summary>
/// Shortens smallest and largest values so that they stay bounds. A lower bound is cut. An upper bound is cut and then made greater: its last
/// character (of UTF-8) or byte is raised, or dropped where it cannot be; if nothing is left to raise, the value stays whole.
/// </summary>
internal static class BoundTruncation
{
    public static byte[] Lower(byte[] value, int maxBytes, bool isUtf8) =>
        value.Length <= maxBytes ? value : value[..(isUtf8 ? CharacterBoundary(value, maxBytes) : maxBytes)];

    public static byte[] Upper(byte[] value, int maxBytes, bool isUtf8)
    {
        if (value.Length <= maxBytes)
        {
            return value;
        }

        return (isUtf8 ? RaiseCharacter(value.AsSpan(0, CharacterBoundary(value, maxBytes))) : RaiseByte(value.AsSpan(0, maxBytes))) ?? value;
    }

    /// <summary>The largest length up to <paramref name="maxBytes"/> (below the value's) that does not split a character.</summary>
    private static int CharacterBoundary(ReadOnlySpan<byte> value, int maxBytes)
    {
        int length = maxBytes;
        while (length > 0 && (value[length] & 0xC0) == 0x80)
        {
            length--;
        }

        return length;
    }

    private static byte[]? RaiseByte(ReadOnlySpan<byte> prefix)
    {
        int last = prefix.LastIndexOfAnyExcept((byte)0xFF);
        if (last < 0)
        {
            return null;
        }

        byte[] raised = prefix[..(last + 1)].ToArray();
        raised[last]++;
        return raised;
    }

    private static byte[]? RaiseCharacter(ReadOnlySpan<byte> prefix)
    {
        while (!prefix.IsEmpty)
        {
            if (Rune.DecodeLastFromUtf8(prefix, out Rune last, out int length) != System.Buffers.OperationStatus.Done)
            {
                return null;
            }

            int next = last.Value == 0xD7FF ? 0xE000 : last.Value + 1;
            prefix = prefix[..^length];
            if (Rune.TryCreate(next, out Rune raised) && raised.Utf8SequenceLength == length)
            {
                var result = new byte[prefix.Length + length];
                prefix.CopyTo(result);
                raised.EncodeToUtf8(result.AsSpan(prefix.Length));
                return result;
            }
        }

        return null;
    }
}
