using Sleeper.Ingest.Core.StateStores;
using Sleeper.Ingest.Core.StateStores.DynamoDb.Instances;

namespace Sleeper.Ingest.Core.Pipeline;

/// <summary>The table that a factory has opened, kept from one writer to the next, so that only the first of many small ingests reads the log.</summary>
/// <remarks>
/// A table is given out again only after a look that it is still the one that was opened, as far as was read: not dropped and made anew, not put back to an
/// older copy. Any failure of a writer, or of anything that follows its commit, drops it: then the next writer opens the table and its store anew, which
/// is what a failed sync asks for. Thread-safe.
/// </remarks>
internal sealed class TableKeeper
{
    private OpenTable? _kept;
    private SleeperInstance? _instance;

    /// <summary>The table that was opened before, if it still is what it was; null if it must be opened.</summary>
    public async Task<OpenTable?> TakeAsync(CancellationToken cancellationToken)
    {
        if (Volatile.Read(ref _kept) is not { IsUnchangedAsync: { } isUnchangedAsync } kept)
        {
            return null;
        }

        try
        {
            if (await isUnchangedAsync(cancellationToken).ConfigureAwait(false))
            {
                return kept;
            }
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            // What is wrong with the table is for its opening to say.
        }

        Drop();
        return null;
    }

    /// <summary>The instance that was opened before; else one that is opened now. Of two that are opened at once one stays.</summary>
    public async Task<SleeperInstance> InstanceAsync(Func<Task<SleeperInstance>> openAsync)
    {
        if (Volatile.Read(ref _instance) is { } known)
        {
            return known;
        }

        var opened = await openAsync().ConfigureAwait(false);
        var first = Interlocked.CompareExchange(ref _instance, opened, null);
        if (first is not null)
        {
            opened.Dispose();
        }

        return first ?? opened;
    }

    /// <summary>Keeps a table for the next writer.</summary>
    public void Keep(OpenTable table) => Volatile.Write(ref _kept, table);

    /// <summary>Something failed: the next writer opens the table anew. Whoever has it now goes on with it.</summary>
    public void Drop() => Volatile.Write(ref _kept, null);
}
