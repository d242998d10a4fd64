namespace Sleeper.Ingest.TestWorker.Fuzzing;

/// <summary>Snappy and LZ4 blocks decoded byte by byte, as their descriptions say; slow and plain, to hold the fast decoders against.</summary>
internal static class ReferenceCodecs
{
    /// <summary>The content, or null if this is no Snappy block of that length.</summary>
    public static byte[]? Snappy(ReadOnlySpan<byte> source, int length)
    {
        int at = 0;
        ulong claimed = 0;
        for (int shift = 0; ; shift += 7)
        {
            if (at == source.Length || shift > 28)
            {
                return null;
            }

            claimed |= (ulong)(source[at] & 0x7F) << shift;
            if (source[at++] < 0x80)
            {
                break;
            }
        }

        var output = new List<byte>();
        while (at < source.Length && claimed == (ulong)length)
        {
            byte tag = source[at++];
            int kind = tag & 3;
            int extra = kind switch { 0 => (tag >> 2) < 60 ? 0 : (tag >> 2) - 59, 1 => 1, 2 => 2, _ => 4 };
            if (extra > source.Length - at)
            {
                return null;
            }

            long number = Number(source.Slice(at, extra));
            at += extra;
            bool isTaken = kind == 0
                ? Literal(source, ref at, (extra == 0 ? tag >> 2 : number) + 1, output, length)
                : Match(output, kind == 1 ? ((tag >> 2) & 7) + 4 : (tag >> 2) + 1, kind == 1 ? ((long)(tag >> 5) << 8) | number : number, length);
            if (!isTaken)
            {
                return null;
            }
        }

        return claimed == (ulong)length && output.Count == length ? [.. output] : null;
    }

    /// <summary>The content, or null if this is no LZ4 block of that length.</summary>
    public static byte[]? Lz4(ReadOnlySpan<byte> source, int length)
    {
        var output = new List<byte>();
        int at = 0;
        while (at < source.Length)
        {
            byte token = source[at++];
            if (LongLength(source, ref at, token >> 4) is not { } literal || !Literal(source, ref at, literal, output, length))
            {
                return null;
            }

            if (at == source.Length)
            {
                return output.Count == length ? [.. output] : null;
            }

            if (source.Length - at < 2)
            {
                return null;
            }

            long distance = Number(source.Slice(at, 2));
            at += 2;
            if (LongLength(source, ref at, token & 15) is not { } match || !Match(output, match + 4, distance, length))
            {
                return null;
            }
        }

        return source.Length == 0 && length == 0 ? [] : null;
    }

    private static long Number(ReadOnlySpan<byte> bytes)
    {
        long number = 0;
        for (int i = 0; i < bytes.Length; i++)
        {
            number |= (long)bytes[i] << (8 * i);
        }

        return number;
    }

    private static long? LongLength(ReadOnlySpan<byte> source, ref int at, long length)
    {
        while (length >= 15)
        {
            if (at == source.Length)
            {
                return null;
            }

            length += source[at];
            if (source[at++] < 255)
            {
                break;
            }
        }

        return length;
    }

    private static bool Literal(ReadOnlySpan<byte> source, ref int at, long length, List<byte> output, int limit)
    {
        if (length > source.Length - at || length > limit - output.Count)
        {
            return false;
        }

        output.AddRange(source.Slice(at, (int)length).ToArray());
        at += (int)length;
        return true;
    }

    private static bool Match(List<byte> output, long length, long distance, int limit)
    {
        if (distance < 1 || distance > output.Count || length > limit - output.Count)
        {
            return false;
        }

        for (long i = 0; i < length; i++)
        {
            output.Add(output[^(int)distance]);
        }

        return true;
    }
}
