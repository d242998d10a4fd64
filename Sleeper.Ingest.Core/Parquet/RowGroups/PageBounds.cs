using Sleeper.Ingest.Core.Parquet.Metadata;

namespace Sleeper.Ingest.Core.Parquet.RowGroups;

/// <summary>The rows of each page of a column chunk, and bounds of its values. Immutable.</summary>
/// <param name="locations">Where the pages lie, checked.</param>
/// <param name="bounds">Their bounds, as many.</param>
/// <param name="rowCount">Rows of the row group.</param>
internal sealed class PageBounds(IReadOnlyList<PageLocation> locations, ColumnIndex bounds, long rowCount)
{
    public int PageCount => locations.Count;

    /// <summary>The rows of a page.</summary>
    public RowRange RowsOf(int page) => new(locations[page].FirstRowIndex, page + 1 < PageCount ? locations[page + 1].FirstRowIndex : rowCount);

    /// <summary>A value that no value of the page is below, in PLAIN encoding; null if the page has none.</summary>
    public byte[]? MinOf(int page) => bounds.NullPages[page] ? null : bounds.MinValues[page];

    /// <summary>A value that no value of the page is above, in PLAIN encoding; null if the page has none.</summary>
    public byte[]? MaxOf(int page) => bounds.NullPages[page] ? null : bounds.MaxValues[page];
}
