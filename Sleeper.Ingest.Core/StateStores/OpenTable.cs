using Sleeper.Ingest.Core.ObjectStores;
using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.Schemas;
using Sleeper.Ingest.Core.Transforming;

namespace Sleeper.Ingest.Core.StateStores;

/// <summary>An open table as writers and readers see it, wherever it is kept.</summary>
internal sealed record OpenTable
{
    public required string Name { get; init; }

    public required Schema Schema { get; init; }

    /// <summary>Where its data files lie.</summary>
    public required IObjectStore Store { get; init; }

    public required IStateStore StateStore { get; init; }

    /// <summary>The path in the store of a data file's name in the table's state.</summary>
    public required Func<string, string> PathInStore { get; init; }

    /// <summary>A data file's name in the table's state, given its partition's id, the attempt's prefix and its number.</summary>
    public required Func<string, string, int, string> NameDataFile { get; init; }

    /// <summary>What the paths of all its data files begin with.</summary>
    public required string DataFolder { get; init; }

    /// <summary>The order of rows inside its data files.</summary>
    public KeyOrder Order { get; init; } = KeyOrder.Bytes;

    /// <summary>True for a table of a deployed instance: rows are placed in Java's order, and must be found in that of bytes.</summary>
    public bool IsLive { get; init; }

    /// <summary>The table's own properties, by Sleeper's names: what is filtered, combined and iterated over.</summary>
    public IReadOnlyDictionary<string, string> Properties { get; init; } = new Dictionary<string, string>();

    /// <summary>How its files are written; null where that is for the ingest to say.</summary>
    public TableFileSettings? FileSettings { get; init; }

    /// <summary>True if the table's properties ask for commits through the instance's committer.</summary>
    public bool AsksForQueuedCommits { get; init; }

    /// <summary>The state store of an ingest whose commit goes another way than that of <see cref="StateStore"/>; null where there is one way only.</summary>
    /// <exception cref="IngestException">The instance does not have what that way needs.</exception>
    public Func<CommitRoute, IStateStore>? RouteCommits { get; init; }

    /// <summary>Begins an attempt of an ingest whose id was made up a moment ago; null if that is no less work than any other.</summary>
    public Func<string, CancellationToken, Task<IngestAttempt>>? BeginFreshAttemptAsync { get; init; }

    /// <summary>Whether somebody has given the table its partitions. Default: yes.</summary>
    public Func<CancellationToken, Task<bool>> HasPartitionsAsync { get; init; } = _ => Task.FromResult(true);

    /// <summary>
    /// True if what is kept is still the table that was opened, so that another writer may use it; false if it must be opened anew. Null, the default, where
    /// that is not known: then each writer opens it.
    /// </summary>
    public Func<CancellationToken, Task<bool>>? IsUnchangedAsync { get; init; }

    /// <summary>Cleans up; null where that is the business of others.</summary>
    public Func<MaintenanceOptions, CancellationToken, Task<MaintenanceReport>>? MaintainAsync { get; init; }

    /// <summary>What the table's properties ask to be done with its sorted rows; null for nothing.</summary>
    /// <exception cref="UnsupportedTableException">They ask for what cannot be done, so the table must be neither written nor read.</exception>
    public TableIterators? ReadIterators()
    {
        try
        {
            return TableIterators.Parse(Schema, TableIteratorProperties.Of(Properties));
        }
        catch (FormatException e)
        {
            throw new UnsupportedTableException($"Table '{Name}' cannot be written or read. {e.Message}", e);
        }
    }

    /// <summary>The same, if the table asks for what is given; what is not given may be anything.</summary>
    /// <exception cref="FormatException">What is given cannot be read.</exception>
    /// <exception cref="TableIteratorMismatchException">The table asks for something else.</exception>
    public TableIterators? RequireIterators(TableIteratorProperties properties)
    {
        var found = ReadIterators();
        var given = TableIterators.Parse(Schema, properties);
        bool isSame = (given?.Filter is null || given.Filter == found?.Filter)
            && (given?.Aggregation is null || given.Aggregation.Equals(found?.Aggregation))
            && (given?.Iterator is null || given.Iterator == found?.Iterator);
        return isSame ? found : throw new TableIteratorMismatchException(Name, TableIteratorProperties.Of(Properties).Given(), properties.Given());
    }
}
