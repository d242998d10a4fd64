using System.Runtime.CompilerServices;

namespace Sleeper.Ingest.Core.StateStores.TransactionLog;

/// <summary>What logs of entries in <see cref="EntryFormat"/> have in common: checks, and reading in parallel.</summary>
internal abstract class TransactionLogBase(string tableId, LogKind kind) : ITransactionLog
{
    /// <summary>So many reads are under way at once at most: enough to hide a bucket's answer time, few enough for its limits.</summary>
    private const int MaxParallelReads = 32;

    public LogKind Kind { get; } = kind;

    public abstract string NameOf(long number);

    public PreparedEntry Prepare(LogEntry entry)
    {
        byte[] bytes = EntryFormat.Write(entry, out string checksum);
        return new PreparedEntry(entry with { Checksum = checksum }, bytes);
    }

    public abstract Task<bool> AppendIfAbsentAsync(PreparedEntry entry, CancellationToken cancellationToken);

    public async Task<LogEntry?> ReadAsync(long number, CancellationToken cancellationToken)
    {
        var bytes = await ReadBytesAsync(number, cancellationToken).ConfigureAwait(false);
        return bytes is null ? null : Check(bytes.Value, number);
    }

    public IAsyncEnumerable<LogEntry> ReadFromAsync(long first, long listed, CancellationToken cancellationToken) =>
        ReadAsync(first, listed, long.MaxValue, cancellationToken);

    public IAsyncEnumerable<LogEntry> ReadRangeAsync(long first, long last, CancellationToken cancellationToken) =>
        ReadAsync(first, last, last, cancellationToken);

    private async IAsyncEnumerable<LogEntry> ReadAsync(
        long first, long listed, long last, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        long next = first;
        int width = 1;
        while (next <= last)
        {
            // What is listed is there, so it is read side by side; beyond that each number is a guess, and guesses begin with one.
            bool isGuess = next > listed;
            int count = isGuess ? width : (int)Math.Min(MaxParallelReads, listed - next + 1);
            var reads = new Task<LogEntry?>[count];
            for (int i = 0; i < count; i++)
            {
                reads[i] = ReadAsync(next + i, cancellationToken);
            }

            // All are awaited before any result is looked at: no read is left running when one of them fails.
            var entries = await Task.WhenAll(reads).ConfigureAwait(false);
            for (int i = 0; i < count; i++)
            {
                var entry = entries[i];
                if (entry is null && (next <= listed || entries.AsSpan(i).ContainsAnyExcept((LogEntry?)null)))
                {
                    // It may have been put, and the later one after it, while the reads were under way. If it is not there even now, it is lost.
                    entry = await ReadAsync(next, cancellationToken).ConfigureAwait(false)
                        ?? throw new TableDamagedException(NameOf(next), "There is no such entry, but later ones are there: the log has a hole.")
                        {
                            MayBeStale = true,
                        };
                }

                if (entry is null)
                {
                    yield break;
                }

                yield return entry;
                next++;
            }

            width = isGuess ? Math.Min(width * 2, MaxParallelReads) : width;
        }
    }

    public abstract Task<long> LastListedAsync(long first, CancellationToken cancellationToken);

    public async Task TrimAsync(long number, CancellationToken cancellationToken)
    {
        var bytes = await ReadBytesAsync(number, cancellationToken).ConfigureAwait(false)
            ?? throw new TableDamagedException(NameOf(number), "There is no such entry, but later ones are there: the log has a hole.");
        if (!Check(bytes, number).IsTrimmed)
        {
            await ReplaceAsync(number, EntryFormat.Trim(bytes, NameOf(number)), cancellationToken).ConfigureAwait(false);
        }
    }

    public abstract Task MakeDurableAsync(long number, CancellationToken cancellationToken);

    protected abstract Task<ReadOnlyMemory<byte>?> ReadBytesAsync(long number, CancellationToken cancellationToken);

    /// <summary>Overwrites an entry, in one step.</summary>
    protected abstract Task ReplaceAsync(long number, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken);

    private LogEntry Check(ReadOnlyMemory<byte> bytes, long number)
    {
        string name = NameOf(number);
        var entry = EntryFormat.Read(bytes, name);
        var header = entry.Header;
        if (header.TableId != tableId)
        {
            throw new TableDamagedException(
                name, $"It is an entry of the table with the id {header.TableId}, but this table's id is {tableId}. Perhaps it is a remainder of a dropped table.");
        }

        if (header.Number != number || header.Log != Kind)
        {
            throw new TableDamagedException(
                name, $"It says that it is entry {header.Number} of the {header.Log.Name()} log.");
        }

        return header.Type.Log() == Kind
            ? entry
            : throw new TableDamagedException(name, $"It is of the type {header.Type.Name()}, which belongs in the {header.Type.Log().Name()} log.");
    }
}
