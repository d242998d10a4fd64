using System.Collections.Immutable;
using Sleeper.Ingest.Core.Rows;

namespace Sleeper.Ingest.Core;

/// <summary>Which rows of a table are wanted, and which of their fields. Immutable: each method gives a new query.</summary>
/// <remarks>
/// A row is given if it has one of the row keys <i>or</i> is in one of the ranges; without either, all rows are. It is given once, however many of them it
/// fits, in key order. Everything is checked against the table's schema when the query is given to <see cref="Table.ReadAsync(TableQuery, CancellationToken)"/>.
/// Tens of thousands of row keys are read in one pass; ranges may be hundreds.
/// </remarks>
/// <example><code>
/// var query = TableQuery.All
///     .WithRange(new FieldRange("origin") { Min = "A", Max = "C" }, new FieldRange("day") { Min = 100 })
///     .WithRowKeys(["SEA", "PDX"])
///     .WithFields("origin", "delay");
/// await foreach (var row in table.ReadAsync(query)) { … }
/// </code></example>
public sealed class TableQuery
{
    private const int MostFilesAhead = 256;

    private TableQuery()
    {
    }

    private TableQuery(TableQuery other)
    {
        RowKeys = other.RowKeys;
        Ranges = other.Ranges;
        Fields = other.Fields;
        MemoryBudgetBytes = other.MemoryBudgetBytes;
        FilesAhead = other.FilesAhead;
        SpillFolder = other.SpillFolder;
    }

    /// <summary>Every row with all its fields: where a query begins.</summary>
    public static TableQuery All { get; } = new();

    /// <summary>Bytes that a read holds at most of its files: as they are stored, their pages and dictionaries, and about what is decoded. Default: 256 MiB.</summary>
    /// <remarks>
    /// The rows that were given are not counted. The files of all partitions that a key lies in are open at once, each with its share. Where they do not fit, however
    /// many they are, some of them are merged by way of files in <see cref="SpillFolder"/>; where the footer, a page and the dictionary of each column of a single file
    /// do not, the read ends in a <see cref="TableReadException"/> that says how much is needed.
    /// </remarks>
    public long MemoryBudgetBytes { get; private init; } = 256L << 20;

    /// <summary>Files that are opened, read and decoded in parallel before it is their turn, as far as memory goes; and whether an open file's next row group is. Default: 4.</summary>
    public int FilesAhead { get; private init; } = 4;

    /// <summary>
    /// The local folder for rows of a read whose files do not fit its memory budget together; null for the one of ingests in the system's folder for temporary
    /// files. Nothing is made there before it is needed, and all of it is removed with the read. Default: null.
    /// </summary>
    public string? SpillFolder { get; private init; }

    internal ImmutableList<IReadOnlyList<FieldValue>>? RowKeys { get; private init; }

    internal ImmutableList<IReadOnlyList<FieldRange>>? Ranges { get; private init; }

    internal IReadOnlyList<string>? Fields { get; private init; }

    /// <summary>Also the rows with given values in all their row keys, or in the first of them.</summary>
    /// <param name="rowKey">One value for each row key in schema order; the last ones may be left out.</param>
    public TableQuery WithRowKey(params ReadOnlySpan<FieldValue> rowKey) => WithRowKeys([rowKey.ToArray()]);

    /// <summary>Also the rows with one of these values in their first row key. In any order, repeated or not; with none of them, none are added.</summary>
    public TableQuery WithRowKeys(IEnumerable<FieldValue> firstRowKeys)
    {
        ArgumentNullException.ThrowIfNull(firstRowKeys);
        return WithRowKeys(firstRowKeys.Select(value => (IReadOnlyList<FieldValue>)[value]));
    }

    /// <summary>Also the rows with one of these row keys. In any order, repeated or not; with none of them, none are added.</summary>
    /// <param name="rowKeys">Each one value for each row key in schema order; the last ones may be left out.</param>
    public TableQuery WithRowKeys(IEnumerable<IReadOnlyList<FieldValue>> rowKeys)
    {
        ArgumentNullException.ThrowIfNull(rowKeys);
        return new TableQuery(this) { RowKeys = (RowKeys ?? []).AddRange(rowKeys.Select(rowKey => (IReadOnlyList<FieldValue>)[.. rowKey])) };
    }

    /// <summary>Also the rows that are in all of these ranges at once. Ranges of several calls are united.</summary>
    /// <param name="ranges">At least one, each of another row key; row keys without a range may have any value.</param>
    /// <exception cref="ArgumentException">No range is given.</exception>
    public TableQuery WithRange(params ReadOnlySpan<FieldRange> ranges)
    {
        if (ranges.IsEmpty)
        {
            throw new ArgumentException("No range is given. Give that of at least one row key.", nameof(ranges));
        }

        foreach (var range in ranges)
        {
            ArgumentNullException.ThrowIfNull(range, nameof(ranges));
        }

        return new TableQuery(this) { Ranges = (Ranges ?? []).Add(ranges.ToArray()) };
    }

    /// <summary>
    /// Rows come with these fields only. Of the data files the columns of these fields are read, and of the row and sort keys, since the order needs them.
    /// Replaces the choice made before.
    /// </summary>
    /// <param name="names">
    /// Names of the table's fields, in any order. The rows' <see cref="Row.Schema"/> has these fields in the order of the table's schema and in their roles there;
    /// it can be without row keys, and then no table can be made of it.
    /// </param>
    public TableQuery WithFields(params IEnumerable<string> names)
    {
        ArgumentNullException.ThrowIfNull(names);
        return new TableQuery(this) { Fields = [.. names] };
    }

    /// <summary>Sets <see cref="MemoryBudgetBytes"/>.</summary>
    /// <param name="bytes">At least 1.</param>
    public TableQuery WithMemoryBudget(long bytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(bytes);
        return new TableQuery(this) { MemoryBudgetBytes = bytes };
    }

    /// <summary>Sets <see cref="SpillFolder"/>.</summary>
    public TableQuery WithSpillFolder(string folder)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        return new TableQuery(this) { SpillFolder = folder };
    }

    /// <summary>Sets <see cref="FilesAhead"/>.</summary>
    /// <param name="files">0 to 256; with 0 nothing is read before its turn comes.</param>
    public TableQuery WithFilesAhead(int files)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(files);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(files, MostFilesAhead);
        return new TableQuery(this) { FilesAhead = files };
    }
}
