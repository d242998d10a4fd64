using Sleeper.Ingest.Core.Parquet.Metadata;
using Sleeper.Ingest.Core.Parquet.Schemas;
using Sleeper.Ingest.Core.Parquet.Thrift;

namespace Sleeper.Ingest.Core.Parquet.RowGroups;

/// <summary>Where the pages of some columns of a row group lie and which rows they have, and the bounds of the pages of some of them.</summary>
/// <remarks>
/// An index that does not agree with itself or with the footer is as good as none: to read more than is needed loses no rows. One that cannot even be
/// parsed is an error. Immutable.
/// </remarks>
internal sealed class PageIndex
{
    /// <summary>Indexes lie behind one another; what lies between those of the chosen columns is read along.</summary>
    private const long MaxGapBytes = 64 << 10;

    private readonly Dictionary<int, IReadOnlyList<PageLocation>> _locations;
    private readonly Dictionary<int, PageBounds> _bounds;
    private readonly long _rowCount;

    private PageIndex(Dictionary<int, IReadOnlyList<PageLocation>> locations, Dictionary<int, PageBounds> bounds, long rowCount)
    {
        _locations = locations;
        _bounds = bounds;
        _rowCount = rowCount;
    }

    /// <summary>The bounds of the pages of a column; null if they are not known.</summary>
    public PageBounds? BoundsOf(int leafColumn) => _bounds.GetValueOrDefault(leafColumn);

    /// <summary>What has to be read of a column chunk to get some rows.</summary>
    public ChunkPart PartOf(LeafColumn column, ColumnMetadata chunk, RowRange rows) =>
        ChunkPart.Of(column, chunk, _locations.GetValueOrDefault(column.Index), _rowCount, rows);

    /// <summary>Reads the indexes of a row group; null if no bounds are known.</summary>
    /// <param name="file">The file.</param>
    /// <param name="dataEnd">Where its metadata begin: indexes lie before that.</param>
    /// <param name="isSealed">True if each column index has a checksum behind it.</param>
    /// <param name="rowGroup">The row group, whose chosen chunks are checked.</param>
    /// <param name="leafColumns">The columns that will be read.</param>
    /// <param name="boundsColumns">Those of them whose bounds are wanted.</param>
    /// <param name="limits">Indexes that are together longer than a footer may be are not used.</param>
    /// <param name="cancellationToken">Stops the reads.</param>
    public static async ValueTask<PageIndex?> ReadAsync(
        IRandomAccessReader file, long dataEnd, bool isSealed, RowGroupMetadata rowGroup, IReadOnlyList<int> leafColumns, IReadOnlyList<int> boundsColumns, ParquetReaderLimits limits,
        CancellationToken cancellationToken)
    {
        Dictionary<int, ChunkRange> locationRanges = RangesOf(leafColumns, leaf => (rowGroup.Columns[leaf].OffsetIndexOffset, rowGroup.Columns[leaf].OffsetIndexLength), 0, dataEnd, limits);
        int checksumLength = isSealed ? FooterSeal.ChecksumLength : 0;
        Dictionary<int, ChunkRange> boundsRanges = RangesOf(
            boundsColumns.Where(locationRanges.ContainsKey), leaf => (rowGroup.Columns[leaf].ColumnIndexOffset, rowGroup.Columns[leaf].ColumnIndexLength), checksumLength, dataEnd, limits);
        ChunkRange[] ranges = [.. locationRanges.Values, .. boundsRanges.Values];
        if (boundsRanges.Count == 0 || ranges.Sum(range => range.Length) > limits.MaxFooterBytes)
        {
            return null;
        }

        var pieces = new List<(ChunkRange Range, byte[] Bytes)>();
        foreach (ChunkRange piece in ChunkBytes.Join(ranges, Math.Min(MaxGapBytes, file.RequestCostBytes)))
        {
            byte[] bytes = new byte[(int)piece.Length];
            await file.ReadAsync(piece.Offset, bytes, cancellationToken).ConfigureAwait(false);
            pieces.Add((piece, bytes));
        }

        var locations = new Dictionary<int, IReadOnlyList<PageLocation>>();
        foreach ((int leaf, ChunkRange range) in locationRanges)
        {
            var reader = new ThriftCompactReader(BytesOf(pieces, range), range.Offset, limits.MaxMetadataDepth);
            IReadOnlyList<PageLocation> pages = OffsetIndex.Read(ref reader).PageLocations;
            if (Fits(pages, rowGroup.Columns[leaf].Metadata!, rowGroup.NumRows))
            {
                locations.Add(leaf, pages);
            }
        }

        var bounds = new Dictionary<int, PageBounds>();
        foreach ((int leaf, ChunkRange range) in boundsRanges)
        {
            ReadOnlySpan<byte> bytes = BytesOf(pieces, range);
            if (isSealed)
            {
                FooterSeal.CheckIndex(bytes[..^checksumLength], bytes[^checksumLength..]);
            }

            var reader = new ThriftCompactReader(bytes, range.Offset, limits.MaxMetadataDepth);
            var index = ColumnIndex.Read(ref reader);
            if (locations.TryGetValue(leaf, out IReadOnlyList<PageLocation>? pages)
                && index.NullPages.Count == pages.Count && index.MinValues.Count == pages.Count && index.MaxValues.Count == pages.Count)
            {
                bounds.Add(leaf, new PageBounds(pages, index, rowGroup.NumRows));
            }
        }

        return bounds.Count > 0 ? new PageIndex(locations, bounds, rowGroup.NumRows) : null;
    }

    private static Dictionary<int, ChunkRange> RangesOf(
        IEnumerable<int> leafColumns, Func<int, (long? Offset, int? Length)> placeOf, int lengthBehind, long dataEnd, ParquetReaderLimits limits)
    {
        var ranges = new Dictionary<int, ChunkRange>();
        foreach (int leaf in leafColumns)
        {
            (long? offset, int? length) = placeOf(leaf);
            if (length > 0 && RangeOf(offset, length + lengthBehind, dataEnd, limits) is { } range)
            {
                ranges.Add(leaf, range);
            }
        }

        return ranges;
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
