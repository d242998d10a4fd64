namespace Sleeper.Ingest.Core;

/// <summary>The local disk for spilled rows, or the budget set for it, is full. The ingest failed and left nothing behind; it may be tried again once there is room.</summary>
public sealed class SpillDiskFullException : IngestException
{
    /// <summary>Makes the error of a full disk or a used-up disk budget.</summary>
    /// <param name="message">What happened, where, and the remedy.</param>
    /// <param name="folder">The folder of the spill files.</param>
    /// <param name="budgetBytes">The disk budget in bytes.</param>
    /// <param name="usedBytes">How much of it was in use.</param>
    /// <param name="innerException">The error of the file system, if it was the disk and not the budget.</param>
    public SpillDiskFullException(string message, string folder, long budgetBytes, long usedBytes, Exception? innerException = null)
        : base(message, innerException)
    {
        Folder = folder;
        BudgetBytes = budgetBytes;
        UsedBytes = usedBytes;
        IsRetryable = true;
    }

    /// <summary>The folder of the spill files.</summary>
    public string Folder { get; }

    /// <summary>The disk budget in bytes; <see cref="long.MaxValue"/> if none was set.</summary>
    public long BudgetBytes { get; }

    /// <summary>How many bytes of spill files there were.</summary>
    public long UsedBytes { get; }
}
