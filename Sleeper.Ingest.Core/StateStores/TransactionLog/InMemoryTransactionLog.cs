using System.Collections.Concurrent;

namespace Sleeper.Ingest.Core.StateStores.TransactionLog;

/// <summary>A log that lives as long as its process.</summary>
internal sealed class InMemoryTransactionLog(string tableId, LogKind kind) : TransactionLogBase(tableId, kind)
{
    private readonly ConcurrentDictionary<long, ReadOnlyMemory<byte>> _entries = new();

    public override string NameOf(long number) => $"Entry {number} of the {Kind.Name()} log in memory";

    public override Task<bool> AppendIfAbsentAsync(PreparedEntry entry, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return Task.FromResult(_entries.TryAdd(entry.Entry.Number, entry.Bytes));
    }

    public override Task MakeDurableAsync(long number, CancellationToken cancellationToken) => Task.CompletedTask;

    protected override Task<ReadOnlyMemory<byte>?> ReadBytesAsync(long number, CancellationToken cancellationToken) =>
        Task.FromResult(_entries.TryGetValue(number, out var bytes) ? bytes : (ReadOnlyMemory<byte>?)null);

    protected override Task ReplaceAsync(long number, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        _entries[number] = bytes;
        return Task.CompletedTask;
    }

    public override Task<long> LastListedAsync(long first, CancellationToken cancellationToken) =>
        Task.FromResult(_entries.Keys.Where(n => n >= first).DefaultIfEmpty(0).Max());
}
