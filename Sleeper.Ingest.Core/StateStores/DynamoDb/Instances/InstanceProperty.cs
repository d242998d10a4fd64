namespace Sleeper.Ingest.Core.StateStores.DynamoDb.Instances;

/// <summary>The properties of <c>instance.properties</c> that this library knows, with the defaults of Sleeper 0.36.</summary>
/// <remarks>
/// All that decide where things are, and all that the original's ingest reads (ingest-pipeline, section 2), so that a wrong value is found before
/// the first row. Those of its local batches and of its upload client, but for the size of parts, are checked and change nothing here: memory, disk and uploads
/// are set by <see cref="IngestOptions"/>. Every other property of the file is kept and not looked at.
/// </remarks>
internal static class InstanceProperty
{
    private static readonly List<SleeperProperty> Registered = [];

    // Where things are.
    public static readonly SleeperProperty Id = Required("sleeper.id");
    public static readonly SleeperProperty Version = Optional("sleeper.version", null, PropertyRule.Any);
    public static readonly SleeperProperty ConfigBucket = Optional("sleeper.config.bucket", null, PropertyRule.Any);
    public static readonly SleeperProperty DataBucket = Required("sleeper.data.bucket");
    public static readonly SleeperProperty FileSystem = Optional("sleeper.filesystem", "s3a://", PropertyRule.ExactlyOneOf("s3a://", "s3://"));
    public static readonly SleeperProperty Account = Optional("sleeper.account", null, PropertyRule.Any);
    public static readonly SleeperProperty Region = Optional("sleeper.region", null, PropertyRule.Any);
    public static readonly SleeperProperty EndpointUrl = Optional("sleeper.endpoint.url", null, PropertyRule.Any);
    public static readonly SleeperProperty NameIndexTable = Required("sleeper.tables.name.index.dynamo.table");
    public static readonly SleeperProperty IdIndexTable = Required("sleeper.tables.id.index.dynamo.table");
    public static readonly SleeperProperty OnlineIndexTable = Required("sleeper.tables.online.index.dynamo.table");
    public static readonly SleeperProperty IndexConsistentReads = Flag("sleeper.tables.index.dynamo.consistent.reads", "true");
    public static readonly SleeperProperty FilesLogTable = Required("sleeper.statestore.transactionlog.dynamo.file.log.table");
    public static readonly SleeperProperty PartitionsLogTable = Required("sleeper.statestore.transactionlog.dynamo.partition.log.table");
    public static readonly SleeperProperty LatestSnapshotsTable = Required("sleeper.statestore.transactionlog.dynamo.latest.snapshots.table");
    public static readonly SleeperProperty AllSnapshotsTable = Optional("sleeper.statestore.transactionlog.dynamo.all.snapshots.table", null, PropertyRule.Any);
    public static readonly SleeperProperty CommitterQueueUrl = Optional("sleeper.statestore.committer.queue.url", null, PropertyRule.Any);
    public static readonly SleeperProperty CommitterDeadLetterQueueUrl = Optional("sleeper.statestore.committer.dlq.url", null, PropertyRule.Any);
    public static readonly SleeperProperty IngestJobQueueUrl = Optional("sleeper.ingest.job.queue.url", null, PropertyRule.Any);
    public static readonly SleeperProperty IngestTrackerEnabled = Flag("sleeper.ingest.tracker.enabled", "true");
    public static readonly SleeperProperty TablePropertiesCacheMinutes =
        Optional("sleeper.cache.table.properties.provider.timeout.minutes", "60", PropertyRule.Number(0, int.MaxValue));

    // The original's local batches and uploads.
    public static readonly SleeperProperty MaxBatchRows = Optional("sleeper.ingest.memory.max.batch.size", "1000000", PropertyRule.Number(1, int.MaxValue));
    public static readonly SleeperProperty MaxLocalRows = Optional("sleeper.ingest.max.local.rows", "100000000", PropertyRule.Number(1));
    public static readonly SleeperProperty ArrowBatchBytes = Optional("sleeper.ingest.arrow.batch.buffer.bytes", "1073741824", PropertyRule.Number(1));
    public static readonly SleeperProperty ArrowWorkingBytes = Optional("sleeper.ingest.arrow.working.buffer.bytes", "268435456", PropertyRule.Number(1));
    public static readonly SleeperProperty ArrowLocalStoreBytes = Optional("sleeper.ingest.arrow.max.local.store.bytes", "2147483648", PropertyRule.Number(1));
    public static readonly SleeperProperty ArrowSingleWriteRows =
        Optional("sleeper.ingest.arrow.max.single.write.to.file.rows", "1024", PropertyRule.Number(1, int.MaxValue));
    public static readonly SleeperProperty PartitionRefreshSeconds = Optional("sleeper.ingest.partition.refresh.period", "120", PropertyRule.Number(0, int.MaxValue));
    public static readonly SleeperProperty AsyncClientType = Optional("sleeper.ingest.async.client.type", "crt", PropertyRule.OneOf("crt", "java"));
    public static readonly SleeperProperty CrtPartBytes = Optional("sleeper.ingest.async.crt.part.size.bytes", "134217728", PropertyRule.Number(1));
    public static readonly SleeperProperty CrtThroughput = Optional("sleeper.ingest.async.crt.target.throughput.gbps", "10", PropertyRule.PositiveFraction);
    public static readonly SleeperProperty S3AConnections = Optional("sleeper.fs.s3a.max-connections", "100", PropertyRule.Number(1, int.MaxValue));
    public static readonly SleeperProperty S3ABlockBytes = Optional("sleeper.fs.s3a.upload.block.size", "32M", PropertyRule.Bytes(1));
    public static readonly SleeperProperty S3AReadAdvice =
        Optional("sleeper.ingest.fs.s3a.experimental.input.fadvise", "sequential", PropertyRule.ExactlyOneOf("normal", "sequential", "random"));

