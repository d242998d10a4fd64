using Microsoft.Extensions.Logging;
using Sleeper.Ingest.Core.DataFiles;
using Sleeper.Ingest.Core.Diagnostics;
using Sleeper.Ingest.Core.Parquet;
using Sleeper.Ingest.Core.Parquet.Compression;
using Sleeper.Ingest.Core.Parquet.Metadata;
using Sleeper.Ingest.Core.Partitioning;
using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.Schemas;
using Sleeper.Ingest.Core.Spilling;
using Sleeper.Ingest.Core.StateStores;
using Sleeper.Ingest.Core.StateStores.DynamoDb.Instances;
using Sleeper.Ingest.Core.StateStores.OwnTables;
using Sleeper.Ingest.Core.Transforming;

namespace Sleeper.Ingest.Core.Pipeline;

/// <summary>Opens writers: finds or makes the table, decides on its partitions, and wires a pipeline to it.</summary>
internal static class IngestOpening
{
    /// <summary>Opens a writer for checked options, into the table that is kept or that is kept from now on.</summary>
    public static async Task<IIngestWriter> OpenAsync(IngestOptions options, TableKeeper keeper, CancellationToken cancellationToken)
    {
        var logger = options.LoggerFactory.CreateLogger("Sleeper.Ingest.Core");
        RemoveStaleSpillFiles(options, logger);
        var table = await OpenTableAsync(options, keeper, cancellationToken).ConfigureAwait(false);
        DataFileOptionRules.Check(options.FieldOptions, table.Schema);
        var iterators = FindIterators(options, table);
        string ingestId = options.IngestId ?? SystemRandom.Uuid();
        if (options.CommitEveryRowCount is null && options.CommitEveryTime is null)
        {
            return await OpenWriterAsync(options, table, iterators, keeper, ingestId, firstRowNumber: 0, logger, cancellationToken).ConfigureAwait(false);
        }

        return new SeriesWriter(
            ingestId,
            options.CommitEveryRowCount ?? long.MaxValue,
            options.CommitEveryTime ?? TimeSpan.FromDays(365),
            options.Clock,
            (id, firstRowNumber, token) => OpenWriterAsync(options, table, iterators, keeper, id, firstRowNumber, logger, token));
    }

    private static async Task<OpenTable> OpenTableAsync(IngestOptions options, TableKeeper keeper, CancellationToken cancellationToken)
    {
        if (await keeper.TakeAsync(cancellationToken).ConfigureAwait(false) is { } kept)
        {
            return kept;
        }

        if (options.IsLive)
        {
            return await OpenLiveTableAsync(options, keeper, cancellationToken).ConfigureAwait(false);
        }

        // What fails after a commit, a snapshot for example, fails no writer, but the store may be poisoned by it.
        var stateOptions = StateOptions(options.Clock) with { CleanUpFailed = (_, _) => keeper.Drop() };
        var properties = options.Iterators.Given().ToDictionary();
        var own = options.Schema is null
            ? await OwnTable.OpenAsync(options.ObjectStore!, options.TableName, stateOptions, null, cancellationToken).ConfigureAwait(false)
            : await OwnTable.PrepareAsync(options.ObjectStore!, options.TableName, options.Schema, stateOptions, properties, cancellationToken).ConfigureAwait(false);
        var table = own.ToOpenTable();
        keeper.Keep(table);
        return table;
    }

    /// <summary>What the table has; what was given must be the same.</summary>
    private static TableIterators? FindIterators(IngestOptions options, OpenTable table)
    {
        try
        {
            return table.RequireIterators(options.Iterators);
        }
        catch (FormatException e)
        {
            throw new ArgumentException($"The settings of the ingest do not fit the table '{table.Name}'. {e.Message}", e);
        }
    }

    private static async Task<OpenTable> OpenLiveTableAsync(IngestOptions options, TableKeeper keeper, CancellationToken cancellationToken)
    {
        var logger = options.LoggerFactory.CreateLogger("Sleeper.Ingest.Core");
        var instance = options.Instance
            ?? await keeper.InstanceAsync(() => SleeperInstance.OpenAsync(options.InstanceName!, options.InstanceOptions, cancellationToken)).ConfigureAwait(false);
        var live = await instance.OpenTableAsync(
            options.TableName, StateOptions(options.Clock), warning => PipelineLog.TableWarning(logger, options.TableName, warning), cancellationToken).ConfigureAwait(false);
        var table = live.ToOpenTable();
        if (options.Schema is not null && !options.Schema.Equals(table.Schema))
        {
            throw new SchemaMismatchException(table.Name, table.Schema, options.Schema);
        }

        keeper.Keep(table);
        return table;
    }

    /// <summary>What every user of an own table's state store takes from the system.</summary>
    public static StateStoreOptions StateOptions(TimeProvider clock) => new()
    {
        Random = SystemRandom.Fill,
        Time = clock,
        Writer = string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{Environment.MachineName}/{Environment.ProcessId}"),
    };

