using Sleeper.Ingest.Core.Queues;
using Sleeper.Ingest.Core.StateStores.TransactionLog;
using Sleeper.Ingest.Core.StateStores.TransactionLog.Transactions;

namespace Sleeper.Ingest.Core.StateStores.DynamoDb.Queued;

/// <summary>Commits by way of Sleeper's committer: a message in its FIFO queue, and the entry that it makes of it in the table's log.</summary>
/// <remarks>
/// <para>A message that was sent says nothing about the table: it may wait, fail, or lie with the dead letters, and nobody answers. So a commit is "queued" until its entry is
/// in the log (<see cref="WaitAsync"/>), and "unknown" when that takes too long.</para>
/// <para>The group is the table's id, so that the messages of one table stay in order. The deduplication id is made up once for a commit: a send that failed
/// without an answer is repeated with the same one, which the queue drops if the first arrived; and only after the log was searched, since the
/// committer may have been faster.</para>
/// </remarks>
internal sealed class QueuedCommits(DynamoDbStateStore store, string tableId, IMessageQueue queue, StateStoreOptions options)
{
    /// <summary>SQS remembers a deduplication id for five minutes. A send is repeated only well within that.</summary>
    private static readonly TimeSpan SendLimit = TimeSpan.FromMinutes(2);

    /// <summary>Between two looks at the log: a committer takes a second or so.</summary>
    private static readonly TimeSpan MaxPause = TimeSpan.FromSeconds(2);

    /// <summary>Sends a commit, unless its ingest is committed already.</summary>
    /// <param name="attempt">An attempt of the table's state store.</param>
    /// <param name="commit">At least one file, all complete in the data bucket.</param>
    /// <param name="job">The ingest job that it is of; null for none. All its members, or none: with some of them the job's tracker hears nothing.</param>
    /// <param name="cancellationToken">Before the message is sent it aborts.</param>
    /// <returns>The commit that was queued, or the one that the log has already.</returns>
    /// <exception cref="CommitFailedException">Nothing was sent, for certain.</exception>
    /// <exception cref="CommitOutcomeUnknownException">It may have been sent.</exception>
    public async Task<(QueuedCommit? Queued, CommitResult? Committed)> SendAsync(
        IngestAttempt attempt, IngestCommit commit, AddFiles.JobMembers? job, CancellationToken cancellationToken = default)
    {
        var (prepared, committed) = await store.PrepareQueuedAsync(attempt, commit, job, cancellationToken).ConfigureAwait(false);
        if (committed is not null)
        {
            return (null, committed);
        }

        if (cancellationToken.IsCancellationRequested)
        {
            await store.RemoveBodyAsync(prepared!).ConfigureAwait(false);
            cancellationToken.ThrowIfCancellationRequested();
        }

        return await SendAsync(prepared!, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Waits until a queued commit's entry is in the log.</summary>
    /// <exception cref="CommitOutcomeUnknownException">It was not there in time. It may come later.</exception>
    public async Task<CommitResult> WaitAsync(QueuedCommit queued, TimeSpan limit, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(queued);
        long start = options.Time.GetTimestamp();
        var pause = new JitteredBackoff(options with { FirstRetryDelay = TimeSpan.FromMilliseconds(200), MaxRetryDelay = MaxPause });
        Exception? error = null;
        while (true)
        {
            try
            {
                if (await store.FindAttemptAsync(queued.Attempt, cancellationToken).ConfigureAwait(false) is { } number)
                {
                    return new CommitResult(number, queued.RowCount, queued.Files);
                }
            }
            catch (Exception e) when (!TransactionLogStateStore.IsFinal(e))
            {
                error = e;
            }

            cancellationToken.ThrowIfCancellationRequested();
            if (options.Time.GetElapsedTime(start) >= limit)
            {
                throw new CommitOutcomeUnknownException(
                    queued.Attempt.IngestId,
                    $"Whether ingest '{queued.Attempt.IngestId}' will be committed is not known: its message {queued.MessageId} was sent to '{queue.Name}', but {limit} later no entry after number "
                    + $"{queued.SentAfter} of the files log has its files. Its files were kept. Look at the committer and at the queue's dead letters; ask again later.",
                    error);
            }

            await pause.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task<(QueuedCommit? Queued, CommitResult? Committed)> SendAsync(PreparedMessage prepared, CancellationToken cancellationToken)
    {
        var attempt = prepared.Attempt;
        string body = CommitMessage.Write(tableId, prepared.Json, prepared.BodyKey);
        var how = new QueueSendOptions { GroupId = tableId, DeduplicationId = NewId() };
        using var deadline = new CommitDeadline(options with { CommitTimeLimit = SendLimit }, cancellationToken);
        var pause = new JitteredBackoff(options with { FirstRetryDelay = TimeSpan.FromMilliseconds(200), MaxRetryDelay = TimeSpan.FromSeconds(10) });
        for (bool isFirst = true; ; isFirst = false)
        {
            Exception error;
            try
            {
                string id = await queue.SendAsync(body, how, deadline.Token).ConfigureAwait(false);
                return (new QueuedCommit(attempt, prepared.SentAfter, prepared.Commit.RowCount, prepared.Commit.Files, id), null);
            }
            catch (QueueException e) when (isFirst && !e.IsRetryable)
            {
                await store.RemoveBodyAsync(prepared).ConfigureAwait(false);
                throw new CommitFailedException($"Ingest '{attempt.IngestId}' is not committed: its message could not be sent to '{queue.Name}'. {e.Message}", e);
            }
            catch (Exception e)
            {
                error = e;
            }

            try
            {
                // The message may have arrived, and the committer may be done with it: a second entry would make a job fail.
                if (await store.FindAttemptAsync(attempt, deadline.Token).ConfigureAwait(false) is { } number)
                {
                    return (null, new CommitResult(number, prepared.Commit.RowCount, prepared.Commit.Files));
                }
            }
            catch (Exception e)
            {
                throw Unknown(attempt, e);
            }

            if (deadline.IsOver || cancellationToken.IsCancellationRequested)
            {
                throw Unknown(attempt, error);
            }

            await pause.WaitAsync(deadline.Token).ConfigureAwait(false);
        }
    }

    private CommitOutcomeUnknownException Unknown(IngestAttempt attempt, Exception error) => new(
        attempt.IngestId,
        $"Whether ingest '{attempt.IngestId}' will be committed is not known: its message may have been sent to '{queue.Name}'. {error.Message} Its files were kept. Ask again later.",
        error);

    private string NewId()
    {
        Span<byte> random = stackalloc byte[16];
        options.Random(random);
        return new Guid(random).ToString("D");
    }
}
