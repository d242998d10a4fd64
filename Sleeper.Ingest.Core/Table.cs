using System.Runtime.CompilerServices;
using Sleeper.Ingest.Core.Diagnostics;
using Sleeper.Ingest.Core.ObjectStores;
using Sleeper.Ingest.Core.Partitioning;
using Sleeper.Ingest.Core.Reading;
using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.Schemas;
using Sleeper.Ingest.Core.Spilling;
using Sleeper.Ingest.Core.StateStores;
using Sleeper.Ingest.Core.StateStores.DynamoDb;
using Sleeper.Ingest.Core.StateStores.DynamoDb.Instances;
using Sleeper.Ingest.Core.StateStores.OwnTables;
using Sleeper.Ingest.Core.Transforming;

namespace Sleeper.Ingest.Core;

/// <summary>A table in a folder or a bucket: made, listed, described, read and dropped. Rows are written through an ingest factory.</summary>
/// <remarks>
/// Each read is of one state of the table, that of its start: it sees all rows of an ingest or none of them, whatever is committed meanwhile.
/// Thread-safe; holds no files open between calls.
/// </remarks>
/// <example><code>
/// var table = await Table.OpenAsync("/data/tables", "flights");
/// await foreach (var row in table.ReadAsync("SEA")) { … }
/// </code></example>
public sealed class Table
{
    private readonly OpenTable _table;
    private readonly ReadContext _context;
    private readonly ParquetReadLimits _limits;
    private readonly TimeProvider _clock;

    private Table(OpenTable table)
        : this(table, ParquetReadLimits.Default, TimeProvider.System)
    {
    }

    private Table(OpenTable table, ParquetReadLimits limits, TimeProvider clock)
    {
        _limits = limits;
        _clock = clock;
        _table = table;
        _context = new ReadContext(table.Store, table.Name, table.PathInStore, table.Schema, table.Order) { Limits = limits.ForReader() };
    }

    /// <summary>The table's name.</summary>
    public string Name => _table.Name;

    /// <summary>The table's fields.</summary>
    public Schema Schema => _table.Schema;

    /// <summary>Makes a table, or opens the one of that name if its schema is the same; then the partitions that it has stay.</summary>
    /// <param name="store">Where the table shall lie.</param>
    /// <param name="name">1 to 128 letters, digits, dots, underscores and hyphens.</param>
    /// <param name="schema">The fields of its rows.</param>
    /// <param name="splitPoints">
    /// Values of the first row key, ascending by unsigned bytes (text by its UTF-8 bytes), without repeats: there is a leaf partition below, between and
    /// above them. None, the default, for one partition.
    /// </param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="ArgumentException">The name cannot be a table's; a split point is of another type, repeated or out of order.</exception>
    /// <exception cref="SchemaMismatchException">There is a table of that name with another schema.</exception>
    /// <exception cref="UnsupportedTableException">The store overwrites where it should refuse, or the table is of a later format.</exception>
    public static Task<Table> CreateAsync(
        IObjectStore store, string name, Schema schema, IReadOnlyList<FieldValue>? splitPoints = null, CancellationToken cancellationToken = default) =>
        CreateAsync(store, name, schema, splitPoints, new TableOptions(), cancellationToken);

    /// <summary>Makes a table with filters, aggregations or an iterator, or opens the one of that name if its schema and what it does with its rows are the same.</summary>
    /// <param name="store">Where the table shall lie.</param>
    /// <param name="name">1 to 128 letters, digits, dots, underscores and hyphens.</param>
    /// <param name="schema">The fields of its rows.</param>
    /// <param name="splitPoints">As above; null for one partition.</param>
    /// <param name="options">What is done with its rows.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="ArgumentException">
    /// The name cannot be a table's; a split point is of another type, repeated or out of order; filters, aggregations or iterator cannot be read, or do not fit the schema.
    /// </exception>
    /// <exception cref="SchemaMismatchException">There is a table of that name with another schema.</exception>
    /// <exception cref="TableIteratorMismatchException">There is a table of that name that does something else with its rows.</exception>
    /// <exception cref="UnsupportedTableException">The store overwrites where it should refuse, or the table is of a later format.</exception>
    public static async Task<Table> CreateAsync(
        IObjectStore store, string name, Schema schema, IReadOnlyList<FieldValue>? splitPoints, TableOptions options, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(store);
        ArgumentNullException.ThrowIfNull(schema);
        ArgumentNullException.ThrowIfNull(options);
        schema.RequireRowKeys();
        try
        {
            TableIterators.ParseForNewTable(schema, options.Iterators);
        }
        catch (FormatException e)
        {
            throw new ArgumentException($"The table '{name}' cannot be made. {e.Message}", nameof(options), e);
        }

        var tree = splitPoints is null or { Count: 0 } ? PartitionTree.Single(schema) : PartitionTree.FromSplitPoints(schema, splitPoints, SystemRandom.Uuid);
        var own = await OwnTable.CreateOrOpenAsync(
            store, name, schema, tree, StateOptions(), options.Iterators.Given().ToDictionary(), cancellationToken).ConfigureAwait(false);
        var table = own.ToOpenTable();
        table.RequireIterators(options.Iterators);
        return new Table(table);
    }

