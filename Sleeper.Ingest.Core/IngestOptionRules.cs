using System.Text;
using Sleeper.Ingest.Core.Partitioning;
using Sleeper.Ingest.Core.Schemas;
using Sleeper.Ingest.Core.StateStores.OwnTables;
using Sleeper.Ingest.Core.Transforming;

namespace Sleeper.Ingest.Core;

/// <summary>What settings must keep, in one table. Nothing here touches a disk or a network.</summary>
internal static class IngestOptionRules
{
    private static readonly (Func<IngestOptions, bool> Holds, Func<IngestOptions, string> Fault)[] Rules =
    [
        (o => o.ObjectStore is not null || o.IsLive, _ => "there is no place for the table: call WithFolder, UseObjectStore or UseSleeperInstance"),
        (o => (o.ObjectStore is null ? 0 : 1) + (o.Instance is null ? 0 : 1) + (o.InstanceName is null ? 0 : 1) <= 1,
            _ => "more than one place is given for the table (WithFolder, UseObjectStore, UseSleeperInstance): choose one"),
        (o => !o.IsLive || o.StateStore is null, _ => "a table of an instance has its own state store: leave out UseStateStore"),
        (o => !o.IsLive || (o.SplitPoints is null && o.Partitions is null && o.PreSplitLeafCount is null),
            _ => "a table of an instance has its partitions: leave out split points, partitions and pre-splitting (Table.CreateAsync makes a table with split points)"),
        (o => !o.IsLive || !TablesOwn(o).Any(), o => $"a table of an instance says itself how its files are written: leave out {string.Join(", ", TablesOwn(o))}"),
        (o => Enum.IsDefined(o.CommitMode), o => $"the commit mode {o.CommitMode} is none of {string.Join(", ", Enum.GetNames<CommitMode>())}"),
        (o => o.IsLive || o.CommitMode != CommitMode.Queued, _ => "only a table of an instance has a committer with a queue: leave out the commit mode"),
        (o => o.QueuedCommitWait >= TimeSpan.Zero, o => $"waiting {o.QueuedCommitWait} for a queued commit makes no sense"),
        (o => o.IsLive ? !string.IsNullOrWhiteSpace(o.TableName) : o.TableName is not null && TablePaths.IsTableName(o.TableName),
            o => $"the table name '{o.TableName}' is not 1 to 128 of the characters A-Z a-z 0-9 . _ -, or is '.' or '..'"),
        (o => o.MemoryBudgetBytes >= Pipeline.MemoryPlan.MinimumBudgetBytes,
            o => $"the memory budget of {o.MemoryBudgetBytes:N0} bytes is below {Pipeline.MemoryPlan.MinimumBudgetBytes:N0}"),
        (o => o.DiskBudgetBytes >= 0, o => $"the disk budget of {o.DiskBudgetBytes:N0} bytes is negative"),
        (o => o.DegreeOfParallelism is >= 1 and <= 1024, o => $"the degree of parallelism {o.DegreeOfParallelism} is not 1 to 1,024"),
        (o => o.RowGroupRowCount >= 1, o => $"a row group of {o.RowGroupRowCount} rows is too small"),
        (o => o.RowGroupBytes >= 1024, o => $"a row group of {o.RowGroupBytes} bytes is below 1,024"),
        (o => o.PageBytes >= 1024, o => $"a page of {o.PageBytes} bytes is below 1,024"),
        (o => o.PageRowCount >= 1, o => $"a page of {o.PageRowCount} rows is too small"),
        (o => o.PageVersion is 1 or 2, o => $"the page version {o.PageVersion} is not 1 or 2"),
        (o => o.RowGroupBoundBytes >= 1, o => $"bounds of row groups cut to {o.RowGroupBoundBytes} bytes are too short"),
        (o => o.PageBoundBytes >= 1, o => $"bounds of pages cut to {o.PageBoundBytes} bytes are too short"),
        (o => FieldFault(o) is null, o => FieldFault(o)!),
        (o => DataFileOptionRules.BloomFilterFault(o.RowKeyBloomFilters) is null, o => DataFileOptionRules.BloomFilterFault(o.RowKeyBloomFilters)!),
        (o => o.MaxKeyFieldBytes >= 1, o => $"a limit of {o.MaxKeyFieldBytes} bytes for key fields is too small"),
        (o => o.SplitPoints is null || o.PreSplitLeafCount is null, _ => "split points and pre-splitting exclude each other: choose one"),
        (o => o.Partitions is null || (o.SplitPoints is null && o.PreSplitLeafCount is null),
            _ => "a partition tree excludes split points and pre-splitting: choose one"),
        (o => IteratorFault(o) is null, o => IteratorFault(o)!),
        (o => o.IteratorConfig is null || o.IteratorClassName is not null, _ => "there is a configuration of an iterator, but no iterator"),
        (o => o.PreSplitLeafCount is null or (>= 1 and <= 100_000), o => $"pre-splitting into {o.PreSplitLeafCount} leaves is not 1 to 100,000"),
        (o => o.IngestId is null || Encoding.UTF8.GetByteCount(o.IngestId) is >= 1 and <= 1024, _ => "the ingest id is not 1 to 1,024 bytes long"),
        (o => o.IngestId is null || UnicodeText.IsWellFormed(o.IngestId), _ => "the ingest id has half of a surrogate pair: others would be taken for the same id"),
        (o => o.IngestId is null || !IsSeries(o) || Encoding.UTF8.GetByteCount(o.IngestId) <= 1000,
            _ => "the ingest id of a series is above 1,000 bytes: there is no room for the numbers put behind it"),
        (o => o.CommitEveryRowCount is null or >= 1, o => $"committing every {o.CommitEveryRowCount} rows makes no sense"),
        (o => o.CommitEveryTime is null || o.CommitEveryTime > TimeSpan.Zero, o => $"committing every {o.CommitEveryTime} makes no sense"),
        (o => Enum.IsDefined(o.Codec), o => $"the codec {o.Codec} is none of {string.Join(", ", Enum.GetNames<DataFileCodec>())}"),
        (o => Enum.IsDefined(o.FileStrategy), o => $"the file strategy {o.FileStrategy} is none of {string.Join(", ", Enum.GetNames<FileWritingStrategy>())}"),
        (o => o.SpillFolder is null || !string.IsNullOrWhiteSpace(o.SpillFolder), _ => "the spill folder is blank"),
        (o => o.ParquetLimits is not null, _ => "there are no limits for Parquet files: leave them out for the defaults"),
        (o => o.ParquetLimits is null || !o.ParquetLimits.Faults().Any(), o => string.Join("; ", o.ParquetLimits.Faults())),
        (o => o.Clock is not null, _ => "there is no clock"),
        (o => o.LoggerFactory is not null, _ => "there is no logger factory: leave it out for no logs"),
        (o => PlanFault(o) is null, o => PlanFault(o)!),
        (o => SplitPointFault(o) is null, o => SplitPointFault(o)!),
        (o => o.CompressionLevel is null || o.Codec is DataFileCodec.Zstd or DataFileCodec.Gzip or DataFileCodec.Brotli,
            o => $"{o.Codec} has no levels, but {o.CompressionLevel} was given"),
        (o => o.CompressionLevel is null || o.Codec != DataFileCodec.Zstd || o.CompressionLevel is >= -7 and <= 22,
            o => $"zstd has the levels -7 to 22, not {o.CompressionLevel}"),
        (o => o.CompressionLevel is null || o.Codec != DataFileCodec.Gzip || o.CompressionLevel is >= 0 and <= 9,
            o => $"gzip has the levels 0 to 9, not {o.CompressionLevel}"),
        (o => o.CompressionLevel is null || o.Codec != DataFileCodec.Brotli || o.CompressionLevel is >= 0 and <= 11,
            o => $"brotli has the levels 0 to 11, not {o.CompressionLevel}"),
    ];

