using Sleeper.Ingest.Core.ObjectStores;
using Sleeper.Ingest.Core.StateStores.OwnTables;

namespace Sleeper.Ingest.Core.StateStores.TransactionLog;

/// <summary>A log whose entries are objects, named by their numbers: whoever puts a name first owns the number for ever.</summary>
internal sealed class ObjectStoreTransactionLog(IObjectStore store, TablePaths paths, string tableId, LogKind kind)
    : TransactionLogBase(tableId, kind)
{
    public override string NameOf(long number) => $"'{paths.LogEntry(Kind, number)}' in '{store.Name}'";

    public override Task<bool> AppendIfAbsentAsync(PreparedEntry entry, CancellationToken cancellationToken) =>
        store.PutIfAbsentAsync(paths.LogEntry(Kind, entry.Entry.Number), entry.Bytes, cancellationToken);

    public override Task MakeDurableAsync(long number, CancellationToken cancellationToken) =>
        SmallObjects.MakeDurableAsync(store, [paths.LogEntry(Kind, number)], cancellationToken);

    protected override Task<ReadOnlyMemory<byte>?> ReadBytesAsync(long number, CancellationToken cancellationToken) =>
        SmallObjects.ReadAsync(store, paths.LogEntry(Kind, number), cancellationToken);

    protected override Task ReplaceAsync(long number, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken) =>
        store.PutAsync(paths.LogEntry(Kind, number), bytes, cancellationToken);

    public override async Task<long> LastListedAsync(long first, CancellationToken cancellationToken)
    {
        long last = 0;
        string startAfter = paths.LogEntry(Kind, Math.Max(first - 1, 0));
        await foreach (var found in store.ListAsync(paths.LogFolder(Kind), startAfter, cancellationToken).ConfigureAwait(false))
        {
            if (paths.TryParseLogEntry(Kind, found.Path, out long number))
            {
                last = Math.Max(last, number);
            }
        }

        return last;
    }
}