    /// <summary>Opens a table; its schema comes from the table.</summary>
    /// <exception cref="TableNotFoundException">There is none of that name.</exception>
    /// <exception cref="UnsupportedTableException">It is of a later format.</exception>
    public static async Task<Table> OpenAsync(IObjectStore store, string name, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(store);
        return new Table((await OwnTable.OpenAsync(store, name, StateOptions(), null, cancellationToken).ConfigureAwait(false)).ToOpenTable());
    }

    /// <summary>Opens a table of a deployed instance.</summary>
    /// <param name="instance">The instance. It must stay open as long as the table is used.</param>
    /// <param name="nameOrId">The table's name there; or its id, if no table has that name.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="TableNotFoundException">There is none.</exception>
    /// <exception cref="UnsupportedTableException">A property of it is missing or has a value that it may not have: each is named.</exception>
    public static async Task<Table> OpenAsync(SleeperInstance instance, string nameOrId, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(instance);
        var live = await instance.OpenTableAsync(nameOrId, StateOptions(), warned: null, cancellationToken).ConfigureAwait(false);
        return new Table(live.ToOpenTable());
    }

    /// <summary>Makes a table in a deployed instance, as Sleeper's own tools do. Needs more permissions than to write rows.</summary>
    /// <param name="instance">The instance. It must stay open as long as the table is used.</param>
    /// <param name="name">The table's name. No table of the instance has it.</param>
    /// <param name="schema">The fields of its rows.</param>
    /// <param name="splitPoints">
    /// Values of the first row key, without repeats, ascending both by Java's order (text by UTF-16 units, bytes signed) and by unsigned bytes: there is a leaf
    /// partition below, between and above them. None, the default, for one partition.
    /// </param>
    /// <param name="properties">
    /// More properties of the table, by Sleeper's names, for example <c>sleeper.table.filters</c> = <c>ageOff(time,1209600000)</c>; id, name and schema are set here. Null
    /// for none.
    /// </param>
    /// <param name="cancellationToken">Gives up. What was made stays; making the table again goes on from there.</param>
    /// <exception cref="ArgumentException">A split point is of another type, repeated or out of order.</exception>
    /// <exception cref="TableExistsException">The instance has a table of that name.</exception>
    /// <exception cref="UnsupportedTableException">A property has a value that it may not have, or asks for what this library cannot do. Nothing was written.</exception>
    public static async Task<Table> CreateAsync(
        SleeperInstance instance, string name, Schema schema, IReadOnlyList<FieldValue>? splitPoints = null, IReadOnlyDictionary<string, string>? properties = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(instance);
        ArgumentNullException.ThrowIfNull(schema);
        schema.RequireRowKeys();
        var tree = PartitionTree.ForInstance(schema, splitPoints ?? [], SystemRandom.Uuid);
        var live = await instance.CreateTableAsync(name, schema, tree, properties, StateOptions(), cancellationToken).ConfigureAwait(false);
        return new Table(live.ToOpenTable());
    }

    /// <summary>Opens a table in a local folder that holds tables.</summary>
    /// <param name="folder">The folder that the table's own folder lies in. It is not made if it is missing.</param>
    /// <param name="name">The table's name.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="TableNotFoundException">There is no such table or folder.</exception>
    public static Task<Table> OpenAsync(string folder, string name = "default", CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(folder);
        return OpenAsync(new LocalObjectStore(folder, new LocalObjectStoreOptions { CreateRoot = false }), name, cancellationToken);
    }