    private static async Task<IngestWriter> OpenWriterAsync(
        IngestOptions options, OpenTable table, TableIterators? iterators, TableKeeper keeper, string ingestId, long firstRowNumber, ILogger logger,
        CancellationToken cancellationToken)
    {
        try
        {
            return await OpenWriterAsync(options, table, iterators, ingestId, firstRowNumber, logger, keeper.Drop, cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            keeper.Drop();
            throw;
        }
    }

    private static async Task<IngestWriter> OpenWriterAsync(
        IngestOptions options, OpenTable table, TableIterators? iterators, string ingestId, long firstRowNumber, ILogger logger, Action onFailure,
        CancellationToken cancellationToken)
    {
        var route = new CommitRoute(
            options.CommitMode == CommitMode.Queued || (options.CommitMode == CommitMode.AsTableAsks && table.AsksForQueuedCommits), options.QueuedCommitWait, options.Job);
        var stateStore = options.StateStore ?? table.RouteCommits?.Invoke(route) ?? table.StateStore;
        foreach (string warning in table.Schema.NameWarnings)
        {
            PipelineLog.SchemaWarning(logger, warning);
        }

        var committed = options.IngestId is null ? null : await stateStore.FindCommitAsync(ingestId, cancellationToken).ConfigureAwait(false);
        var (tree, preSplit) = await DecidePartitionsAsync(options, table, stateStore, logger, cancellationToken).ConfigureAwait(false);
        var meter = new ProgressMeter(options.Progress, options.Clock);
        var pipelineOptions = ToPipeline(options, table, logger) with
        {
            Iterators = iterators,
            NowMillis = options.Clock.GetUtcNow().ToUnixTimeMilliseconds(),
        };
        var spill = new SpillDirectory(
            pipelineOptions.SpillFolder,
            SystemRandom.Next,
            new DiskBudget(options.DiskBudgetBytes),
            options.SpillFiles,
            error => PipelineLog.CleanUpFailed(logger, ingestId, error));
        var pipeline = new IngestPipeline(pipelineOptions, tree, preSplit, spill, meter);
        PipelineLog.Opened(logger, ingestId, table.Name, tree?.Leaves.Count ?? 0, options.DegreeOfParallelism, options.MemoryBudgetBytes);
        var target = new IngestTarget
        {
            IngestId = ingestId,
            Schema = table.Schema,
            Order = table.Order,
            Store = table.Store,
            StateStore = stateStore,
            QueuesCommit = route.IsQueued,
            BeginAttemptAsync = options.IngestId is null && options.StateStore is null ? table.BeginFreshAttemptAsync : null,
            Mapping = options.ParquetMapping,
            ParquetLimits = options.ParquetLimits.ForReader(options.Clock),
            PathInStore = table.PathInStore,
            NameDataFile = table.NameDataFile,
            Clock = options.Clock,
            Logger = logger,
            OnRowError = options.OnRowError,
            OnFailure = onFailure,
        };
        return new IngestWriter(target, pipeline, meter, committed) { FirstRowNumber = firstRowNumber };
    }

    /// <summary>The table's tree; for a table without one the tree asked for, or the means to make it from the first rows.</summary>
    private static async Task<(PartitionTree? Tree, PreSplit? PreSplit)> DecidePartitionsAsync(
        IngestOptions options, OpenTable table, IStateStore stateStore, ILogger logger, CancellationToken cancellationToken)
    {
        if (options.StateStore is not null || await table.HasPartitionsAsync(cancellationToken).ConfigureAwait(false))
        {
            return (await stateStore.LoadPartitionsAsync(cancellationToken).ConfigureAwait(false), null);
        }

        if (options.PreSplitLeafCount is int leaves and > 1)
        {
            return (null, new PreSplit(table.Schema, table.Order, leaves, CreateTreeAsync));
        }

        if (options.Partitions is { } partitions)
        {
            return (await stateStore.InitialisePartitionsAsync(partitions, cancellationToken).ConfigureAwait(false), null);
        }

        return (await CreateTreeAsync(options.SplitPoints ?? [], cancellationToken).ConfigureAwait(false), null);

        async Task<PartitionTree> CreateTreeAsync(IReadOnlyList<FieldValue> points, CancellationToken token)
        {
            var wanted = points.Count == 0 ? PartitionTree.Single(table.Schema) : PartitionTree.FromSplitPoints(table.Schema, points, SystemRandom.Uuid);
            var tree = await stateStore.InitialisePartitionsAsync(wanted, token).ConfigureAwait(false);
            if (options.PreSplitLeafCount is int asked)
            {
                PipelineLog.PreSplitDone(logger, table.Name, tree.Leaves.Count, asked);
            }

            return tree;
        }
    }

    private static PipelineOptions ToPipeline(IngestOptions options, OpenTable table, ILogger logger) => new()
    {
        Schema = table.Schema,
        Order = table.Order,
        IsLive = table.IsLive,
        MemoryBudgetBytes = options.MemoryBudgetBytes,
        DiskBudgetBytes = options.DiskBudgetBytes,
        SpillFolder = SpillFolder(options),
        Workers = options.DegreeOfParallelism,
        SharedFile = table.FileSettings?.SharedFile ?? (options.FileStrategy == FileWritingStrategy.OneReferencePerLeaf),
        Limits = new RowLimits(options.MaxKeyFieldBytes),
        OnRowError = options.OnRowError,
        Clock = options.Clock,
        StageClock = options.StageClock,
        DataFiles = table.FileSettings is { } settings
            ? FilesOfTable(FilesOfIngest(options, CodecOf(settings, table.Name)), settings)
            : FilesOfIngest(options, CodecOf(options, logger)),
    };

    private static DataFileOptions FilesOfIngest(IngestOptions options, CompressionCodec codec) => new()
    {
        Codec = codec,
        CompressionLevel = options.CompressionLevel,
        RowGroupRows = options.RowGroupRowCount,
        RowGroupBytes = options.RowGroupBytes,
        PageBytes = options.PageBytes,
        PageRows = options.PageRowCount,
        IsVersion2 = options.PageVersion == 2,
        StatisticsTruncateBytes = options.RowGroupBoundBytes,
        ColumnIndexTruncateBytes = options.PageBoundBytes,
        Fields = options.FieldOptions.ToDictionary(f => f.Key, f => WriteOptionsOf(f.Value), StringComparer.Ordinal),
        RowKeyBloomFilter = options.RowKeyBloomFilters is { } filters
            ? new BloomFilterWriteOptions(filters.ExpectedDistinctValues, filters.FalsePositiveProbability, filters.MaxBytes)
            : null,
    };

    /// <summary>What the table says goes before what the ingest says.</summary>
    private static DataFileOptions FilesOfTable(DataFileOptions ingest, TableFileSettings table) => ingest with
    {
        RowGroupRows = table.RowGroupRows,
        RowGroupBytes = table.RowGroupBytes,
        PageBytes = table.PageBytes,
        IsVersion2 = table.IsVersion2,
        RowKeyDictionary = table.RowKeyDictionary,
        SortKeyDictionary = table.SortKeyDictionary,
        ValueDictionary = table.ValueDictionary,
        StatisticsTruncateBytes = table.StatisticsTruncateBytes,
        ColumnIndexTruncateBytes = table.ColumnIndexTruncateBytes,
    };

    private static FieldWriteOptions WriteOptionsOf(DataFileFieldOptions options)
    {
        bool isAuto = options.Encoding == DataFileEncoding.Auto && options.MapValueEncoding == DataFileEncoding.Auto;
        return new FieldWriteOptions(EncodingOf(options.Encoding), EncodingOf(options.MapValueEncoding), options.Dictionary ?? (isAuto ? null : false));
    }

    private static ColumnEncoding EncodingOf(DataFileEncoding encoding) => encoding switch
    {
        DataFileEncoding.Plain => ColumnEncoding.Plain,
        DataFileEncoding.DeltaBinaryPacked or DataFileEncoding.DeltaByteArray => ColumnEncoding.Delta,
        DataFileEncoding.DeltaLengthByteArray => ColumnEncoding.DeltaLengthByteArray,
        DataFileEncoding.ByteStreamSplit => ColumnEncoding.ByteStreamSplit,
        _ => ColumnEncoding.Auto,
    };

    private static CompressionCodec CodecOf(IngestOptions options, ILogger logger) => CodecChoice.Of(options.Codec, () => PipelineLog.FallBackToSnappy(logger));

    /// <exception cref="UnsupportedTableException">The table demands a codec that cannot be had here: another one is not put in its place.</exception>
    private static CompressionCodec CodecOf(TableFileSettings settings, string tableName)
    {
        var codec = settings.Codec.ToUpperInvariant() switch
        {
            "ZSTD" => CompressionCodec.Zstd,
            "SNAPPY" => CompressionCodec.Snappy,
            "GZIP" => CompressionCodec.Gzip,
            "UNCOMPRESSED" => CompressionCodec.Uncompressed,
            _ => throw new UnsupportedTableException($"Table '{tableName}' wants its files compressed with {settings.Codec}, which this library cannot write."),
        };
        return PageCompression.IsAvailable(codec)
            ? codec
            : throw new UnsupportedTableException(
                $"Table '{tableName}' wants its files compressed with {settings.Codec}, but the system's library for it cannot be loaded. Install libzstd "
                + "(on Debian and Ubuntu: apt-get install libzstd1).");
    }

    private static string SpillFolder(IngestOptions options) => options.SpillFolder ?? SpillDirectory.DefaultRoot;

    private static void RemoveStaleSpillFiles(IngestOptions options, ILogger logger)
    {
        string folder = SpillFolder(options);
        int removed = SpillDirectory.RemoveStale(folder, SystemRandom.Next, options.SpillFiles);
        if (removed > 0)
        {
            PipelineLog.StaleSpillRemoved(logger, folder, removed);
        }
    }
}
