namespace Sleeper.Ingest.Core.Parquet.RowGroups;

/// <summary>Which column chunks of a row group are read whole, and through how large a window each of the others.</summary>
/// <param name="WindowBytes">For each chunk the bytes of its window; its length if it is read whole.</param>
/// <param name="MaxGapBytes">The largest gap that is read along, to join chunks that are read whole.</param>
internal sealed record WindowPlan(IReadOnlyList<long> WindowBytes, long MaxGapBytes)
{
    /// <summary>Smaller windows make more requests than they save memory.</summary>
    private const long MinWindowBytes = 64 << 10;

    /// <summary>The largest block of memory that a span reaches, with room to spare.</summary>
    private const long MaxShareBytes = 1L << 30;

    /// <summary>
    /// All chunks whole if they fit the share, joined. Otherwise each has a window in proportion to its length: then all of them have to be filled
    /// again at about the same row. With the least windows and with gaps that is up to twice the share.
    /// </summary>
    public static WindowPlan Make(IReadOnlyCollection<ChunkRange> chunks, long shareBytes, long maxGapBytes)
    {
        shareBytes = Math.Min(shareBytes, MaxShareBytes);
        if (ChunkBytes.Join(chunks, maxGapBytes).Sum(range => range.Length) <= shareBytes)
        {
            return new WindowPlan([.. chunks.Select(chunk => chunk.Length)], maxGapBytes);
        }

        double storedBytes = chunks.Sum(chunk => (double)chunk.Length);
        long least = Math.Min(MinWindowBytes, shareBytes / (2 * chunks.Count));
        return new WindowPlan([.. chunks.Select(chunk => Math.Min(chunk.Length, Math.Max(least, (long)(shareBytes * (chunk.Length / storedBytes)))))], Math.Min(least, maxGapBytes));
    }
}
