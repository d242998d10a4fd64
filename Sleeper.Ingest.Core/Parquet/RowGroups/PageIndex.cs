using Sleeper.Ingest.Core.Parquet.Metadata;
using Sleeper.Ingest.Core.Parquet.Schemas;
using Sleeper.Ingest.Core.Parquet.Thrift;

namespace Sleeper.Ingest.Core.Parquet.RowGroups;

/// <summary>Where the pages of some columns of a row group lie and which rows they have, and the bounds of the pages of one column.</summary>
/// <remarks>
/// An index that does not agree with itself or with the footer is as good as none: to read more than is needed loses no rows. One that cannot even be
/// parsed is an error. Immutable.
/// </remarks>
internal sealed class PageIndex
{
    /// <summary>Indexes lie behind one another; what lies between those of the chosen columns is read along.</summary>
    private const long MaxGapBytes = 64 << 10;

    private readonly Dictionary<int, IReadOnlyList<PageLocation>> _locations;
    private readonly IReadOnlyList<PageLocation> _bounded;
    private readonly ColumnIndex _bounds;
    private readonly long _rowCount;

    private PageIndex(Dictionary<int, IReadOnlyList<PageLocation>> locations, int boundsColumn, ColumnIndex bounds, long rowCount)
    {
        _locations = locations;
        _bounded = locations[boundsColumn];
        _bounds = bounds;
        _rowCount = rowCount;
    }

    /// <summary>Pages of the column whose bounds are known.</summary>
    public int PageCount => _bounded.Count;

    /// <summary>The rows of one of these pages.</summary>
    public RowRange RowsOf(int page) => new(_bounded[page].FirstRowIndex, page + 1 < PageCount ? _bounded[page + 1].FirstRowIndex : _rowCount);

    /// <summary>A value that no value of the page is below, in PLAIN encoding; null if the page has none.</summary>
    public byte[]? MinOf(int page) => _bounds.NullPages[page] ? null : _bounds.MinValues[page];

    /// <summary>A value that no value of the page is above, in PLAIN encoding; null if the page has none.</summary>
    public byte[]? MaxOf(int page) => _bounds.NullPages[page] ? null : _bounds.MaxValues[page];

    /// <summary>What has to be read of a column chunk to get some rows.</summary>
    public ChunkPart PartOf(LeafColumn column, ColumnMetadata chunk, RowRange rows) =>
        ChunkPart.Of(column, chunk, _locations.GetValueOrDefault(column.Index), _rowCount, rows);

    /// <summary>Reads the indexes of a row group; null if there are none for the column whose bounds are wanted.</summary>
    /// <param name="file">The file.</param>
    /// <param name="dataEnd">Where its metadata begin: indexes lie before that.</param>
    /// <param name="rowGroup">The row group, whose chosen chunks are checked.</param>
    /// <param name="leafColumns">The columns that will be read.</param>
    /// <param name="boundsColumn">The one whose bounds are wanted.</param>
    /// <param name="limits">Indexes that are together longer than a footer may be are not used.</param>
    /// <param name="cancellationToken">Stops the reads.</param>
    public static async ValueTask<PageIndex?> ReadAsync(
        IRandomAccessReader file, long dataEnd, RowGroupMetadata rowGroup, IReadOnlyList<int> leafColumns, int boundsColumn, ParquetReaderLimits limits,
        CancellationToken cancellationToken)
    {
        ChunkRange? boundsRange = RangeOf(rowGroup.Columns[boundsColumn].ColumnIndexOffset, rowGroup.Columns[boundsColumn].ColumnIndexLength, dataEnd, limits);
        var ranges = new Dictionary<int, ChunkRange>();
        foreach (int leaf in leafColumns)
        {
            if (RangeOf(rowGroup.Columns[leaf].OffsetIndexOffset, rowGroup.Columns[leaf].OffsetIndexLength, dataEnd, limits) is { } range)
            {
                ranges.Add(leaf, range);
            }
        }

        if (boundsRange is not { } boundsBytes || !ranges.ContainsKey(boundsColumn) || boundsBytes.Length + ranges.Values.Sum(range => range.Length) > limits.MaxFooterBytes)
        {
            return null;
        }

        var pieces = new List<(ChunkRange Range, byte[] Bytes)>();
        foreach (ChunkRange piece in ChunkBytes.Join(ranges.Values.Append(boundsBytes), MaxGapBytes))
        {
            byte[] bytes = new byte[(int)piece.Length];
            await file.ReadAsync(piece.Offset, bytes, cancellationToken).ConfigureAwait(false);
            pieces.Add((piece, bytes));
        }

        var locations = new Dictionary<int, IReadOnlyList<PageLocation>>();
        foreach ((int leaf, ChunkRange range) in ranges)
        {
            var reader = new ThriftCompactReader(BytesOf(pieces, range), range.Offset, limits.MaxMetadataDepth);
            IReadOnlyList<PageLocation> pages = OffsetIndex.Read(ref reader).PageLocations;
            if (Fits(pages, rowGroup.Columns[leaf].Metadata!, rowGroup.NumRows))
            {
                locations.Add(leaf, pages);
            }
        }

        var boundsReader = new ThriftCompactReader(BytesOf(pieces, boundsBytes), boundsBytes.Offset, limits.MaxMetadataDepth);
        var bounds = ColumnIndex.Read(ref boundsReader);
        return locations.TryGetValue(boundsColumn, out IReadOnlyList<PageLocation>? bounded)
            && bounds.NullPages.Count == bounded.Count && bounds.MinValues.Count == bounded.Count && bounds.MaxValues.Count == bounded.Count
                ? new PageIndex(locations, boundsColumn, bounds, rowGroup.NumRows)
                : null;
    }

    private static ChunkRange? RangeOf(long? offset, int? length, long dataEnd, ParquetReaderLimits limits) =>
        offset is { } start && length is { } bytes && start >= 0 && bytes > 0 && bytes <= limits.MaxFooterBytes && start <= dataEnd - bytes
            ? new ChunkRange(start, bytes)
            : null;

    private static ReadOnlySpan<byte> BytesOf(List<(ChunkRange Range, byte[] Bytes)> pieces, ChunkRange range)
    {
        (ChunkRange piece, byte[] bytes) = pieces.Find(piece => range.Offset >= piece.Range.Offset && range.End <= piece.Range.End);
        return bytes.AsSpan((int)(range.Offset - piece.Offset), (int)range.Length);
    }

    /// <summary>True if the pages lie behind one another without gaps in their chunk, up to its end, and their rows do in the row group.</summary>
    private static bool Fits(IReadOnlyList<PageLocation> pages, ColumnMetadata chunk, long rowCount)
    {
        ChunkRange range = ChunkRange.Of(chunk);
        if (pages.Count == 0 || pages[0].Offset < range.Offset || pages[0].FirstRowIndex != 0 || pages[^1].FirstRowIndex > rowCount)
        {
            return false;
        }

        for (int i = 0; i < pages.Count; i++)
        {
            long end = i + 1 < pages.Count ? pages[i + 1].Offset : range.End;
            bool isBehind = i == 0 || pages[i].FirstRowIndex >= pages[i - 1].FirstRowIndex;
            if (pages[i].CompressedPageSize <= 0 || pages[i].Offset + pages[i].CompressedPageSize != end || !isBehind)
            {
                return false;
            }
        }

        return true;
    }
}
