using Sleeper.Ingest.Core.ObjectStores;
using Sleeper.Ingest.Core.Parquet;
using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.Schemas;
using Sleeper.Ingest.Core.Spilling;
using Sleeper.Ingest.Core.Transforming;

namespace Sleeper.Ingest.Core.Reading;

/// <summary>What a read of a table needs to know besides the rows that are wanted.</summary>
/// <param name="Store">Where the data files are.</param>
/// <param name="TableName">For messages.</param>
/// <param name="PathOf">The path in the store of a file that the table's state names.</param>
/// <param name="Schema">The table's fields.</param>
/// <param name="Order">How rows are sorted inside the table's files.</param>
internal sealed record ReadContext(IObjectStore Store, string TableName, Func<string, string> PathOf, Schema Schema, KeyOrder Order = KeyOrder.Bytes)
{
    private const long MinShareBytes = 32 << 10;

    /// <summary>The fields that rows are given with. Default: all.</summary>
    public FieldProjection Projection { get; init; } = FieldProjection.Everything(Schema);

    /// <summary>What the table asks to be done with the merged rows; null for nothing.</summary>
    public TableIterators? Iterators { get; init; }

    /// <summary>The moment by which rows are old, fixed for the whole read, in milliseconds since 1970.</summary>
    public long NowMillis { get; init; }

    /// <summary>What a data file may ask of its reader.</summary>
    public ParquetReaderLimits Limits { get; init; } = ParquetReaderLimits.Default;

    /// <summary>Stored bytes up to which a row group is held whole, of each open file; larger ones are read through windows of so many bytes.</summary>
    public long FileShareBytes { get; init; } = 8 << 20;

    /// <summary>Stored bytes up to which no page of a row group is left out: one request less then, and few bytes more.</summary>
    public long SmallRowGroupBytes { get; init; } = 64 << 10;

    /// <summary>Most rows that are decoded at a time, of each open file.</summary>
    public int StretchRowCount { get; init; } = 4096;

    /// <summary>About as many bytes of values are decoded at a time, of each open file; at least one row. 2 MiB: wide rows come in short stretches.</summary>
    public int StretchBytes { get; init; } = 2 << 20;

    /// <summary>Bytes for all files of a read: what is held of them as stored, pages, dictionaries, and about what is decoded.</summary>
    public long MemoryBudgetBytes { get; init; } = long.MaxValue;

    /// <summary>The folder in which a read that has more files open at once than fit its budget merges some of them on disk; null for the system's.</summary>
    public string? SpillFolder { get; init; }

    /// <summary>The disk of that folder; null for the local one.</summary>
    public ISpillFileSystem? SpillFiles { get; init; }

    /// <summary>Most files that are opened before it is their turn. Default: none.</summary>
    public int FilesAhead { get; init; }

    /// <summary>Where files are read ahead.</summary>
    public TaskScheduler Scheduler { get; init; } = TaskScheduler.Default;

    /// <summary>The same with a file's shares of the budget. Half of it is left for pages and dictionaries, which cannot be known before.</summary>
    /// <param name="openFiles">The most files that the order of keys needs open at once.</param>
    public ReadContext ShareOut(int openFiles)
    {
        // Not less than that for very many files: rows would come one by one. What does not fit then goes by way of runs on disk.
        long least = Math.Min(MinShareBytes, MemoryBudgetBytes / 16);
        long share = Math.Max(1, Math.Max(least, MemoryBudgetBytes / 4 / (openFiles + FilesAhead)));
        return this with { FileShareBytes = Math.Min(FileShareBytes, share), StretchBytes = (int)Math.Min(StretchBytes, share) };
    }
}
