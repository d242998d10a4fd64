using Sleeper.Ingest.Core.Parquet.Metadata;
using Sleeper.Ingest.Core.Parquet.Schemas;

namespace Sleeper.Ingest.Core.Parquet.RowGroups;

/// <summary>What is read of a column chunk: all of it, or the pages that hold some rows, with the dictionary.</summary>
internal sealed record ChunkPart
{
    public required LeafColumn Column { get; init; }

    public required ColumnMetadata Chunk { get; init; }

    /// <summary>Where the pages lie, in file order.</summary>
    public required IReadOnlyList<ChunkStretch> Stretches { get; init; }

    /// <summary>The row with which the first data page begins.</summary>
    public long FirstRow { get; init; }

    /// <summary>The rows to be given.</summary>
    public required RowRange Rows { get; init; }

    /// <summary>Rows of each data page that has some; null if they are not known: then all pages are read.</summary>
    public IReadOnlyList<long>? PageRowCounts { get; init; }

    /// <summary>True if rows behind those to be given may follow.</summary>
    public required bool IsPartial { get; init; }

    public static ChunkPart Whole(LeafColumn column, ColumnMetadata chunk, long rowCount) =>
        new() { Column = column, Chunk = chunk, Stretches = AllOf(chunk), Rows = new RowRange(0, rowCount), IsPartial = false };

    /// <summary>The pages that hold rows of a range.</summary>
    /// <param name="column">The column.</param>
    /// <param name="chunk">Its chunk.</param>
    /// <param name="locations">Where its pages lie, checked; null if that is not known.</param>
    /// <param name="rowCount">Rows of the row group.</param>
    /// <param name="rows">The rows that are wanted, at least one.</param>
    public static ChunkPart Of(LeafColumn column, ColumnMetadata chunk, IReadOnlyList<PageLocation>? locations, long rowCount, RowRange rows)
    {
        if (locations is null)
        {
            return new() { Column = column, Chunk = chunk, Stretches = AllOf(chunk), Rows = rows, IsPartial = true };
        }

        int last = LastBefore(locations, rows.End);
        int first = LastBefore(locations, rows.First + 1);
        var dictionary = ChunkRange.Of(chunk) with { Length = locations[0].Offset - ChunkRange.Of(chunk).Offset };
        long end = locations[last].Offset + locations[last].CompressedPageSize;
        var pages = new ChunkRange(locations[first].Offset, end - locations[first].Offset);
        bool hasDictionary = dictionary.Length > 0;
        var data = new ChunkStretch(pages, hasDictionary ? first + 1 : first);
        long[] rowCounts = [.. Enumerable.Range(first, last - first + 1).Select(page => EndOf(page) - locations[page].FirstRowIndex).Where(count => count > 0)];
        return new()
        {
            Column = column,
            Chunk = chunk,
            Stretches = hasDictionary ? [new ChunkStretch(dictionary, 0), data] : [data],
            FirstRow = locations[first].FirstRowIndex,
            Rows = rows,
            PageRowCounts = rowCounts,
            IsPartial = true,
        };

        long EndOf(int page) => page + 1 < locations.Count ? locations[page + 1].FirstRowIndex : rowCount;
    }

    private static ChunkStretch[] AllOf(ColumnMetadata chunk)
    {
        ChunkRange range = ChunkRange.Of(chunk);
        return range.Length == 0 ? [] : [new ChunkStretch(range, 0)];
    }

    /// <summary>The last page that begins before a row.</summary>
    private static int LastBefore(IReadOnlyList<PageLocation> locations, long row)
    {
        int low = 0;
        int high = locations.Count - 1;
        while (low < high)
        {
            int middle = (low + high + 1) / 2;
            (low, high) = locations[middle].FirstRowIndex < row ? (middle, high) : (low, middle - 1);
        }

        return low;
    }
}
