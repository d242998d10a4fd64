namespace Sleeper.Ingest.Core.ObjectStores;

/// <summary>A sync failed before, of this file or of a folder that its name depends on: no later sync of it proves anything, until the store is opened anew.</summary>
internal sealed class FailedSyncException(string path, string firstError) : IOException(
    $"An earlier sync of '{path}' failed, so it or names in it may be lost in a crash, and the kernel may call the next sync a success. "
    + $"Check the disk, then open the store anew. The first error: {firstError}",
    NativeFileCalls.InputOutputError)
{
    /// <summary>Whether this is the cause of an error: then trying again is of no use.</summary>
    public static bool IsCauseOf(Exception? error) => error is not null && (error is FailedSyncException || IsCauseOf(error.InnerException));
}
