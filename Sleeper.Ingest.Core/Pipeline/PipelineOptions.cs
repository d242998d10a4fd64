using Sleeper.Ingest.Core.DataFiles;
using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.Schemas;
using Sleeper.Ingest.Core.Transforming;

namespace Sleeper.Ingest.Core.Pipeline;

/// <summary>What a pipeline needs to know, taken from the options of the ingest.</summary>
internal sealed record PipelineOptions
{
    public required Schema Schema { get; init; }

    public KeyOrder Order { get; init; } = KeyOrder.Bytes;

    /// <summary>True for a table of a deployed instance.</summary>
    public bool IsLive { get; init; }

    public required long MemoryBudgetBytes { get; init; }

    public long DiskBudgetBytes { get; init; } = long.MaxValue;

    public required string SpillFolder { get; init; }

    public required int Workers { get; init; }

    public bool SharedFile { get; init; }

    /// <summary>What is done with sorted rows before they are written; null for nothing.</summary>
    public TableIterators? Iterators { get; init; }

    /// <summary>The moment by which rows are old, fixed for the whole ingest, in milliseconds since 1970.</summary>
    public long NowMillis { get; init; }

    public required DataFileOptions DataFiles { get; init; }

    public RowLimits Limits { get; init; } = new();

    public Action<RowError>? OnRowError { get; init; }

    public required TimeProvider Clock { get; init; }

    /// <summary>Told what each stage takes; null for nobody.</summary>
    public Diagnostics.StageClock? StageClock { get; init; }
}
