using Sleeper.Ingest.Core.ObjectStores;
using Sleeper.Ingest.Core.Partitioning;
using Sleeper.Ingest.Core.Schemas;
using Sleeper.Ingest.Core.StateStores.OwnTables.Maintenance;
using Sleeper.Ingest.Core.StateStores.TransactionLog;
using Sleeper.Ingest.Core.StateStores.TransactionLog.Snapshots;

namespace Sleeper.Ingest.Core.StateStores.OwnTables;

/// <summary>A table that lives in a folder of an object store, open for writers and readers. Thread-safe.</summary>
internal sealed class OwnTable : IDisposable
{
    private readonly TransactionLogStateStore _stateStore;
    private readonly ObjectStoreIntents _intents;
    private readonly StateStoreOptions _options;

    private OwnTable(IObjectStore store, TablePaths paths, TableProperties properties, StateStoreOptions options)
    {
        Store = store;
        Paths = paths;
        Properties = properties;
        _options = options;
        _intents = new ObjectStoreIntents(store, paths, properties.TableId);
        _stateStore = new TransactionLogStateStore(
            properties.TableId,
            properties.Schema,
            new ObjectStoreTransactionLog(store, paths, properties.TableId, LogKind.Files),
            new ObjectStoreTransactionLog(store, paths, properties.TableId, LogKind.Partitions),
            _intents,
            new ObjectStoreSnapshots(store, paths, properties.TableId, properties.Schema),
            options);
    }

    public IObjectStore Store { get; }

    public TablePaths Paths { get; }

    public TableProperties Properties { get; }

    public string Name => Paths.TableName;

    public string TableId => Properties.TableId;

    public Schema Schema => Properties.Schema;

    public IStateStore StateStore => _stateStore;

    /// <summary>
    /// Writes the table's properties, or takes those that are there. The table exists when its state store is given partitions
    /// (<see cref="IStateStore.InitialisePartitionsAsync"/>), by whoever comes first.
    /// </summary>
    /// <exception cref="SchemaMismatchException">There is a table of that name with another schema.</exception>
    /// <exception cref="UnsupportedTableException">The store overwrites where it should refuse, or the table is of a format from the future.</exception>
    public static async Task<OwnTable> PrepareAsync(
        IObjectStore store, string name, Schema schema, StateStoreOptions options, IReadOnlyDictionary<string, string>? properties = null,
        CancellationToken cancellationToken = default)
    {
        var paths = new TablePaths(name);
        var found = await TableCreation.PutPropertiesAsync(store, paths, schema, options, properties, cancellationToken).ConfigureAwait(false);
        return found.Schema.Equals(schema) ? new OwnTable(store, paths, found, options) : throw new SchemaMismatchException(name, found.Schema, schema);
    }

    /// <summary>Makes a table with a tree, or opens the one that is there, with its own tree.</summary>
    /// <exception cref="SchemaMismatchException">There is a table of that name with another schema.</exception>
    public static async Task<OwnTable> CreateOrOpenAsync(
        IObjectStore store, string name, Schema schema, PartitionTree tree, StateStoreOptions options,
        IReadOnlyDictionary<string, string>? properties = null, CancellationToken cancellationToken = default)
    {
        var table = await PrepareAsync(store, name, schema, options, properties, cancellationToken).ConfigureAwait(false);
        await table.StateStore.InitialisePartitionsAsync(tree, cancellationToken).ConfigureAwait(false);
        return table;
    }

    /// <summary>Opens a table.</summary>
    /// <param name="store">Where it is.</param>
    /// <param name="name">Its name.</param>
    /// <param name="options">For its state store.</param>
    /// <param name="expectedSchema">If given, the table's schema must equal it.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="TableNotFoundException">There is none, or it has no partitions yet.</exception>
    /// <exception cref="SchemaMismatchException">It has another schema.</exception>
    /// <exception cref="UnsupportedTableException">It is of a format from the future.</exception>
    public static async Task<OwnTable> OpenAsync(
        IObjectStore store, string name, StateStoreOptions options, Schema? expectedSchema = null, CancellationToken cancellationToken = default)
    {
        var paths = new TablePaths(name);
        var bytes = await SmallObjects.ReadAsync(store, paths.Properties, cancellationToken).ConfigureAwait(false);
        if (bytes is null)
        {
            throw new TableNotFoundException(name, store.Name);
        }

        var properties = TableProperties.Read(bytes.Value, $"'{paths.Properties}' in '{store.Name}'");
        if (expectedSchema is not null && !properties.Schema.Equals(expectedSchema))
        {
            throw new SchemaMismatchException(name, properties.Schema, expectedSchema);
        }

        var table = new OwnTable(store, paths, properties, options);
        return await table.HasPartitionsAsync(cancellationToken).ConfigureAwait(false) ? table : throw new TableNotFoundException(name, store.Name);
    }

    /// <summary>True if the table can be opened: its properties and its first partitions are there.</summary>
    public static async Task<bool> ExistsAsync(IObjectStore store, string name, CancellationToken cancellationToken = default)
    {
        var paths = new TablePaths(name);
        return await store.HeadAsync(paths.Properties, cancellationToken).ConfigureAwait(false) is not null
            && await store.HeadAsync(paths.LogEntry(LogKind.Partitions, 1), cancellationToken).ConfigureAwait(false) is not null;
    }

    /// <summary>The table for writers and readers.</summary>
    public OpenTable ToOpenTable() => new()
    {
        Name = Name,
        Schema = Schema,
        Store = Store,
        StateStore = StateStore,
        PathInStore = Paths.InStore,
        NameDataFile = TablePaths.DataFile,
        DataFolder = Paths.AllData,
        Properties = Properties.Others,
        HasPartitionsAsync = HasPartitionsAsync,
        IsUnchangedAsync = IsUnchangedAsync,
        MaintainAsync = MaintainAsync,
    };

    /// <summary>True if somebody has given the table its partitions.</summary>
    public Task<bool> HasPartitionsAsync(CancellationToken cancellationToken = default) => _stateStore.HasPartitionsAsync(cancellationToken);

    /// <summary>
    /// True if the table in the store is still the one that was opened: its properties, and the last entry of each log that was read. False if it was dropped,
    /// made anew or put back to an older copy, or trimmed behind what was read: then it must be opened anew. Costs up to three requests.
    /// </summary>
    public async Task<bool> IsUnchangedAsync(CancellationToken cancellationToken = default)
    {
        var bytes = await SmallObjects.ReadAsync(Store, Paths.Properties, cancellationToken).ConfigureAwait(false);
        if (bytes is null)
        {
            return false;
        }

        var found = TableProperties.Read(bytes.Value, $"'{Paths.Properties}' in '{Store.Name}'");
        return found.TableId == TableId && found.Schema.Equals(Schema) && await _stateStore.IsOnItsLogsAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Ends what is dead, removes what nobody owns, forgets and trims what is old.</summary>
    public Task<MaintenanceReport> MaintainAsync(MaintenanceOptions what, CancellationToken cancellationToken = default) =>
        new TableMaintenance(Store, Paths, TableId, _stateStore, _intents, _options, what).RunAsync(cancellationToken);

    public void Dispose() => _stateStore.Dispose();
}
