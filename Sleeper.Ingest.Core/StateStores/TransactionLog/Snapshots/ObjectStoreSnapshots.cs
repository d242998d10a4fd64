using Sleeper.Ingest.Core.ObjectStores;
using Sleeper.Ingest.Core.Schemas;
using Sleeper.Ingest.Core.StateStores.OwnTables;

namespace Sleeper.Ingest.Core.StateStores.TransactionLog.Snapshots;

/// <summary>Snapshots as objects below <c>snapshots/</c> of a table.</summary>
internal sealed class ObjectStoreSnapshots(IObjectStore store, TablePaths paths, string tableId, Schema schema) : ISnapshots
{
    public string NameOf(long number, SnapshotPart part) => Name(paths.Snapshot(number, part));

    public async Task<HeadSnapshot?> ReadHintAsync(CancellationToken cancellationToken)
    {
        var reader = await store.OpenAsync(paths.SnapshotHint, cancellationToken).ConfigureAwait(false);
        if (reader is null)
        {
            return null;
        }

        try
        {
            return await HeadSnapshot.ReadAsync(reader, Name(paths.SnapshotHint), tableId, schema, cancellationToken).ConfigureAwait(false);
        }
        catch (TableDamagedException)
        {
            // Nothing depends on the hint: the listing is there, and the next snapshot replaces it.
            return null;
        }
    }

    public async Task<IReadOnlyList<long>> ListAsync(long after, CancellationToken cancellationToken)
    {
        var numbers = new List<long>();
        await foreach (var found in store.ListAsync(paths.AllSnapshots, paths.AfterSnapshot(after), cancellationToken).ConfigureAwait(false))
        {
            if (paths.TryParseSnapshot(found.Path, out long number, out bool isHead) && isHead)
            {
                numbers.Add(number);
            }
        }

        return numbers;
    }

    public async Task<IReadOnlyList<long>> ListRemainsAsync(long before, CancellationToken cancellationToken)
    {
        var hasHead = new SortedDictionary<long, bool>();
        await foreach (var found in store.ListAsync(paths.AllSnapshots, null, cancellationToken).ConfigureAwait(false))
        {
            if (paths.TryParseSnapshot(found.Path, out long number, out bool isHead) && number < before)
            {
                hasHead[number] = isHead || hasHead.GetValueOrDefault(number);
            }
        }

        return [.. hasHead.Where(n => !n.Value).Select(n => n.Key)];
    }

    public async Task<HeadSnapshot?> ReadHeadAsync(long number, CancellationToken cancellationToken)
    {
        var reader = await OpenAsync(number, SnapshotPart.Head, cancellationToken).ConfigureAwait(false);
        if (reader is null)
        {
            return null;
        }

        string name = NameOf(number, SnapshotPart.Head);
        var head = await HeadSnapshot.ReadAsync(reader, name, tableId, schema, cancellationToken).ConfigureAwait(false);
        return head.Number == number ? head : throw new TableDamagedException(name, $"It says that it is the snapshot of entry {head.Number}.");
    }

    public ValueTask<IObjectReader?> OpenAsync(long number, SnapshotPart part, CancellationToken cancellationToken) =>
        store.OpenAsync(paths.Snapshot(number, part), cancellationToken);

    public async Task<bool> PutFilesAsync(long number, Func<LineSink, Task> write, CancellationToken cancellationToken)
    {
        string path = paths.Snapshot(number, SnapshotPart.Files);
        var barrier = await store.OpenBarrierAsync(cancellationToken).ConfigureAwait(false);
        await using (barrier.ConfigureAwait(false))
        {
            bool isOurs = true;
            try
            {
                var writer = await store.CreateAsync(path, cancellationToken).ConfigureAwait(false);
                await using (writer.ConfigureAwait(false))
                {
                    await write((bytes, token) => writer.AppendAsync(bytes, token)).ConfigureAwait(false);
                    await writer.CompleteAsync(cancellationToken).ConfigureAwait(false);
                }
            }
            catch (ObjectExistsException)
            {
                isOurs = false;
            }

            await barrier.FlushAsync([path], cancellationToken).ConfigureAwait(false);
            return isOurs;
        }
    }

    public async Task<bool> PutIfAbsentAsync(long number, SnapshotPart part, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        string path = paths.Snapshot(number, part);
        if (await store.PutIfAbsentAsync(path, bytes, cancellationToken).ConfigureAwait(false))
        {
            return true;
        }

        await SmallObjects.MakeDurableAsync(store, [path], cancellationToken).ConfigureAwait(false);
        return false;
    }

    public Task PutHintAsync(ReadOnlyMemory<byte> head, CancellationToken cancellationToken) => store.PutAsync(paths.SnapshotHint, head, cancellationToken);

    public Task MakeDurableAsync(long number, CancellationToken cancellationToken) =>
        SmallObjects.MakeDurableAsync(store, [paths.Snapshot(number, SnapshotPart.Files), paths.Snapshot(number, SnapshotPart.Head)], cancellationToken);

    public async Task DeleteAsync(long number, CancellationToken cancellationToken)
    {
        foreach (var part in (SnapshotPart[])[SnapshotPart.Head, SnapshotPart.Files, SnapshotPart.Verified])
        {
            await store.DeleteAsync(paths.Snapshot(number, part), cancellationToken).ConfigureAwait(false);
        }
    }

    private string Name(string path) => $"'{path}' in '{store.Name}'";
}