    /// <summary>Throws one error that lists every rule that does not hold.</summary>
    public static void Check(IngestOptions options)
    {
        string[] faults = [.. Rules.Where(rule => !rule.Holds(options)).Select(rule => rule.Fault(options))];
        if (faults.Length > 0)
        {
            throw new ArgumentException($"The settings of the ingest do not work together: {string.Join("; ", faults)}.");
        }
    }

    /// <summary>Settings that differ from their defaults and that a table of an instance has properties for, or its readers may not understand.</summary>
    private static IEnumerable<string> TablesOwn(IngestOptions options)
    {
        (string Name, Func<IngestOptions, object> Get)[] settings =
        [
            (nameof(IngestOptions.Codec), o => o.Codec),
            (nameof(IngestOptions.RowGroupRowCount), o => o.RowGroupRowCount),
            (nameof(IngestOptions.RowGroupBytes), o => o.RowGroupBytes),
            (nameof(IngestOptions.PageBytes), o => o.PageBytes),
            (nameof(IngestOptions.PageVersion), o => o.PageVersion),
            (nameof(IngestOptions.RowGroupBoundBytes), o => o.RowGroupBoundBytes),
            (nameof(IngestOptions.PageBoundBytes), o => o.PageBoundBytes),
            (nameof(IngestOptions.FileStrategy), o => o.FileStrategy),
            (nameof(IngestOptions.FieldOptions), o => o.FieldOptions.Count),
        ];
        var defaults = new IngestOptions();
        return settings.Where(s => !s.Get(options).Equals(s.Get(defaults))).Select(s => s.Name);
    }

    private static bool IsSeries(IngestOptions options) => options.CommitEveryRowCount is not null || options.CommitEveryTime is not null;

    /// <summary>What is wrong with the budget for so many workers and leaves; null if nothing is, or if other rules name it.</summary>
    private static string? PlanFault(IngestOptions options)
    {
        if (options.MemoryBudgetBytes < Pipeline.MemoryPlan.MinimumBudgetBytes || options.DegreeOfParallelism is < 1 or > 1024)
        {
            return null;
        }

        int leaves = Math.Max(1, options.PreSplitLeafCount ?? options.Partitions?.Leaves.Count ?? (options.SplitPoints?.Count + 1) ?? 1);
        return Fault(() => Pipeline.MemoryPlan.Make(options.MemoryBudgetBytes, options.DegreeOfParallelism, leaves, oneBucket: false, int.MaxValue));
    }

    /// <summary>Null also without a schema: then the table's own decides, when it is opened.</summary>
    private static string? FieldFault(IngestOptions options) =>
        options.Schema is null ? null : DataFileOptionRules.FieldFault(options.FieldOptions, options.Schema);

    /// <summary>Null also without a schema: then the table exists, and what it has counts.</summary>
    private static string? IteratorFault(IngestOptions options) =>
        options.Schema is null ? null : Fault(() => TableIterators.ParseForNewTable(options.Schema, options.Iterators));

    private static string? SplitPointFault(IngestOptions options)
    {
        int id = 0;
        return options.Schema is null || options.SplitPoints is null
            ? null
            : Fault(() => PartitionTree.FromSplitPoints(options.Schema, options.SplitPoints, () => $"p{id++}"));
    }

    private static string? Fault(Action check)
    {
        try
        {
            check();
            return null;
        }
        catch (Exception error) when (error is ArgumentException or FormatException)
        {
            return char.ToLowerInvariant(error.Message[0]) + error.Message[1..].TrimEnd('.');
        }
    }
}
