using System.Diagnostics.CodeAnalysis;

namespace Sleeper.Ingest.Core.Spilling;

/// <summary>The errors of spilling, each with its remedy.</summary>
internal static class SpillErrors
{
    private const int LinuxDiskFull = 28; // ENOSPC, on macOS too
    private const int LinuxQuota = 122; // EDQUOT
    private const int MacQuota = 69; // EDQUOT
    private const int WindowsDiskFull = unchecked((int)0x80070070);
    private const int WindowsHandleDiskFull = unchecked((int)0x80070027);

    public static bool IsDiskFull(Exception error) =>
        error is IOException && error.HResult is LinuxDiskFull or LinuxQuota or MacQuota or WindowsDiskFull or WindowsHandleDiskFull;

    public static SpillDiskFullException BudgetUsedUp(string folder, DiskBudget budget, long wantedBytes) => new(
        $"The disk budget for spilled rows is used up: {wantedBytes:N0} bytes more are needed in '{folder}', and {budget.UsedBytes:N0} of {budget.LimitBytes:N0} bytes are in use. " +
        "Give the ingest a larger disk budget, or more memory so that it spills less, or fewer rows at a time.",
        folder,
        budget.LimitBytes,
        budget.UsedBytes);

    /// <summary>The error for a write that the file system refused.</summary>
    public static IngestException WriteFailed(string file, string folder, DiskBudget budget, long offset, long lengthBytes, Exception cause)
    {
        if (IsDiskFull(cause))
        {
            return new SpillDiskFullException(
                $"The disk of the spill folder '{folder}' is full: {lengthBytes:N0} bytes could not be written, with {budget.UsedBytes:N0} bytes in use of the budget of {budget.LimitBytes:N0}. " +
                "Free some space, choose a spill folder on a larger disk, or give the ingest more memory so that it spills less.",
                folder,
                budget.LimitBytes,
                budget.UsedBytes,
                cause);
        }

        return new IngestException(
            $"Writing {lengthBytes:N0} bytes at byte {offset:N0} of the spill file '{file}' failed: {cause.Message} The file was removed. Check the disk and the permissions of the spill folder, then run the ingest again.",
            cause)
        {
            IsRetryable = true,
        };
    }

    public static IngestException ReadFailed(string file, long offset, Exception cause) => new(
        $"Reading the spill file '{file}' at byte {offset:N0} failed twice: {cause.Message} Check the disk of the spill folder, then run the ingest again.",
        cause)
    {
        IsRetryable = true,
    };

    public static IngestException FolderFailed(string folder, Exception cause) => IsDiskFull(cause)
        ? new SpillDiskFullException(
            $"The disk of the spill folder '{folder}' is full: a file could not be made there. Free some space or choose a spill folder on a larger disk.", folder, long.MaxValue, 0, cause)
        : new IngestException(
            $"The spill folder '{folder}' cannot be used: {cause.Message} Choose a folder on a local disk that this process may write to.", cause)
        {
            IsRetryable = cause is IOException,
        };

    public static IngestException RootIsOpen(string root, UnixFileMode mode) => new(
        $"The spill root '{root}' has mode {Convert.ToString((int)mode, 8)}: other users can write to it and it has no sticky bit, so they could replace spill files. " +
        $"Run 'chmod o-w {root}' or 'chmod +t {root}', or choose another folder.");

    public static SpillCorruptException Corrupt(string file, long block, long offset, string what) => new(
        $"{(block < 0 ? "The header" : $"Block {block}")} of the spill file '{file}', at byte {offset:N0}, is damaged: {what}. It was read twice. " +
        "None of its rows was used. Check the disk (and memory) of this machine, then run the ingest again.",
        file,
        block,
        offset);

    [DoesNotReturn]
    public static void ThrowPoisoned(string file, Exception first) => throw new IngestException(
        $"The spill file '{file}' failed before and was removed, so nothing more can be written to it. The first failure is inside.", first)
    {
        IsRetryable = first is IngestException { IsRetryable: true },
    };
}
