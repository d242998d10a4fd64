using System.Buffers.Binary;
using System.Globalization;
using Amazon.DynamoDBv2;
using Sleeper.Ingest.Core.Partitioning;
using Sleeper.Ingest.Core.StateStores.OwnTables;
using Sleeper.Ingest.Core.StateStores.TransactionLog;

namespace Sleeper.Ingest.Core.StateStores.DynamoDb;

/// <summary>The state of a table of a deployed Sleeper instance: two logs in DynamoDB, snapshots and long bodies in the data bucket.</summary>
/// <remarks>
/// <para>Rules that Java's readers rely on and cannot check are kept by construction: entries are made in one place, of checked parts, in the log of their type, at the
/// number after the last, on the condition that it is free; a body in the bucket is there before the entry that names it; nothing is overwritten or removed.</para>
/// <para>An ingest is known by a hash in the names of its files, an attempt by its random id there. Each entry that takes a number before ours is looked at before the
/// next number is tried: it may be our own, of which the answer was lost.</para>
/// <para>A live log has no entries without files, so an attempt cannot be ended from outside. An end that is not known stays so until the number has an owner:
/// <see cref="ResolveAsync"/> puts the same entry there again, and whoever wins the number decides.</para>
/// <para>Parts: this file begins attempts, <c>.Load</c> reads, <c>.Commit</c> commits, <c>.Resolve</c> settles what is not known. Thread-safe.</para>
/// </remarks>
internal sealed partial class DynamoDbStateStore : IStateStore, IDisposable
{
    private readonly LiveTableIdentity _table;
    private readonly LiveStoreSettings _settings;
    private readonly StateStoreOptions _options;
    private readonly LiveTablePaths _paths;
    private readonly DynamoDbLog _filesLog;
    private readonly DynamoDbLog _partitionsLog;
    private readonly LiveBodies _bodies;
    private readonly LiveHead _head;
    private readonly LiveFiles _files;
    private readonly LivePartitions _partitions;

    // Guards all that is read and kept. A commit holds it until its number has an owner.
    private readonly SemaphoreSlim _gate = new(1, 1);

    /// <param name="client">Speaks to DynamoDB; the caller's to dispose of.</param>
    /// <param name="table">Which table.</param>
    /// <param name="settings">What the table's properties ask for.</param>
    /// <param name="options">
    /// Clock, chance and time limits. The waits between tries are those of the settings, and there are no snapshots of its own.
    /// </param>
    public DynamoDbStateStore(IAmazonDynamoDB client, LiveTableIdentity table, LiveStoreSettings settings, StateStoreOptions options)
    {
        _table = table;
        _settings = settings;
        _options = options with { FirstRetryDelay = settings.FirstRetryWait, MaxRetryDelay = settings.MaxRetryWait };
        _paths = new LiveTablePaths(table.FileNameRoot, table.TableId);
        _filesLog = new DynamoDbLog(client, table, LogKind.Files);
        _partitionsLog = new DynamoDbLog(client, table, LogKind.Partitions);
        _bodies = new LiveBodies(table.DataBucket, _paths, table.Schema, _options);
        var snapshots = new LiveSnapshots(client, table, settings, _options.Time);
        _head = new LiveHead(_filesLog, snapshots, _bodies);
        _files = new LiveFiles(_filesLog, snapshots, _bodies, settings, _options.Time);
        _partitions = new LivePartitions(_partitionsLog, snapshots, _bodies, settings, _options.Time);
    }

    /// <summary>Names of the table's objects.</summary>
    public LiveTablePaths Paths => _paths;

    public async Task<CommitResult?> FindCommitAsync(string ingestId, CancellationToken cancellationToken = default)
    {
        CommitRules.CheckIngestId(ingestId);
        return (await LookUpAsync(ingestId, cancellationToken).ConfigureAwait(false)).Committed;
    }

    public async Task<IngestAttempt> BeginAttemptAsync(string ingestId, CancellationToken cancellationToken = default)
    {
        CommitRules.CheckIngestId(ingestId);
        var (committed, openedAt) = await LookUpAsync(ingestId, cancellationToken).ConfigureAwait(false);
        return NewAttempt(ingestId, committed, openedAt);
    }

    /// <summary>
    /// Begins an attempt of an ingest whose id was made up a moment ago: nobody can have committed it, so the log's entries need not be searched for it, nor its end be looked for before the commit.
    /// </summary>
    public Task<IngestAttempt> BeginFirstAttemptAsync(string freshIngestId, CancellationToken cancellationToken = default)
    {
        CommitRules.CheckIngestId(freshIngestId);
        cancellationToken.ThrowIfCancellationRequested();
        return Task.FromResult(NewAttempt(freshIngestId, null, 0) with { IsFresh = true });
    }

