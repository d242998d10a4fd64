using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using Sleeper.Ingest.Core.Queues;
using Sleeper.Ingest.Core.StateStores.TransactionLog;

namespace Sleeper.Ingest.Core.StateStores.DynamoDb.Queued;

/// <summary>Commits by way of Sleeper's committer: a message in its FIFO queue, and the entry that it makes of it in the table's log.</summary>
/// <remarks>
/// <para>A message that was sent says nothing about the table: it may wait, fail, or lie with the dead letters, and nobody answers. So a commit is "queued" until its entry is
/// in the log (<see cref="WaitAsync"/>), and "unknown" when that takes too long.</para>
/// <para>Once, whatever is lost: an attempt claims its ingest's commit before it sends (<see cref="CommitClaims"/>), so of all attempts, in all processes, one set of files is
/// ever sent. The group of a message is the table's id, so that the messages of one table stay in order. Its deduplication id is made of the attempt's, the same whoever sends
/// it: what comes twice within five minutes is dropped by the queue. What comes later becomes an entry that adds nothing, as its files are known, as long as they
/// are in the table's state; with the members of a job the job would be shown as failed. So nothing is sent again before the log was searched for its files.</para>
/// </remarks>
/// <param name="store">The table's log.</param>
/// <param name="claims">The claims of the table's ingests.</param>
/// <param name="tableId">The table.</param>
/// <param name="queue">The committer's queue. Throws an <see cref="IngestException"/> if the instance has none.</param>
/// <param name="options">Clock, chance and time limits.</param>
internal sealed class QueuedCommits(DynamoDbStateStore store, CommitClaims claims, string tableId, Func<IMessageQueue> queue, StateStoreOptions options)
{
    /// <summary>SQS remembers a deduplication id for five minutes. A send is repeated only well within that.</summary>
    private static readonly TimeSpan SendLimit = TimeSpan.FromMinutes(2);

    /// <summary>Between two looks at the log: a committer takes a second or so.</summary>
    private static readonly TimeSpan MaxPause = TimeSpan.FromSeconds(2);

    /// <summary>By ingest: the latest claims of commits that the queue took from here, and that were not seen in the log yet.</summary>
    private readonly ConcurrentDictionary<string, int> _sent = new(StringComparer.Ordinal);

    private int _hasListedClaims;

    /// <summary>The queue; an error if the instance has none.</summary>
    public IMessageQueue Queue => queue();

    /// <summary>Sends a commit, unless its ingest is committed already, or an earlier attempt's commit is queued: then that one is sent, and the result says so.</summary>
    /// <param name="attempt">An attempt of the table's state store.</param>
    /// <param name="commit">At least one file, all complete in the data bucket.</param>
    /// <param name="job">The try at a job that it is of; null for none.</param>
    /// <param name="cancellationToken">Before the message is sent it aborts.</param>
    /// <exception cref="CommitFailedException">Nothing was sent, for certain, or ever will be.</exception>
    /// <exception cref="CommitOutcomeUnknownException">It may have been sent.</exception>
    public async Task<CommitResult> SendAsync(IngestAttempt attempt, IngestCommit commit, CommitJob? job, CancellationToken cancellationToken = default)
    {
        var (prepared, committed) = await store.PrepareQueuedAsync(attempt, commit, job, cancellationToken).ConfigureAwait(false);
        if (committed is not null)
        {
            return committed;
        }

        if (cancellationToken.IsCancellationRequested)
        {
            await store.RemoveQueuedBodyAsync(prepared!.BodyKey).ConfigureAwait(false);
            cancellationToken.ThrowIfCancellationRequested();
        }

        string message = CommitMessage.Write(tableId, prepared!.Json, prepared.BodyKey);
        var claim = await ClaimAsync(attempt.IngestId, message, prepared.BodyKey, cancellationToken).ConfigureAwait(false);
        if (claim.Message != message)
        {
            await store.RemoveQueuedBodyAsync(prepared.BodyKey).ConfigureAwait(false);
            return await RepeatAsync(attempt.IngestId, claim, cancellationToken).ConfigureAwait(false) with { AlreadyCommitted = true };
        }

        var result = new CommitResult(0, commit.RowCount, commit.Files) { IsQueued = true, Job = job };
        return await DeliverAsync(new QueuedMessage(attempt.IngestId, claim, result, prepared.BodyKey), cancellationToken).ConfigureAwait(false);
    }

