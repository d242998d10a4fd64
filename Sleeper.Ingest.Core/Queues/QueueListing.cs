using Sleeper.Ingest.Core.ObjectStores;

namespace Sleeper.Ingest.Core.Queues;

/// <summary>The messages of a queue and their newest leases, as a store listed them. A hint: what it says may be over.</summary>
internal sealed class QueueListing(IReadOnlyList<ObjectInfo> messages, IReadOnlyDictionary<string, (long Number, ObjectInfo Object)> newestLeases)
{
    public IReadOnlyList<ObjectInfo> Messages => messages;

    /// <summary>The newest lease of a message that was seen; number 0 if there was none.</summary>
    public (long Number, ObjectInfo? Object) NewestLease(string name) =>
        newestLeases.TryGetValue(QueuePaths.Hash(name), out var found) ? (found.Number, found.Object) : (0, null);

    /// <summary>The newest leases of messages that were not seen, by the hashes of their names.</summary>
    public IEnumerable<(string Hash, ObjectInfo Newest)> LeasesWithoutMessage(QueuePaths paths)
    {
        var present = messages.Select(m => QueuePaths.Hash(paths.NameIn(m.Path)!)).ToHashSet(StringComparer.Ordinal);
        return newestLeases.Where(l => !present.Contains(l.Key)).Select(l => (l.Key, l.Value.Object));
    }

    public static async Task<QueueListing> ReadAsync(IObjectStore store, QueuePaths paths, CancellationToken cancellationToken)
    {
        // Messages first: one that is gone when the leases are listed costs a look, a lease that is missed costs an attempt that fails.
        var messages = await ListMessagesAsync(store, paths, cancellationToken).ConfigureAwait(false);
        var leases = new Dictionary<string, (long Number, ObjectInfo Object)>(StringComparer.Ordinal);
        await foreach (var found in store.ListAsync(paths.Leases, null, cancellationToken).ConfigureAwait(false))
        {
            if (paths.TryParseLease(found.Path, out string hash, out long number) && (!leases.TryGetValue(hash, out var known) || known.Number < number))
            {
                leases[hash] = (number, found);
            }
        }

        return new QueueListing(messages, leases);
    }

    private static async Task<List<ObjectInfo>> ListMessagesAsync(IObjectStore store, QueuePaths paths, CancellationToken cancellationToken)
    {
        var messages = new List<ObjectInfo>();
        string? startAfter = null;
        string? folder;
        do
        {
            folder = null;
            await foreach (var found in store.ListAsync(paths.Messages, startAfter, cancellationToken).ConfigureAwait(false))
            {
                int slash = found.Path.IndexOf('/', paths.Messages.Length);
                if (slash >= 0)
                {
                    folder = found.Path[..slash];
                    break;
                }

                if (paths.NameIn(found.Path) is not null)
                {
                    messages.Add(found);
                }
            }

            // '0' is the character after '/': this skips all that lies in the folder.
            startAfter = folder + "0";
        }
        while (folder is not null);
        return messages;
    }
}
