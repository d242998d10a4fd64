namespace Sleeper.Ingest.Core.Tests.Support;

/// <summary>How an <see cref="IngestScenario"/> is run. The defaults: one worker and memory for everything.</summary>
internal sealed record ScenarioSettings
{
    public int Workers { get; init; } = 1;

    public int BudgetMebibytes { get; init; } = 256;

    public FileWritingStrategy Strategy { get; init; } = FileWritingStrategy.OneFilePerLeaf;

    public RowFeed Feed { get; init; } = RowFeed.Enumerable;

    public int RowGroupRows { get; init; } = 30_000;

    public long RowGroupBytes { get; init; } = 8 << 20;

    public int PageRows { get; init; } = 20_000;

    public int PageBytes { get; init; } = 128 * 1024;

    public DataFileCodec Codec { get; init; } = DataFileCodec.Lz4Raw;

    public bool BloomFilters { get; init; }

    /// <summary>Seeds the sizes of batches.</summary>
    public int Seed { get; init; } = 1;
}