    /// <summary>The names of all tables of a store, in ordinal order.</summary>
    public static IAsyncEnumerable<string> ListAsync(IObjectStore store, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(store);
        return TableCatalog.ListAsync(store, cancellationToken);
    }

    /// <summary>
    /// Removes a table with all its rows. A table that is not there, or was dropped half before an error, is no fault. Readers that are under way end
    /// with an error; writers must be ended before.
    /// </summary>
    public static Task DropAsync(IObjectStore store, string name, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(store);
        return TableCatalog.DropAsync(store, name, cancellationToken);
    }

    /// <summary>The table in numbers: leaves, rows, files, bytes, last commits. Reads the table's state and lists its files; reads no data.</summary>
    public async Task<TableDescription> DescribeAsync(CancellationToken cancellationToken = default)
    {
        var state = await _table.StateStore.LoadStateAsync(cancellationToken).ConfigureAwait(false);
        var sizes = await TableSizes.FindAsync(_table.Store, _table.DataFolder, _table.PathInStore, state.References, cancellationToken).ConfigureAwait(false);
        return Describe(state, sizes);
    }

    /// <summary>
    /// Copies this own table, as it is now, into a deployed instance as a new table: its partitions, its files under new names, and its properties. This one stays as it is; nobody should
    /// write to it meanwhile, or what is written later is not in the copy.
    /// </summary>
    /// <remarks>
    /// A live table is split in Java's order, this one in that of bytes. Split points on which they disagree for a row of the table are left out, and rows of the leaves beside them are ingested
    /// again, by a second commit; so are rows of files whose codec the instance's programs cannot read. Between the two commits, readers of the new table see the copied files only. A move that broke off, also
    /// there and also by a crash, is made to its end by being made again, as long as nothing was committed to this table meanwhile: what is there is found by the two commits' ids, and no row is lost
    /// or doubled.
    /// </remarks>
    /// <param name="instance">The instance. It must stay open as long as the new table is used.</param>
    /// <param name="name">The new table's name; null for this one's.</param>
    /// <param name="cancellationToken">Gives up. What was made stays, for the move to be made again.</param>
    /// <exception cref="InvalidOperationException">This is a table of an instance itself.</exception>
    /// <exception cref="TableExistsException">The instance has another table of that name.</exception>
    public async Task<Table> MoveToAsync(SleeperInstance instance, string? name = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(instance);
        if (_table.IsLive)
        {
            throw new InvalidOperationException($"Table '{Name}' is a table of a deployed instance: only own tables are moved. Ingest the rows that it is read as.");
        }

        return new Table(await TableMove.RunAsync(_table, instance, name ?? Name, StateOptions(), cancellationToken).ConfigureAwait(false));
    }

    /// <summary>The same table, whose data files are read under other limits than <see cref="ParquetReadLimits.Default"/>.</summary>
    /// <param name="limits">What a data file may ask of its reader; beyond that a read ends in a <see cref="TableReadException"/>.</param>
    /// <exception cref="ArgumentException">A limit is outside of its range.</exception>
    public Table WithParquetLimits(ParquetReadLimits limits)
    {
        ArgumentNullException.ThrowIfNull(limits);
        return new Table(_table, limits, _clock);
    }

    /// <summary>The same table, read by another clock than the system's: by its time at the start of a read old rows are dropped, where the table has an age-off filter.</summary>
    public Table WithClock(TimeProvider clock)
    {
        ArgumentNullException.ThrowIfNull(clock);
        return new Table(_table, _limits, clock);
    }

    /// <summary>All rows in key order: row keys, then sort keys; rows with equal keys in the order of their commits.</summary>
    /// <exception cref="TableReadException">A data file is missing or damaged: the rows given before the error are not all.</exception>
    public IAsyncEnumerable<Row> ReadAsync(CancellationToken cancellationToken = default) => ReadAsync(RowKeyRange.Everything, cancellationToken);