    /// <summary>Nothing is to be done: nobody ends an attempt on a live table because it is silent.</summary>
    public Task KeepAliveAsync(IngestAttempt attempt, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(attempt);
        return Task.CompletedTask;
    }

    public void Dispose() => _gate.Dispose();

    private IngestAttempt NewAttempt(string ingestId, CommitResult? committed, long openedAt)
    {
        Span<byte> random = stackalloc byte[8];
        _options.Random(random);
        string attemptId = BinaryPrimitives.ReadUInt64BigEndian(random).ToString("x16", CultureInfo.InvariantCulture);
        string prefix = TablePaths.FileNamePrefix(_table.TableId, ingestId, attemptId);
        return new IngestAttempt(ingestId, attemptId, prefix, committed) { OpenedAt = openedAt, Began = _options.Time.GetUtcNow() };
    }

    private async Task<(CommitResult? Committed, long Number)> LookUpAsync(string ingestId, CancellationToken cancellationToken)
    {
        await _gate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            await BringHistoryUpToDateAsync(cancellationToken).ConfigureAwait(false);
            return (await FindKnownAsync(ingestId, cancellationToken).ConfigureAwait(false), _head.Position.Number);
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>Learns what is committed, as far as it is not known. Called with the gate held.</summary>
    private async Task BringHistoryUpToDateAsync(CancellationToken cancellationToken)
    {
        if (_head.HasHistory)
        {
            try
            {
                await _head.UpdateAsync(isAnchored: false, cancellationToken).ConfigureAwait(false);
                return;
            }
            catch (BrokenLogException)
            {
                // Trimmed beyond what was read, or made anew.
            }
        }

        await _head.LearnHistoryAsync(cancellationToken).ConfigureAwait(false);
    }

    private string HashOf(string ingestId) => TablePaths.IngestHash(_table.TableId, ingestId);

    /// <summary>The result of an ingest that the head knows as committed.</summary>
    private async Task<CommitResult?> FindKnownAsync(string ingestId, CancellationToken cancellationToken)
    {
        string hash = HashOf(ingestId);
        if (!_head.TryGetCommit(hash, out var commit))
        {
            return null;
        }

        return commit.Number > 0
            ? await ReadResultAsync(commit.Number, cancellationToken).ConfigureAwait(false)
            : await ReadResultFromStateAsync(hash, cancellationToken).ConfigureAwait(false);
    }

    private async Task<CommitResult> ReadResultAsync(long number, CancellationToken cancellationToken)
    {
        await foreach (var entry in _filesLog.ReadFromAsync(number, cancellationToken).ConfigureAwait(false))
        {
            if (entry.Number != number)
            {
                break;
            }

            var transaction = await _bodies.ReadAsync(entry, _filesLog.NameOf(number), cancellationToken).ConfigureAwait(false);
            return ResultOf((TransactionLog.Transactions.AddFiles)transaction) with { TransactionNumber = number };
        }

        // It was trimmed since it was read.
        return new CommitResult(number, 0, [], AlreadyCommitted: true);
    }

    /// <summary>An earlier commit as its transaction tells it.</summary>
    private static CommitResult ResultOf(TransactionLog.Transactions.AddFiles transaction)
    {
        var files = CommittedFiles.From(transaction, []);
        return new CommitResult(0, files.Sum(f => f.References.Sum(r => r.RowCount)), files, AlreadyCommitted: true)
        {
            Job = transaction.Job is { } job ? new CommitJob(job.JobId, job.TaskId, job.JobRunId) : null,
        };
    }

    /// <summary>
    /// What the state still has of an ingest whose entry was trimmed: no number, and the files and rows that compactions and splits have left of it.
    /// </summary>
    private async Task<CommitResult> ReadResultFromStateAsync(string ingestHash, CancellationToken cancellationToken)
    {
        await _files.UpdateAsync(cancellationToken).ConfigureAwait(false);
        var files = new List<DataFile>();
        foreach (var file in _files.State.Files)
        {
            if (LiveTablePaths.TryParseIngest(file.Name, out string hash, out _) && hash == ingestHash)
            {
                files.Add(new DataFile(file.Name, 0, [.. file.References.Values.Select(r => ToReference(file.Name, r))]));
            }
        }

        return new CommitResult(0, files.Sum(f => f.References.Sum(r => r.RowCount)), files, AlreadyCommitted: true);
    }

    private static FileReference ToReference(string fileName, FileReferenceState r) =>
        new(fileName, r.PartitionId, r.NumberOfRows, r.CountApproximate, r.OnlyContainsDataForThisPartition);

    private PartitionTree RequireTree() => _partitions.IsEmpty
        ? throw new InvalidOperationException(
            $"Table '{_table.TableName}' has no partitions: {_partitionsLog.Name} {(_partitions.Position.Number == 0 ? "is empty" : "says that they were cleared")}. Initialise them first.")
        : _partitions.Tree();
}
