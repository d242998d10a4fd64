using Microsoft.Extensions.Logging;
using Sleeper.Ingest.Core.DataFiles;
using Sleeper.Ingest.Core.ObjectStores;
using Sleeper.Ingest.Core.ObjectStores.S3;
using Sleeper.Ingest.Core.Partitioning;
using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.Schemas;
using Sleeper.Ingest.Core.StateStores;
using Sleeper.Ingest.Core.StateStores.DynamoDb.Instances;

namespace Sleeper.Ingest.Core;

/// <summary>Puts the settings of an ingest together and opens writers. The place to begin.</summary>
/// <remarks>
/// A schema and a folder are enough. Each call returns the factory; <see cref="Build"/> and <see cref="OpenAsync"/> check all settings together
/// and list every fault. A factory can open any number of writers, one after the other or at once, from any thread; changing its settings is for one. It keeps
/// the table open from one writer to the next, so that many small ingests are best made by one factory.
/// </remarks>
public sealed class IngestFactory
{
    private IngestOptions _options = new();
    private string? _folder;
    private Pipeline.TableKeeper _keeper = new();

    private IngestFactory()
    {
    }

    /// <summary>A factory with the defaults of <see cref="IngestOptions"/>.</summary>
    public static IngestFactory Create() => new();

    /// <summary>The table's schema. Needed for a table that does not exist; checked against one that does.</summary>
    /// <exception cref="ArgumentException">It is the schema of rows that were read without row keys.</exception>
    public IngestFactory WithSchema(Schema schema)
    {
        schema?.RequireRowKeys();
        return With(o => o with { Schema = schema });
    }

