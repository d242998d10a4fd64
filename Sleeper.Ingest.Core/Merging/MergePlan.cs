namespace Sleeper.Ingest.Core.Merging;

/// <summary>How many runs can be merged at a time in the memory there is, and how many passes over the data that takes.</summary>
/// <remarks>A decision, no I/O. The last pass writes nothing to the spill disk; each one before it reads and writes part of the rows once more.</remarks>
internal sealed record MergePlan
{
    private MergePlan()
    {
    }

    public required int RunCount { get; init; }

    /// <summary>Merge width: how many runs are open at the same moment, 2 at least.</summary>
    public required int Width { get; init; }

    /// <summary>Passes over the data, the last one included; 0 if there is nothing to merge.</summary>
    public required int PassCount { get; init; }

    /// <summary>Why one pass is not enough, and what would help; null if it is.</summary>
    public required string? OnePassProblem { get; init; }

    /// <summary>Makes the plan.</summary>
    /// <param name="runCount">How many runs there are.</param>
    /// <param name="runMemoryBytes">What one open run takes: a block, and the entries of its rows.</param>
    /// <param name="memoryBytes">What may be taken by a merge in all.</param>
    /// <exception cref="IngestException">Not even two runs fit.</exception>
    public static MergePlan Make(int runCount, long runMemoryBytes, long memoryBytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(runCount);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(runMemoryBytes);
        long treeBytes = LoserTree.MemoryBytes(1);
        long fixedBytes = RunMerger.MemoryBytes(2) - LoserTree.MemoryBytes(2);
        long fit = Math.Max(0, memoryBytes - fixedBytes) / (runMemoryBytes + treeBytes);
        if (fit < 2 && runCount > 1)
        {
            throw new IngestException(
                $"Merging needs two runs open at a time, {fixedBytes + (2 * (runMemoryBytes + treeBytes)):N0} bytes with {runMemoryBytes:N0} bytes a run, but the merge has {memoryBytes:N0} bytes. " +
                "Give the ingest a larger memory budget or a smaller spill block size.");
        }

        int width = (int)Math.Clamp(fit, 2, int.MaxValue);
        int passes = runCount == 0 ? 0 : 1;
        for (long left = runCount; left > width; left = (left + width - 1) / width)
        {
            passes++;
        }

        return new MergePlan
        {
            RunCount = runCount,
            Width = width,
            PassCount = passes,
            OnePassProblem = passes <= 1 ? null :
                $"{runCount:N0} runs of {runMemoryBytes:N0} bytes an open block need {fixedBytes + (runCount * (runMemoryBytes + treeBytes)):N0} bytes to be merged in one pass, but there are {memoryBytes:N0}: " +
                $"{width:N0} runs at a time, {passes} passes. A larger memory budget makes fewer and longer runs and lets more of them be open.",
        };
    }
}
