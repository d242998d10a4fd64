namespace Sleeper.Ingest.Core.ObjectStores.S3;

/// <summary>How long each part of an upload is.</summary>
/// <remarks>
/// An object has at most 10,000 parts, and its length is not known when the first one goes up. So a thousand parts have the first size, the next thousand twice
/// that, and so on, up to the largest part there may be: with parts of 8 MiB at first, 10,000 of them hold 7.8 TiB, and an object of 8 GB needs no more memory than
/// one of 40 MB.
/// </remarks>
internal static class PartSizes
{
    /// <summary>The most parts of an upload.</summary>
    public const int MaxPartCount = 10_000;

    private const long MaxPartBytes = 5L << 30;
    private const int PartsOfOneSize = 1_000;

    /// <param name="firstBytes">The size of the first part.</param>
    /// <param name="partNumber">From 1.</param>
    public static long Of(int firstBytes, int partNumber) => Math.Min((long)firstBytes << ((partNumber - 1) / PartsOfOneSize), MaxPartBytes);

    /// <summary>The size of the largest parts of an object of a length.</summary>
    public static long LargestOf(int firstBytes, long objectBytes)
    {
        long size = firstBytes;
        for (long left = objectBytes - (PartsOfOneSize * size); left > 0; left -= PartsOfOneSize * size)
        {
            size *= 2;
        }

        return Math.Min(size, MaxPartBytes);
    }
}