    /// <summary>The folder that holds tables: a local folder, made if it is missing.</summary>
    public IngestFactory WithFolder(string folder)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(folder);
        _folder = folder;
        _keeper = new Pipeline.TableKeeper();
        return this;
    }

    /// <summary>Another place for tables than a folder.</summary>
    public IngestFactory UseObjectStore(IObjectStore store) => With(o => o with { ObjectStore = store });

    /// <summary>A bucket of S3 as the place for tables, reached with the AWS SDK's own configuration. For a client of one's own see <see cref="S3ObjectStore"/>.</summary>
    /// <param name="bucket">The bucket, which must exist.</param>
    /// <param name="options">Key prefix, endpoint, sizes and patience; null for the defaults.</param>
    /// <exception cref="ArgumentException">A setting is wrong, or no region is configured.</exception>
    public IngestFactory UseS3Bucket(string bucket, S3ObjectStoreOptions? options = null) => UseObjectStore(new S3ObjectStore(bucket, options));

    /// <summary>
    /// A table of a deployed Sleeper instance, named with <see cref="WithTable"/>. Its schema, partitions, file layout and order of rows come from the instance; memory,
    /// disk and parallelism stay this factory's.
    /// </summary>
    /// <param name="instance">An open instance. It stays yours to dispose of.</param>
    public IngestFactory UseSleeperInstance(SleeperInstance instance)
    {
        ArgumentNullException.ThrowIfNull(instance);
        return With(o => o with { Instance = instance });
    }

    /// <summary>The same for an instance that is opened with the first writer, and stays open as long as the factory is in use.</summary>
    /// <param name="instanceIdOrConfigBucket">The instance's id, or the name of its config bucket; see <see cref="SleeperInstance.OpenAsync"/>.</param>
    /// <param name="options">How it is reached; null for the defaults of the AWS SDK.</param>
    public IngestFactory UseSleeperInstance(string instanceIdOrConfigBucket, SleeperInstanceOptions? options = null)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(instanceIdOrConfigBucket);
        return With(o => o with { InstanceName = instanceIdOrConfigBucket, InstanceOptions = options });
    }

    /// <summary>How commits reach the log of a table of a deployed instance; see <see cref="IngestOptions.CommitMode"/>.</summary>
    /// <param name="mode">Direct, through the queue of the instance's committer, or as the table asks.</param>
    /// <param name="wait">How long completing waits for a queued commit; see <see cref="IngestOptions.QueuedCommitWait"/>.</param>
    public IngestFactory WithCommitMode(CommitMode mode, TimeSpan wait = default) => With(o => o with { CommitMode = mode, QueuedCommitWait = wait });

    /// <summary>Another keeper of the table's state than the table itself.</summary>
    public IngestFactory UseStateStore(IStateStore store) => With(o => o with { StateStore = store });

    /// <summary>The table's name; see <see cref="IngestOptions.TableName"/>.</summary>
    public IngestFactory WithTable(string name) => With(o => o with { TableName = name });

    /// <summary>Split points for a new table; see <see cref="IngestOptions.SplitPoints"/>.</summary>
    public IngestFactory WithSplitPoints(params IEnumerable<FieldValue> points) => With(o => o with { SplitPoints = [.. points] });

    /// <summary>A whole partition tree for a new table; see <see cref="IngestOptions.Partitions"/>.</summary>
    public IngestFactory WithPartitions(PartitionTree tree) => With(o => o with { Partitions = tree });

    /// <summary>Splits a new table by its first rows; see <see cref="IngestOptions.PreSplitLeafCount"/>.</summary>
    public IngestFactory WithPreSplit(int leafCount) => With(o => o with { PreSplitLeafCount = leafCount });

    /// <summary>Drops old rows of a new table, now and later; see <see cref="IngestOptions.Filters"/>.</summary>
    /// <param name="filters">For example <c>ageOff(timestamp,1209600000)</c>: rows of the last two weeks, and of times to come, are kept.</param>
    public IngestFactory WithFilters(string filters) => With(o => o with { Filters = filters });

    /// <summary>Joins rows of a new table that have equal keys, now and later; see <see cref="IngestOptions.Aggregations"/>.</summary>
    /// <param name="aggregations">For example <c>sum(count),max(last)</c>.</param>
    public IngestFactory WithAggregations(string aggregations) => With(o => o with { Aggregations = aggregations });

    /// <summary>Gives a new table an iterator of the Java original; see <see cref="IngestOptions.IteratorClassName"/>.</summary>
    /// <param name="className">The full name of its class.</param>
    /// <param name="config">What it is told.</param>
    public IngestFactory WithIterator(string className, string? config = null) => With(o => o with { IteratorClassName = className, IteratorConfig = config });

    /// <summary>The folder for spill files; see <see cref="IngestOptions.SpillFolder"/>.</summary>
    public IngestFactory WithSpillFolder(string folder) => With(o => o with { SpillFolder = folder });

    /// <summary>Memory for everything the pipeline holds; see <see cref="IngestOptions.MemoryBudgetBytes"/>.</summary>
    public IngestFactory WithMemoryBudget(long bytes) => With(o => o with { MemoryBudgetBytes = bytes });

    /// <summary>Local disk for spill files; see <see cref="IngestOptions.DiskBudgetBytes"/>.</summary>
    public IngestFactory WithDiskBudget(long bytes) => With(o => o with { DiskBudgetBytes = bytes });

    /// <summary>Workers; see <see cref="IngestOptions.DegreeOfParallelism"/>.</summary>
    public IngestFactory WithDegreeOfParallelism(int workers) => With(o => o with { DegreeOfParallelism = workers });

    /// <summary>Compression of data files; see <see cref="IngestOptions.Codec"/>.</summary>
    public IngestFactory WithCompression(DataFileCodec codec, int? level = null) => With(o => o with { Codec = codec, CompressionLevel = level });

    /// <summary>Limits of a row group; see <see cref="IngestOptions.RowGroupRowCount"/> and <see cref="IngestOptions.RowGroupBytes"/>.</summary>
    public IngestFactory WithRowGroups(int rowCount, long bytes) => With(o => o with { RowGroupRowCount = rowCount, RowGroupBytes = bytes });

    /// <summary>Limits of a page; see <see cref="IngestOptions.PageRowCount"/> and <see cref="IngestOptions.PageBytes"/>.</summary>
    public IngestFactory WithPages(int rowCount, int bytes) => With(o => o with { PageRowCount = rowCount, PageBytes = bytes });

    /// <summary>The version of data pages; see <see cref="IngestOptions.PageVersion"/>.</summary>
    public IngestFactory WithPageVersion(int version) => With(o => o with { PageVersion = version });

    /// <summary>Lengths at which bounds are cut; see <see cref="IngestOptions.RowGroupBoundBytes"/> and <see cref="IngestOptions.PageBoundBytes"/>.</summary>
    public IngestFactory WithBounds(int rowGroupBytes, int pageBytes) => With(o => o with { RowGroupBoundBytes = rowGroupBytes, PageBoundBytes = pageBytes });

    /// <summary>How one field is written, in place of what was said of it before; see <see cref="IngestOptions.FieldOptions"/>.</summary>
    /// <param name="field">A field of the table. One that it does not have, or options that do not fit its type, are refused by name.</param>
    /// <param name="options">Encoding and dictionary.</param>
    /// <example><code>factory.WithFieldOptions("price", new DataFileFieldOptions { Encoding = DataFileEncoding.ByteStreamSplit })</code></example>
    public IngestFactory WithFieldOptions(string field, DataFileFieldOptions options)
    {
        ArgumentNullException.ThrowIfNull(field);
        ArgumentNullException.ThrowIfNull(options);
        return With(o => o with { FieldOptions = new Dictionary<string, DataFileFieldOptions>(o.FieldOptions, StringComparer.Ordinal) { [field] = options } });
    }

    /// <summary>Bloom filters of all row keys; see <see cref="IngestOptions.RowKeyBloomFilters"/>.</summary>
    /// <param name="options">Their size; null for the defaults of <see cref="BloomFilterOptions"/>.</param>
    public IngestFactory WithRowKeyBloomFilters(BloomFilterOptions? options = null) => With(o => o with { RowKeyBloomFilters = options ?? new BloomFilterOptions() });

    /// <summary>How rows are spread over files; see <see cref="IngestOptions.FileStrategy"/>.</summary>
    public IngestFactory WithFileStrategy(FileWritingStrategy strategy) => With(o => o with { FileStrategy = strategy });

    /// <summary>Which columns of Parquet files the fields take; see <see cref="IngestOptions.ParquetMapping"/>.</summary>
    public IngestFactory WithParquetMapping(ParquetMapping mapping) => With(o => o with { ParquetMapping = mapping });

    /// <summary>What Parquet files may ask of their reader; see <see cref="IngestOptions.ParquetLimits"/>.</summary>
    public IngestFactory WithParquetLimits(ParquetReadLimits limits) => With(o => o with { ParquetLimits = limits });

    /// <summary>The longest key value; see <see cref="IngestOptions.MaxKeyFieldBytes"/>.</summary>
    public IngestFactory WithMaxKeyFieldBytes(int bytes) => With(o => o with { MaxKeyFieldBytes = bytes });

    /// <summary>The ingest's id; see <see cref="IngestOptions.IngestId"/>. For a factory that opens one writer.</summary>
    public IngestFactory WithIngestId(string id) => With(o => o with { IngestId = id });

    /// <summary>Hands bad rows to a callback and goes on with the others; see <see cref="IngestOptions.OnRowError"/>.</summary>
    public IngestFactory WithRowErrors(Action<RowError> onRowError) => With(o => o with { OnRowError = onRowError });

    /// <summary>Leaves out syncing to disk: for throw-away tables only, since a crash of the machine may lose what was committed.</summary>
    public IngestFactory WithoutDurability() => With(o => o with { IsDurable = false });

    /// <summary>For streams: commits every so many rows or after so much time, whichever comes first, as ingests <c>id-1</c>, <c>id-2</c>, …</summary>
    public IngestFactory CommitEvery(long rowCount, TimeSpan time) => With(o => o with { CommitEveryRowCount = rowCount, CommitEveryTime = time });

    /// <summary>Another clock than the system's.</summary>
    public IngestFactory UseClock(TimeProvider clock) => With(o => o with { Clock = clock });

    /// <summary>Where logs go.</summary>
    public IngestFactory UseLoggerFactory(ILoggerFactory loggerFactory) => With(o => o with { LoggerFactory = loggerFactory });

    /// <summary>Who is told what each stage takes, for a profile.</summary>
    internal IngestFactory UseStageClock(Diagnostics.StageClock clock) => With(o => o with { StageClock = clock });

    /// <summary>Who is told how far the ingest is.</summary>
    public IngestFactory WithProgress(IProgress<IngestProgress> progress) => With(o => o with { Progress = progress });

    /// <summary>The settings, checked. Does no I/O.</summary>
    /// <exception cref="ArgumentException">Some settings are wrong or do not fit together: all of them are named.</exception>
    public IngestOptions Build()
    {
        var options = _options;
        if (_folder is not null)
        {
            if (options.ObjectStore is not null)
            {
                throw new ArgumentException("Both WithFolder and UseObjectStore were called: a table has one place, so choose one.");
            }

            options = options with { ObjectStore = new LocalObjectStore(_folder, new LocalObjectStoreOptions { Durable = options.IsDurable }) };
        }

        IngestOptionRules.Check(options);
        return options;
    }

    /// <summary>Opens a writer: finds or makes the table and begins an ingest.</summary>
    /// <exception cref="ArgumentException">Some settings are wrong or do not fit together: all of them are named.</exception>
    /// <exception cref="IngestException">The table cannot be opened or made, or its schema differs from the one given.</exception>
    public Task<IIngestWriter> OpenAsync(CancellationToken cancellationToken = default) =>
        Pipeline.IngestOpening.OpenAsync(Build(), _keeper, cancellationToken);

    /// <summary>Opens a writer for a try at a job, if it is one, with an id and a listener of its own, into the table that is kept.</summary>
    internal Task<IIngestWriter> OpenForAsync(string ingestId, StateStores.CommitJob? job, IProgress<IngestProgress> progress, CancellationToken cancellationToken) =>
        Pipeline.IngestOpening.OpenAsync(Build() with { IngestId = ingestId, Job = job, Progress = progress }, _keeper, cancellationToken);

    private IngestFactory With(Func<IngestOptions, IngestOptions> change)
    {
        _options = change(_options);
        _keeper = new Pipeline.TableKeeper();
        return this;
    }
}