    /// <summary>The rows with a given value in their first row key, in key order.</summary>
    /// <exception cref="ArgumentException">The value is not of the first row key's type.</exception>
    /// <exception cref="TableReadException">A data file is missing or damaged: the rows given before the error are not all.</exception>
    public IAsyncEnumerable<Row> ReadAsync(FieldValue firstRowKey, CancellationToken cancellationToken = default) =>
        ReadAsync(RowKeyRange.Exactly(firstRowKey), cancellationToken);

    /// <summary>The rows of one row key, or of a range of the first row key, in key order. Reads only files and row groups that can have them.</summary>
    /// <exception cref="ArgumentException">A value is not of its row key's type, or there are more values than row keys.</exception>
    /// <exception cref="TableReadException">A data file is missing or damaged: the rows given before the error are not all.</exception>
    public IAsyncEnumerable<Row> ReadAsync(RowKeyRange range, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(range);
        var filter = range.RowKey.Count > 0 ? KeyFilter.Exactly(Schema, _table.Order, range.RowKey)
            : range.Min.IsNull && range.Max.IsNull ? KeyFilter.Everything
            : KeyFilter.Between(Schema, _table.Order, range.Min, range.Max);
        return ReadOneStateAsync(TableQuery.All, filter, cancellationToken);
    }

    /// <summary>
    /// The rows that a query asks for, in key order: those of many row keys, of ranges of any row keys, or all; with all their fields or some. Reads only files,
    /// row groups and pages that can have them, and only columns that are needed.
    /// </summary>
    /// <exception cref="ArgumentException">
    /// A value is not of its row key's type, there are more values than row keys, a range is not of a row key or begins above its end, a field is not the
    /// table's.
    /// </exception>
    /// <exception cref="TableReadException">A data file is missing or damaged: the rows given before the error are not all.</exception>
    public IAsyncEnumerable<Row> ReadAsync(TableQuery query, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(query);
        var filter = query.RowKeys is null && query.Ranges is null
            ? KeyFilter.Everything
            : KeyFilter.Any(Schema, _table.Order, query.RowKeys ?? [], query.Ranges ?? []);
        return ReadOneStateAsync(query, filter, cancellationToken);
    }

    /// <summary>
    /// Whether an ingest is committed to this table. The answer stays true: a "no" ends every attempt of it that is under way. For the ingest of a
    /// <see cref="CommitOutcomeUnknownException"/>, from any process: the ingest's id is all that is needed.
    /// </summary>
    /// <remarks>
    /// In a table of a deployed instance an ingest is known by the names of its files, in the log's entries and in the state. Nothing can be put into such a log that ends an attempt, so a "no" says
    /// that no entry of it is there: a put that is still under way (AWS takes none that was signed more than 15 minutes ago), a message in the commit queue, or a process that still runs may commit it
    /// later. Ingesting the rows again under the same id is right in any case: whichever comes first counts, and the other one finds it.
    /// </remarks>
    public Task<IngestResolution> ResolveAsync(string ingestId, CancellationToken cancellationToken = default) =>
        _table.StateStore.ResolveAsync(ingestId, cancellationToken);