    /// <summary>The commit of an earlier run that may be in the queue; null if there is none. Sends nothing.</summary>
    public async Task<CommitResult?> FindAsync(string ingestId, CancellationToken cancellationToken = default)
    {
        var claim = await claims.FindAsync(store.IngestHashOf(ingestId), cancellationToken).ConfigureAwait(false);
        return claim is null or { IsCalledOff: true } ? null : await ReadAsync(claim, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// Looks for the commit of an earlier run, and sends it once more, after a look at the log: the run may have died before it did. Null if there is none.
    /// </summary>
    /// <exception cref="CommitOutcomeUnknownException">It could not be sent, or perhaps could.</exception>
    public async Task<CommitResult?> ResumeAsync(string ingestId, CancellationToken cancellationToken = default)
    {
        var claim = await claims.FindAsync(store.IngestHashOf(ingestId), cancellationToken).ConfigureAwait(false);
        return claim is null or { IsCalledOff: true } ? null : await RepeatAsync(ingestId, claim, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Waits until a queued commit's entry is in the log.</summary>
    /// <exception cref="CommitOutcomeUnknownException">It was not there in time. It may come later.</exception>
    public async Task<CommitResult> WaitAsync(string ingestId, CommitResult queued, TimeSpan limit, CancellationToken cancellationToken = default)
    {
        long start = options.Time.GetTimestamp();
        var pause = new JitteredBackoff(options with { FirstRetryDelay = TimeSpan.FromMilliseconds(200), MaxRetryDelay = MaxPause });
        Exception? error = null;
        while (true)
        {
            try
            {
                if (await store.FindEntryAsync(ingestId, queued, cancellationToken).ConfigureAwait(false) is { } committed)
                {
                    await SweepAsync().ConfigureAwait(false);
                    return committed;
                }
            }
            catch (Exception e) when (!TransactionLogStateStore.IsFinal(e) || cancellationToken.IsCancellationRequested)
            {
                error = e;
            }

            bool isCancelled = cancellationToken.IsCancellationRequested;
            if (isCancelled || options.Time.GetElapsedTime(start) >= limit)
            {
                throw new CommitOutcomeUnknownException(
                    ingestId,
                    $"Whether ingest '{ingestId}' will be committed is not known: its message was sent to '{Queue.Name}', but {(isCancelled ? "when the wait was cancelled" : $"{limit} later")} the "
                    + "table's log had no entry with its files. They were kept. Look at the committer and at the queue's dead letters; ask again later.",
                    error);
            }

            await pause.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>The claim that holds: ours, or that of an attempt that came before.</summary>
    private async Task<CommitClaim> ClaimAsync(string ingestId, string message, string? bodyKey, CancellationToken cancellationToken)
    {
        string hash = store.IngestHashOf(ingestId);
        using var deadline = new CommitDeadline(options, cancellationToken);
        try
        {
            for (int number = 1; ;)
            {
                if (await claims.TryPutAsync(hash, number, message, deadline.Token).ConfigureAwait(false))
                {
                    return new CommitClaim(number, message, IsShared: false);
                }

                var last = await claims.FindAsync(hash, deadline.Token).ConfigureAwait(false);
                if (last is { IsCalledOff: false })
                {
                    return last;
                }

                // Called off, or removed since: then the log has the entry, and is searched before anything is sent.
                number = (last?.Number ?? 0) + 1;
            }
        }
        catch (ObjectStores.ObjectStoreException e) when (e.IsForbidden)
        {
            await store.RemoveQueuedBodyAsync(bodyKey).ConfigureAwait(false);
            throw new CommitFailedException($"Ingest '{ingestId}' is not committed: its claim could not be put, so nothing was sent. {e.Message}", e);
        }
        catch (Exception e)
        {
            throw new CommitOutcomeUnknownException(
                ingestId,
                $"Ingest '{ingestId}' is not committed yet: whether its claim was put is not known, so nothing was sent, but a later run may find the claim and send it. {e.Message} "
                + "Its files were kept. Ask again later.",
                e);
        }
    }

    /// <summary>Sends what another run claimed. First the claim is shared: from then on nobody calls it off, so its files stay.</summary>
    private async Task<CommitResult> RepeatAsync(string ingestId, CommitClaim claim, CancellationToken cancellationToken)
    {
        string hash = store.IngestHashOf(ingestId);
        QueuedMessage message;
        try
        {
            while (!claim.IsShared)
            {
                await claims.TryPutAsync(hash, claim.Number + 1, claim.Message, cancellationToken).ConfigureAwait(false);
                claim = await claims.FindAsync(hash, cancellationToken).ConfigureAwait(false) switch
                {
                    { IsCalledOff: true } => throw new CommitFailedException($"Ingest '{ingestId}' is not committed: the run that had queued its commit called it off. Ingest the rows again.")
                    {
                        IsRetryable = true,
                    },
                    { } last => last,
                    null => claim with { IsShared = true }, // removed: the log has the entry
                };
            }

            var result = await ReadAsync(claim, cancellationToken).ConfigureAwait(false);
            if (result.Files.Count > 0 && await store.FindEntryAsync(ingestId, result, cancellationToken).ConfigureAwait(false) is { } committed)
            {
                return committed with { AlreadyCommitted = true };
            }

            if (_sent.ContainsKey(hash))
            {
                return result;
            }

            if (result.Files.Count == 0 || !await claims.HasFilesAsync(result.Files, cancellationToken).ConfigureAwait(false))
            {
                // Only Sleeper removes what a claim that stands names, once it was committed, compacted and forgotten. An entry would bring the files back, and stop the table's readers.
                return result with { IsQueued = false };
            }

            message = new QueuedMessage(ingestId, claim, result, BodyKey: null);
        }
        catch (Exception e) when (e is not CommitFailedException and not OperationCanceledException)
        {
            throw Unknown(ingestId, e, isOfAnother: true);
        }

        return await DeliverAsync(message, cancellationToken).ConfigureAwait(false);
    }

    private async Task<CommitResult> DeliverAsync(QueuedMessage message, CancellationToken cancellationToken)
    {
        var (ingestId, claim, result, _) = message;
        var target = QueueFor(message);
        var how = new QueueSendOptions { GroupId = tableId, DeduplicationId = DeduplicationIdOf(result.Files[0].FileName) };
        using var deadline = new CommitDeadline(options with { CommitTimeLimit = SendLimit }, cancellationToken);
        var pause = new JitteredBackoff(options with { FirstRetryDelay = TimeSpan.FromMilliseconds(200), MaxRetryDelay = TimeSpan.FromSeconds(10) });
        bool isDoubtful = claim.IsShared;
        while (true)
        {
            // Somebody may have been faster, with this very message: a second entry would make a job fail. After our own first claim there is nobody yet, but who
            // committed before it may have removed his own.
            try
            {
                if (await store.FindEntryAsync(ingestId, result, deadline.Token).ConfigureAwait(false) is { } committed)
                {
                    return committed;
                }
            }
            catch (Exception e)
            {
                throw isDoubtful ? Unknown(ingestId, e, claim.IsShared) : await CallOffAsync(message, e).ConfigureAwait(false);
            }

            Exception error;
            try
            {
                await target.SendAsync(claim.Message, how, deadline.Token).ConfigureAwait(false);
                _sent[store.IngestHashOf(ingestId)] = claim.Number;
                await SweepAsync().ConfigureAwait(false);
                return result;
            }
            catch (QueueException e) when (e.IsRefusal)
            {
                error = e;
                if (!isDoubtful && !e.IsRetryable)
                {
                    throw await CallOffAsync(message, e).ConfigureAwait(false);
                }
            }
            catch (Exception e)
            {
                isDoubtful = true;
                error = e;
            }

            if (deadline.IsOver || cancellationToken.IsCancellationRequested || error is QueueException { IsRetryable: false })
            {
                throw isDoubtful ? Unknown(ingestId, error, claim.IsShared) : await CallOffAsync(message, error).ConfigureAwait(false);
            }

            await pause.WaitAsync(deadline.Token).ConfigureAwait(false);
        }
    }

    /// <summary>Gives up what was not sent. If another run has joined in meanwhile, that is too late.</summary>
    private async Task<IngestException> CallOffAsync(QueuedMessage message, Exception error)
    {
        string ingestId = message.IngestId;
        try
        {
            if (!await claims.TryPutAsync(store.IngestHashOf(ingestId), message.Claim.Number + 1, "", CancellationToken.None).ConfigureAwait(false))
            {
                return Unknown(ingestId, error);
            }
        }
        catch (Exception)
        {
            return Unknown(ingestId, error);
        }

        await store.RemoveQueuedBodyAsync(message.BodyKey).ConfigureAwait(false);
        return new CommitFailedException($"Ingest '{ingestId}' is not committed: its message could not be sent to the queue that the instance's property '{Instances.InstanceProperty.CommitterQueueUrl.Name}' names. {error.Message}", error)
        {
            IsRetryable = error is IngestException { IsRetryable: true },
        };
    }

    private IMessageQueue QueueFor(QueuedMessage message)
    {
        try
        {
            return queue();
        }
        catch (IngestException e)
        {
            throw Unknown(message.IngestId, e, message.Claim.IsShared);
        }
    }

    /// <summary>What a claim would commit; without files if the object that holds its transaction is gone.</summary>
    private async Task<CommitResult> ReadAsync(CommitClaim claim, CancellationToken cancellationToken)
    {
        var (transaction, bodyKey) = CommitMessage.Read(claim.Message);
        return bodyKey is not null && !await claims.HasObjectAsync(bodyKey, cancellationToken).ConfigureAwait(false)
            ? new CommitResult(0, 0, [], AlreadyCommitted: true) { IsQueued = true }
            : await store.ReadQueuedAsync(transaction, bodyKey, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// Removes the claims of those ingests that the log was seen to have: the first time of all, of processes that did not wait for the committer, too; then those of this one.
    /// </summary>
    private async Task SweepAsync()
    {
        try
        {
            var found = Interlocked.Exchange(ref _hasListedClaims, 1) == 0
                ? await claims.ListAsync(CancellationToken.None).ConfigureAwait(false)
                : [.. _sent.SelectMany(sent => Enumerable.Range(1, sent.Value).Select(n => new ClaimKey(sent.Key, n)))];
            var known = await store.KnownAmongAsync(found.Select(c => c.IngestHash), CancellationToken.None).ConfigureAwait(false);
            foreach (var claim in found)
            {
                if (known.Contains(claim.IngestHash))
                {
                    await claims.RemoveAsync(claim, CancellationToken.None).ConfigureAwait(false);
                    _sent.TryRemove(claim.IngestHash, out _);
                }
            }
        }
        catch (Exception e)
        {
            options.CleanUpFailed?.Invoke("Claims of commits that are in the log could not be removed. They do no harm.", e);
        }
    }

    private static CommitOutcomeUnknownException Unknown(string ingestId, Exception error, bool isOfAnother = false) => new(
        ingestId,
        $"Whether ingest '{ingestId}' will be committed is not known: its message may have been sent to the committer. {error.Message} Its files were kept. Ask again later.",
        error)
    {
        IsOfAnotherAttempt = isOfAnother,
    };

    /// <summary>A UUID made of the attempt: <c>&lt;hash&gt;-&lt;attempt&gt;</c> in the name of its files.</summary>
    private static string DeduplicationIdOf(string fileName)
    {
        _ = LiveTablePaths.TryParseIngest(fileName, out string hash, out string attempt);
        return new Guid(SHA256.HashData(Encoding.UTF8.GetBytes($"{hash}-{attempt}")).AsSpan(0, 16)).ToString("D");
    }
}