    // Defaults of table properties.
    public static readonly SleeperProperty DefaultRowBatchType =
        Optional("sleeper.default.table.ingest.row.batch.type", "arrow", PropertyRule.OneOf("arrow", "arraylist"));
    public static readonly SleeperProperty DefaultFileWriterType =
        Optional("sleeper.default.table.ingest.partition.file.writer.type", "async", PropertyRule.OneOf("async", "direct"));
    public static readonly SleeperProperty DefaultFileWritingStrategy =
        Optional("sleeper.default.table.ingest.file.writing.strategy", "one_reference_per_leaf", FileWritingStrategies);
    public static readonly SleeperProperty DefaultAsyncCommitBehaviour = Optional(
        "sleeper.default.table.statestore.commit.async.behaviour", "PER_IMPLEMENTATION",
        PropertyRule.OneOf("disabled", "per_implementation", "all_implementations"));
    public static readonly SleeperProperty DefaultIngestCommitAsync = Flag("sleeper.default.table.ingest.job.files.commit.async", "true");
    public static readonly SleeperProperty DefaultDataEngine = Optional("sleeper.default.table.data.engine", "DATAFUSION", DataEngines);
    public static readonly SleeperProperty DefaultCodec = Optional("sleeper.default.table.parquet.compression.codec", "zstd", Codecs);
    public static readonly SleeperProperty DefaultRowGroupBytes = Optional("sleeper.default.table.parquet.rowgroup.size", "8388608", PropertyRule.Bytes(1024));
    public static readonly SleeperProperty DefaultRowGroupRows =
        Optional("sleeper.default.table.parquet.rowgroup.rows.max", "100000", PropertyRule.Number(1, int.MaxValue));
    public static readonly SleeperProperty DefaultPageBytes = Optional("sleeper.default.table.parquet.page.size", "131072", PropertyRule.Bytes(1024, int.MaxValue));
    public static readonly SleeperProperty DefaultRowKeyDictionary = Flag("sleeper.default.table.parquet.dictionary.encoding.rowkey.fields", "false");
    public static readonly SleeperProperty DefaultSortKeyDictionary = Flag("sleeper.default.table.parquet.dictionary.encoding.sortkey.fields", "false");
    public static readonly SleeperProperty DefaultValueDictionary = Flag("sleeper.default.table.parquet.dictionary.encoding.value.fields", "false");
    public static readonly SleeperProperty DefaultColumnIndexBytes =
        Optional("sleeper.default.table.parquet.columnindex.truncate.length", "128", PropertyRule.Number(1, int.MaxValue));
    public static readonly SleeperProperty DefaultStatisticsBytes =
        Optional("sleeper.default.table.parquet.statistics.truncate.length", "2147483647", PropertyRule.Number(1, int.MaxValue));
    public static readonly SleeperProperty DefaultWriterVersion = Optional("sleeper.default.table.parquet.writer.version", "v2", PropertyRule.OneOf("v1", "v2"));
    public static readonly SleeperProperty DefaultMaxAttempts =
        Optional("sleeper.default.table.statestore.transactionlog.add.transaction.max.attempts", "10", PropertyRule.Number(1, int.MaxValue));
    public static readonly SleeperProperty DefaultFirstWaitMillis = Optional(
        "sleeper.default.table.statestore.transactionlog.add.transaction.first.retry.wait.ceiling.ms", "200", PropertyRule.Number(0, int.MaxValue));
    public static readonly SleeperProperty DefaultMaxWaitMillis = Optional(
        "sleeper.default.table.statestore.transactionlog.add.transaction.max.retry.wait.ceiling.ms", "30000", PropertyRule.Number(0, int.MaxValue));
    public static readonly SleeperProperty DefaultSnapshotMinAhead =
        Optional("sleeper.default.table.statestore.transactionlog.snapshot.load.min.transactions.ahead", "10", PropertyRule.Number(0));
    public static readonly SleeperProperty DefaultSnapshotCheckSeconds =
        Optional("sleeper.default.table.statestore.transactionlog.time.between.snapshot.checks.seconds", "60", PropertyRule.Number(0, int.MaxValue));
    public static readonly SleeperProperty DefaultTransactionCheckMillis =
        Optional("sleeper.default.table.statestore.transactionlog.time.between.transaction.checks.ms", "0", PropertyRule.Number(0, int.MaxValue));

    /// <summary>All of them.</summary>
    public static IReadOnlyList<SleeperProperty> All => Registered;

    internal static PropertyRule FileWritingStrategies => PropertyRule.OneOf("one_reference_per_leaf", "one_file_per_leaf");

    internal static PropertyRule DataEngines => PropertyRule.OneOf("java", "datafusion", "datafusion_experimental");

    /// <summary>
    /// The original knows brotli, lzo and lz4 besides (and takes lz4_raw), but its own ingest cannot write them, nor can its readers read them.
    /// </summary>
    internal static PropertyRule Codecs => PropertyRule.OneOf("zstd", "snappy", "gzip", "uncompressed");

    private static SleeperProperty Required(string name) => Add(new SleeperProperty(name, null, PropertyRule.Any) { IsRequired = true });

    private static SleeperProperty Optional(string name, string? defaultValue, PropertyRule rule) => Add(new SleeperProperty(name, defaultValue, rule));

    private static SleeperProperty Flag(string name, string defaultValue) => Optional(name, defaultValue, PropertyRule.Flag);

    private static SleeperProperty Add(SleeperProperty property)
    {
        Registered.Add(property);
        return property;
    }
}