    /// <summary>
    /// Cleans up after ingests that died and trims the table's log; reports what it did and what it left, and why. To be called now and then, by a job of
    /// its own or before an ingest; at any time, from any number of processes, while others write and read. See
    /// <see cref="MaintenanceOptions"/> for what it does. A table of a deployed instance is cleaned up by the instance: there only spill files of this machine are removed, and with
    /// <see cref="MaintenanceOptions.InstanceStraysOlderThan"/> what killed ingests left in the data bucket.
    /// </summary>
    /// <param name="options">What to do; null for all of it with the default patience.</param>
    /// <param name="cancellationToken">Stops; what is not done the next maintenance does.</param>
    /// <exception cref="ArgumentException">A time is negative.</exception>
    /// <exception cref="TableDamagedException">An entry or snapshot is not what was written. Nothing was trimmed.</exception>
    public async Task<MaintenanceReport> MaintainAsync(MaintenanceOptions? options = null, CancellationToken cancellationToken = default)
    {
        options ??= new MaintenanceOptions();
        if (options.Grace < TimeSpan.Zero || options.KeepLedger < TimeSpan.Zero)
        {
            throw new ArgumentException(
                $"The times of a maintenance cannot be negative: the grace time is {options.Grace}, the ledger is kept for {options.KeepLedger}.", nameof(options));
        }

        if (options.InstanceStraysOlderThan < LiveStrays.MinAge)
        {
            throw new ArgumentException(
                $"InstanceStraysOlderThan is {options.InstanceStraysOlderThan}, but files of a running ingest or of a commit in the queue look like those of a dead one: give {LiveStrays.MinAge} or more.",
                nameof(options));
        }

        var report = _table.MaintainAsync is { } maintain
            ? await maintain(options, cancellationToken).ConfigureAwait(false)
            : new MaintenanceReport(options.DryRun, TimeProvider.System.GetUtcNow(), [], []);
        if (!options.RemoveStaleSpillFiles)
        {
            return report;
        }

        string folder = options.SpillFolder ?? SpillDirectory.DefaultRoot;
        try
        {
            var stale = SpillDirectory.FindStale(folder, SystemRandom.Next, remove: !options.DryRun);
            return report with
            {
                Done = [.. report.Done, .. stale.Select(f => new MaintenanceItem(MaintenanceKind.SpillFolder, f, "The process that owned it is gone."))],
            };
        }
        catch (IngestException e)
        {
            return report with { Left = [.. report.Left, new MaintenanceItem(MaintenanceKind.SpillFolder, folder, e.Message)] };
        }
    }

    private static StateStoreOptions StateOptions() => new()
    {
        Random = SystemRandom.Fill,
        Writer = string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{Environment.MachineName}/{Environment.ProcessId}"),
    };

    private IAsyncEnumerable<Row> ReadOneStateAsync(TableQuery query, KeyFilter filter, CancellationToken cancellationToken)
    {
        var context = _context with
        {
            MemoryBudgetBytes = query.MemoryBudgetBytes,
            FilesAhead = query.FilesAhead,
            SpillFolder = query.SpillFolder,
            Iterators = _table.ReadIterators(),
            NowMillis = _clock.GetUtcNow().ToUnixTimeMilliseconds(),
        };
        if (query.Fields is not null)
        {
            context = context with { Projection = FieldProjection.Of(Schema, query.Fields) };
        }

        return ReadOneStateAsync(new TableReader(context), filter, cancellationToken);
    }

    private async IAsyncEnumerable<Row> ReadOneStateAsync(TableReader reader, KeyFilter filter, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var state = await _table.StateStore.LoadStateAsync(cancellationToken).ConfigureAwait(false);
        await foreach (var row in reader.ReadAsync(state, filter, cancellationToken).ConfigureAwait(false))
        {
            yield return row;
        }
    }

    private TableDescription Describe(TableState state, Dictionary<string, long?> sizes)
    {
        var rowsOfFile = state.References.GroupBy(r => r.FileName, StringComparer.Ordinal)
            .ToDictionary(g => g.Key, g => g.Sum(r => r.RowCount), StringComparer.Ordinal);
        var byPartition = state.References.ToLookup(r => r.PartitionId, StringComparer.Ordinal);
        var leaves = state.Partitions.Leaves.Select(leaf => new LeafDescription(
            leaf.Id,
            leaf.Region,
            byPartition[leaf.Id].Select(r => r.FileName).Distinct(StringComparer.Ordinal).Count(),
            byPartition[leaf.Id].Sum(r => r.RowCount),
            byPartition[leaf.Id].Sum(r => ShareOf(r, sizes[r.FileName] ?? 0, rowsOfFile[r.FileName])))).ToList();
        long rows = state.References.Sum(r => r.RowCount);
        return new TableDescription(
            Name,
            state.TransactionNumber,
            leaves,
            rows,
            sizes.Count,
            sizes.Values.Sum(size => size ?? 0),
            rows - leaves.Sum(leaf => leaf.RowCount),
            state.References.Any(r => r.CountApproximate),
            [.. sizes.Where(size => size.Value is null).Select(size => size.Key).Order(StringComparer.Ordinal)],
            state.RecentCommits);
    }

    private static long ShareOf(FileReference reference, long lengthBytes, long rowsOfFile) =>
        rowsOfFile == 0 ? lengthBytes : (long)((Int128)lengthBytes * reference.RowCount / rowsOfFile);
}
