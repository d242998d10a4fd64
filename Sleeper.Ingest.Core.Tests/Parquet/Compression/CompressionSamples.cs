using System.Text;

namespace Sleeper.Ingest.Core.Tests.Parquet.Compression;

/// <summary>Byte patterns that put a compressor's branches to the test, each from a seed.</summary>
internal static class CompressionSamples
{
    public static IEnumerable<(string Name, byte[] Bytes)> All()
    {
        foreach (int length in (int[])[0, 1, 2, 3, 4, 5, 7, 8, 11, 12, 13, 15, 16, 17, 31, 59, 60, 61, 64, 100, 255, 256, 257, 4096, 65535, 65536, 65537, 200_000])
        {
            yield return ($"zeros {length}", new byte[length]);
            yield return ($"random {length}", RandomBytes(length, length + 1));
            yield return ($"letters {length}", Letters(length, length + 2));
            yield return ($"repeats {length}", Repeats(length, length + 3));
        }

        for (int period = 1; period <= 40; period++)
        {
            yield return ($"period {period}", Periodic(1000 + (7 * period), period));
        }

        yield return ("numbers 300000", Numbers(300_000));
    }

    public static byte[] RandomBytes(int length, int seed)
    {
        byte[] bytes = new byte[length];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }

    public static byte[] Letters(int length, int seed)
    {
        var random = new Random(seed);
        byte[] bytes = new byte[length];
        for (int i = 0; i < length; i++)
        {
            bytes[i] = (byte)('a' + random.Next(26));
        }

        return bytes;
    }

    /// <summary>Stretches copied from earlier places at all distances and lengths, with random bytes between.</summary>
    public static byte[] Repeats(int length, int seed)
    {
        var random = new Random(seed);
        byte[] bytes = new byte[length];
        int done = 0;
        while (done < length)
        {
            int count = Math.Min(length - done, random.Next(1, random.Next(2, 400)));
            int distance = random.Next(1, Math.Max(2, Math.Min(done, 1 << random.Next(1, 18)) + 1));
            for (int i = 0; i < count; i++)
            {
                bytes[done + i] = distance <= done && (count & 1) == 0 ? bytes[done + i - distance] : (byte)random.Next(256);
            }

            done += count;
        }

        return bytes;
    }

    private static byte[] Periodic(int length, int period)
    {
        byte[] bytes = new byte[length];
        for (int i = 0; i < length; i++)
        {
            bytes[i] = (byte)((i % period * 37) + 11);
        }

        return bytes;
    }

    private static byte[] Numbers(int length)
    {
        var text = new StringBuilder();
        for (int i = 0; text.Length < length; i++)
        {
            text.Append("row ").Append(i).Append(':').Append(i * 7919 % 1000).Append('\n');
        }

        return Encoding.ASCII.GetBytes(text.ToString(0, length));
    }
}
