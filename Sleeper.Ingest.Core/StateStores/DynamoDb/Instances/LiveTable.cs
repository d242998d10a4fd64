using Sleeper.Ingest.Core.ObjectStores;
using Sleeper.Ingest.Core.ObjectStores.S3;
using Sleeper.Ingest.Core.Queues;
using Sleeper.Ingest.Core.Queues.Sqs;
using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.StateStores.DynamoDb.Queued;

namespace Sleeper.Ingest.Core.StateStores.DynamoDb.Instances;

/// <summary>A table of a deployed instance, open: its properties, its state, and how it is written.</summary>
internal sealed class LiveTable : IDisposable
{
    private readonly InstanceClients _clients;
    private readonly DynamoDbStateStore _stateStore;
    private readonly QueuedCommits _queue;
    private readonly TimeProvider _time;

    /// <param name="clients">Stay the instance's.</param>
    /// <param name="table">What the index knows of it.</param>
    /// <param name="properties">Checked.</param>
    /// <param name="options">For its state store.</param>
    /// <param name="warned">Told of oddities of the table that are no errors.</param>
    public LiveTable(InstanceClients clients, IndexedTable table, LiveTableProperties properties, StateStoreOptions options, Action<string>? warned)
    {
        _clients = clients;
        Table = table;
        Properties = properties;
        DataBucket = clients.Bucket(properties.Instance.DataBucket, PartBytesOf(properties.Instance));
        _time = options.Time;
        _stateStore = new DynamoDbStateStore(clients.DynamoDb, IdentityOf(table, properties, DataBucket), SettingsOf(properties, warned), options);
        _queue = new QueuedCommits(_stateStore, new CommitClaims(DataBucket, _stateStore.Paths), table.Id, () => CommitQueue, options);
    }

    public IndexedTable Table { get; }

    public LiveTableProperties Properties { get; }

    public IObjectStore DataBucket { get; }

    public DynamoDbStateStore StateStore => _stateStore;

    /// <summary>True if the instance still says of it what it said when it was opened.</summary>
    public required Func<CancellationToken, Task<bool>> IsUnchangedAsync { get; init; }

    /// <summary>The order of rows in data files: the engine's that reads them.</summary>
    public KeyOrder Order => OrderOf(Properties);

    /// <summary>The table for writers and readers.</summary>
    public OpenTable ToOpenTable() => new()
    {
        Name = Table.Name,
        Schema = Properties.Schema,
        Store = DataBucket,
        StateStore = StateStoreFor(CommitRoute.Direct),
        AsksForQueuedCommits = Properties.CommitsAsynchronously,
        RouteCommits = StateStoreFor,
        PathInStore = LiveTablePaths.KeyOf,
        NameDataFile = _stateStore.Paths.DataFile,
        DataFolder = LiveTablePaths.KeyOf(_stateStore.Paths.DataPrefix),
        Order = Order,
        IsLive = true,
        Properties = Properties.All,
        FileSettings = FilesOf(Properties),
        IsUnchangedAsync = IsUnchangedAsync,
        BeginFreshAttemptAsync = _stateStore.BeginFirstAttemptAsync,
        MaintainAsync = (what, token) => new LiveStrays(DataBucket, _stateStore, what, _time).RunAsync(token),
    };

    public void Dispose() => _stateStore.Dispose();

    private IMessageQueue CommitQueue => Properties.Instance.Get(InstanceProperty.CommitterQueueUrl) is { Length: > 0 } url
        ? new SqsQueue(_clients.Sqs, url)
        : throw new UnsupportedTableException(
            $"Commits to table '{Table.Name}' cannot go through the committer of the instance '{Properties.Instance.Id}': its property '{InstanceProperty.CommitterQueueUrl.Name}' is not "
            + "set. Deploy the committer, let the table's properties ask for direct commits, or choose CommitMode.Direct.");

    private RoutedStateStore StateStoreFor(CommitRoute route) => new(_stateStore, _queue, route);

    /// <summary>What the original's uploads take as a part, so that files up to that length are one request here as there. S3 takes no shorter ones than 5 MiB.</summary>
    private static int PartBytesOf(InstanceProperties instance) =>
        (int)Math.Clamp(instance.Long(InstanceProperty.CrtPartBytes), S3ObjectStoreOptions.MinPartSizeBytes, S3ObjectStoreOptions.MaxPartSizeBytes);

    private static KeyOrder OrderOf(LiveTableProperties properties) =>
        "java".Equals(properties.Text(TableProperty.DataEngine), StringComparison.OrdinalIgnoreCase) ? KeyOrder.Java : KeyOrder.Bytes;

    private static LiveTableIdentity IdentityOf(IndexedTable table, LiveTableProperties properties, IObjectStore dataBucket) => new()
    {
        TableId = table.Id,
        TableName = table.Name,
        Schema = properties.Schema,
        FilesLog = properties.Instance.Text(InstanceProperty.FilesLogTable),
        PartitionsLog = properties.Instance.Text(InstanceProperty.PartitionsLogTable),
        LatestSnapshots = StateStoreClass.ReadsSnapshots(properties.StateStore) ? properties.Instance.Text(InstanceProperty.LatestSnapshotsTable) : null,
        DataBucket = dataBucket,
        FileNameRoot = properties.Instance.FileNamePrefix,
        Order = OrderOf(properties),
    };

    internal static LiveStoreSettings SettingsOf(LiveTableProperties properties, Action<string>? warned) => new()
    {
        MaxAttempts = properties.Int(TableProperty.MaxAttempts),
        FirstRetryWait = TimeSpan.FromMilliseconds(properties.Int(TableProperty.FirstWaitMillis)),
        MaxRetryWait = TimeSpan.FromMilliseconds(properties.Int(TableProperty.MaxWaitMillis)),
        SnapshotMinEntriesAhead = properties.Long(TableProperty.SnapshotMinAhead),
        TimeBetweenSnapshotChecks = TimeSpan.FromSeconds(properties.Int(TableProperty.SnapshotCheckSeconds)),
        TimeBetweenLogChecks = TimeSpan.FromMilliseconds(properties.Int(TableProperty.TransactionCheckMillis)),
        Warned = warned,
    };

    private static TableFileSettings FilesOf(LiveTableProperties properties) => new()
    {
        Codec = properties.Text(TableProperty.Codec),
        RowGroupBytes = properties.Bytes(TableProperty.RowGroupBytes),
        RowGroupRows = properties.Int(TableProperty.RowGroupRows),
        PageBytes = (int)properties.Bytes(TableProperty.PageBytes),
        IsVersion2 = "v2".Equals(properties.Text(TableProperty.WriterVersion), StringComparison.OrdinalIgnoreCase),
        RowKeyDictionary = properties.Flag(TableProperty.RowKeyDictionary),
        SortKeyDictionary = properties.Flag(TableProperty.SortKeyDictionary),
        ValueDictionary = properties.Flag(TableProperty.ValueDictionary),
        StatisticsTruncateBytes = properties.Int(TableProperty.StatisticsBytes),
        ColumnIndexTruncateBytes = properties.Int(TableProperty.ColumnIndexBytes),
        SharedFile = "one_reference_per_leaf".Equals(properties.Text(TableProperty.FileWritingStrategy), StringComparison.OrdinalIgnoreCase),
    };
}
