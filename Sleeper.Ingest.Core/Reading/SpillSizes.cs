namespace Sleeper.Ingest.Core.Reading;

/// <summary>How a read with too little memory shares it out to runs on disk. Immutable.</summary>
/// <param name="SlabBytes">Rows that are gathered before they are written.</param>
/// <param name="BlockBytes">Rows that a run holds in memory while it is read.</param>
/// <param name="MaxRuns">Runs that are open at once; more are merged into one.</param>
internal sealed record SpillSizes(int SlabBytes, int BlockBytes, int MaxRuns)
{
    private const int MaxSlabBytes = 256 << 10;
    private const int MaxBlockBytes = 32 << 10;
    private const int MinBlockBytes = 4 << 10;

    /// <summary>Blocks of all runs take about a quarter of the budget: a block, and as much again for its entries.</summary>
    public static SpillSizes For(long budgetBytes)
    {
        int block = (int)Math.Clamp(budgetBytes / 512, MinBlockBytes, MaxBlockBytes);
        return new SpillSizes((int)Math.Clamp(budgetBytes / 32, block, MaxSlabBytes), block, (int)Math.Clamp(budgetBytes / 4 / (2 * block), 2, 1024));
    }
}
