namespace Sleeper.Ingest.Core.StateStores.DynamoDb.Instances;

/// <summary>The properties of <c>tables/table-&lt;id&gt;.properties</c> that this library knows; see <see cref="InstanceProperty"/>.</summary>
internal static class TableProperty
{
    private static readonly List<SleeperProperty> Registered = [];

    public static readonly SleeperProperty Name = Required("sleeper.table.name");
    public static readonly SleeperProperty Id = Required("sleeper.table.id");
    public static readonly SleeperProperty Schema = Required("sleeper.table.schema");
    public static readonly SleeperProperty Online = Own("sleeper.table.online", "true", PropertyRule.Flag);

    /// <summary>Not checked by a rule: a class that is not known has an error of its own, and the rule of asynchronous commits wants its name.</summary>
    public static readonly SleeperProperty StateStoreClass = Own("sleeper.table.statestore.classname", Instances.StateStoreClass.Default, PropertyRule.Any);

    /// <summary>The effective value follows a rule of its own: <see cref="LiveTableProperties.IsAsyncCommitEnabled"/>.</summary>
    public static readonly SleeperProperty AsyncCommitEnabled = Own("sleeper.table.statestore.commit.async.enabled", null, PropertyRule.Flag);

    /// <summary>The effective value follows a rule of its own: <see cref="LiveTableProperties.CommitsAsynchronously"/>.</summary>
    public static readonly SleeperProperty IngestCommitAsync = Own("sleeper.table.ingest.job.files.commit.async", null, PropertyRule.Flag);

    public static readonly SleeperProperty RowBatchType = Of(InstanceProperty.DefaultRowBatchType);
    public static readonly SleeperProperty FileWriterType = Of(InstanceProperty.DefaultFileWriterType);
    public static readonly SleeperProperty FileWritingStrategy = Of(InstanceProperty.DefaultFileWritingStrategy);
    public static readonly SleeperProperty DataEngine = Of(InstanceProperty.DefaultDataEngine);
    public static readonly SleeperProperty Codec = Of(InstanceProperty.DefaultCodec);
    public static readonly SleeperProperty RowGroupBytes = Of(InstanceProperty.DefaultRowGroupBytes);
    public static readonly SleeperProperty RowGroupRows = Of(InstanceProperty.DefaultRowGroupRows);
    public static readonly SleeperProperty PageBytes = Of(InstanceProperty.DefaultPageBytes);
    public static readonly SleeperProperty RowKeyDictionary = Of(InstanceProperty.DefaultRowKeyDictionary);
    public static readonly SleeperProperty SortKeyDictionary = Of(InstanceProperty.DefaultSortKeyDictionary);
    public static readonly SleeperProperty ValueDictionary = Of(InstanceProperty.DefaultValueDictionary);
    public static readonly SleeperProperty ColumnIndexBytes = Of(InstanceProperty.DefaultColumnIndexBytes);
    public static readonly SleeperProperty StatisticsBytes = Of(InstanceProperty.DefaultStatisticsBytes);
    public static readonly SleeperProperty WriterVersion = Of(InstanceProperty.DefaultWriterVersion);
    public static readonly SleeperProperty Filters = Own("sleeper.table.filters", null, PropertyRule.Any);
    public static readonly SleeperProperty Aggregations = Own("sleeper.table.aggregations", null, PropertyRule.Any);
    public static readonly SleeperProperty IteratorClass = Own("sleeper.table.iterator.class.name", null, PropertyRule.Any);
    public static readonly SleeperProperty IteratorConfig = Own("sleeper.table.iterator.config", null, PropertyRule.Any);
    public static readonly SleeperProperty MaxAttempts = Of(InstanceProperty.DefaultMaxAttempts);
    public static readonly SleeperProperty FirstWaitMillis = Of(InstanceProperty.DefaultFirstWaitMillis);
    public static readonly SleeperProperty MaxWaitMillis = Of(InstanceProperty.DefaultMaxWaitMillis);
    public static readonly SleeperProperty SnapshotMinAhead = Of(InstanceProperty.DefaultSnapshotMinAhead);
    public static readonly SleeperProperty SnapshotCheckSeconds = Of(InstanceProperty.DefaultSnapshotCheckSeconds);
    public static readonly SleeperProperty TransactionCheckMillis = Of(InstanceProperty.DefaultTransactionCheckMillis);

    /// <summary>All of them.</summary>
    public static IReadOnlyList<SleeperProperty> All => Registered;

    private static SleeperProperty Required(string name) => Add(new SleeperProperty(name, null, PropertyRule.Any) { IsRequired = true });

    private static SleeperProperty Own(string name, string? defaultValue, PropertyRule rule) => Add(new SleeperProperty(name, defaultValue, rule));

    /// <summary>The table's property of an instance's default: the name says <c>sleeper.table.</c> where that says <c>sleeper.default.table.</c>.</summary>
    private static SleeperProperty Of(SleeperProperty instanceDefault) => Add(new SleeperProperty(
        instanceDefault.Name.Replace("sleeper.default.table.", "sleeper.table.", StringComparison.Ordinal), instanceDefault.Default, instanceDefault.Rule)
    {
        InstanceDefault = instanceDefault,
    });

    private static SleeperProperty Add(SleeperProperty property)
    {
        Registered.Add(property);
        return property;
    }
}
