using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Globalization;
using Sleeper.Ingest.Core.Partitioning;
using Sleeper.Ingest.Core.Schemas;
using Sleeper.Ingest.Core.StateStores.OwnTables;
using Sleeper.Ingest.Core.StateStores.TransactionLog.Snapshots;

namespace Sleeper.Ingest.Core.StateStores.TransactionLog;

/// <summary>The state of one table as what its two logs add up to.</summary>
/// <remarks>
/// <para>A writer keeps the head of the files log (<see cref="CommitHead"/>) and reads only what came after it. Its commits go one at a time; several
/// stores, in any number of processes, meet in the log, where each number has one winner.</para>
/// <para>Parts: this file begins attempts, <c>.Open</c> opens, <c>.Commit</c> commits, <c>.Append</c> puts entries, <c>.Resolve</c> ends attempts,
/// <c>.Load</c> reads, <c>.Snapshots</c> writes snapshots. FORMAT.md beside this file has the objects.</para>
/// </remarks>
internal sealed partial class TransactionLogStateStore : IStateStore, IDisposable
{
    private readonly string _tableId;
    private readonly Schema _schema;
    private readonly ITransactionLog _files;
    private readonly ITransactionLog _partitions;
    private readonly IIngestIntents _intents;
    private readonly ISnapshots _snapshots;
    private readonly StateStoreOptions _options;

    // Guards everything below. A commit holds it until its number has an owner: until then nobody in this process could commit anyway.
    private readonly SemaphoreSlim _gate = new(1, 1);
    private CommitHead _head = new();
    private PartitionsHead _partitionsHead;
    private readonly ConcurrentDictionary<string, bool> _attemptsInDoubt = new(StringComparer.Ordinal);
    private bool _isOpen;

    /// <summary>Up to here the files log is known to survive a crash of the machine; beyond, it may be only seen.</summary>
    private long _durableNumber;

    /// <summary>The same for the partitions log.</summary>
    private long _durablePartitionsNumber;

    /// <summary>The newest snapshot that is known.</summary>
    private long _snapshotNumber;

    /// <summary>The newest that this store has set out to make.</summary>
    private long _lastDue;

    public TransactionLogStateStore(
        string tableId, Schema schema, ITransactionLog files, ITransactionLog partitions, IIngestIntents intents, ISnapshots snapshots,
        StateStoreOptions options)
    {
        _tableId = tableId;
        _schema = schema;
        _files = files;
        _partitions = partitions;
        _intents = intents;
        _snapshots = snapshots;
        _options = options;
        _partitionsHead = new PartitionsHead(schema);
    }

    public async Task<CommitResult?> FindCommitAsync(string ingestId, CancellationToken cancellationToken = default)
    {
        CommitRules.CheckIngestId(ingestId);
        return (await LookUpAsync(ingestId, cancellationToken).ConfigureAwait(false)).Committed;
    }

    public async Task<IngestAttempt> BeginAttemptAsync(string ingestId, CancellationToken cancellationToken = default)
    {
        CommitRules.CheckIngestId(ingestId);
        var (committed, openedAt) = await LookUpAsync(ingestId, cancellationToken).ConfigureAwait(false);
        string attemptId = NewAttemptId();
        string prefix = TablePaths.FileNamePrefix(_tableId, ingestId, attemptId);
        var now = _options.Time.GetUtcNow();
        if (committed is null)
        {
            var intent = new IngestIntent(ingestId, attemptId, prefix, openedAt, _options.Writer, now, now);
            await PutIntentAsync(intent, cancellationToken).ConfigureAwait(false);
        }

        return new IngestAttempt(ingestId, attemptId, prefix, committed) { OpenedAt = openedAt, Began = now };
    }

    public Task KeepAliveAsync(IngestAttempt attempt, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(attempt);
        return attempt.Committed is not null
            ? Task.CompletedTask
            : _intents.PutAsync(
                new IngestIntent(
                    attempt.IngestId, attempt.AttemptId, attempt.FileNamePrefix, attempt.OpenedAt, _options.Writer, attempt.Began, _options.Time.GetUtcNow()),
                cancellationToken);
    }

    public void Dispose() => _gate.Dispose();

    /// <summary>A put that fails or is cancelled may have taken effect; the attempt does not begin, so its intent goes.</summary>
    private async Task PutIntentAsync(IngestIntent intent, CancellationToken cancellationToken)
    {
        try
        {
            await _intents.PutAsync(intent, cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            try
            {
                await _intents.DeleteAsync(intent.IngestId, intent.AttemptId, CancellationToken.None).ConfigureAwait(false);
            }
#pragma warning disable CA1031 // The first error counts. An intent that stays names no object; maintenance removes it.
            catch (Exception)
#pragma warning restore CA1031
            {
            }

            throw;
        }
    }

    private string NewAttemptId()
    {
        Span<byte> random = stackalloc byte[8];
        _options.Random(random);
        return BinaryPrimitives.ReadUInt64BigEndian(random).ToString("x16", CultureInfo.InvariantCulture);
    }

    private async Task<(CommitResult? Committed, long HeadNumber)> LookUpAsync(string ingestId, CancellationToken cancellationToken)
    {
        await _gate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            await BringHeadUpToDateAsync(cancellationToken).ConfigureAwait(false);
            return (await FindKnownCommitAsync(ingestId, cancellationToken).ConfigureAwait(false), _head.Number);
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>The result of an ingest that the head knows as committed, made to last before anybody is told.</summary>
    private async Task<CommitResult?> FindKnownCommitAsync(string ingestId, CancellationToken cancellationToken)
    {
        if (!_head.TryGetCommit(ingestId, out var row))
        {
            return null;
        }

        await _files.MakeDurableAsync(row.Number, cancellationToken).ConfigureAwait(false);
        return await ReadResultAsync(row, cancellationToken).ConfigureAwait(false);
    }

    private async Task<CommitResult> ReadResultAsync(LedgerRow row, CancellationToken cancellationToken)
    {
        string name = _files.NameOf(row.Number);
        var entry = await _files.ReadAsync(row.Number, cancellationToken).ConfigureAwait(false)
            ?? throw new TableDamagedException(name, "The entry was there before and is gone.");
        IReadOnlyList<DataFile> files = entry.IsTrimmed
            ? []
            : CommittedFiles.From((Transactions.AddFiles)EntryBody.Read(entry, name, _schema), entry.FileLengths);
        return new CommitResult(row.Number, row.RowCount, files, AlreadyCommitted: true);
    }

    private PartitionTree CurrentTree() => _partitionsHead.Tree(_partitions.NameOf(_partitionsHead.Number));
}
