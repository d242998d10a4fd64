using Sleeper.Ingest.Core.StateStores.TransactionLog;
using Sleeper.Ingest.Core.StateStores.TransactionLog.Transactions;

namespace Sleeper.Ingest.Core.StateStores.DynamoDb;

/// <summary>
/// What a committer keeps of a live files log: the last entry, and which of this library's ingests are committed, by the names of their files. No files.
/// </summary>
/// <remarks>
/// An ingest counts as committed as long as an entry of it, or a file of it in the latest snapshot, is known. So the first look reads every entry that is still
/// there, and the snapshot if the first ones were trimmed; later looks read only what is new. An ingest whose id was made up a moment ago cannot be committed: then
/// it is enough to begin at the end (<see cref="BeginAtEndAsync"/>). Not thread-safe.
/// </remarks>
internal sealed class LiveHead(DynamoDbLog log, LiveSnapshots snapshots, LiveBodies bodies)
{
    private const int MaxTries = 3;
    private readonly Dictionary<string, LiveCommit> _commits = new(StringComparer.Ordinal);

    // Attempts of ingests of which another attempt is in the log before them: a repeated message of the commit queue can bring them there.
    private readonly HashSet<string> _laterAttempts = new(StringComparer.Ordinal);

    // Bodies that this process stored itself: whose they are is known without fetching them.
    private readonly Dictionary<string, (string IngestHash, LiveCommit Commit)> _ownBodies = new(StringComparer.Ordinal);

    private long _firstNumber;

    /// <summary>The last entry.</summary>
    public LogPosition Position { get; private set; }

    /// <summary>True if every ingest that can be known as committed is known here.</summary>
    public bool HasHistory { get; private set; }

    /// <summary>True if the last entry is of a type of the other log: nobody can add another.</summary>
    public bool EndsWithForeignEntry { get; private set; }

    /// <summary>True once the end of the log was looked at.</summary>
    public bool IsOpen { get; private set; }

    /// <summary>The first entry that was looked at; commits before it are known only as far as the state has files of them. 0 if there was none before.</summary>
    public long KnownFrom => _firstNumber > 1 ? _firstNumber : 0;

    /// <summary>All attempts of which an entry or a file is known.</summary>
    public IEnumerable<string> Attempts => _commits.Values.Select(c => c.AttemptId).Concat(_laterAttempts);

    public bool TryGetCommit(string ingestHash, out LiveCommit commit) => _commits.TryGetValue(ingestHash, out commit);

    /// <summary>Says whose a body is, before an entry with it is put.</summary>
    public void OwnBody(string key, string ingestHash, string attemptId, long rowCount) => _ownBodies[key] = (ingestHash, new LiveCommit(0, attemptId, rowCount));

    /// <summary>Learns all that is committed and still known.</summary>
    /// <exception cref="TableDamagedException">An entry is missing or cannot be read.</exception>
    public async Task LearnHistoryAsync(CancellationToken cancellationToken)
    {
        for (int tries = 1; ; tries++)
        {
            try
            {
                Forget();
                await LearnOnceAsync(isFirstTry: tries == 1, cancellationToken).ConfigureAwait(false);
                return;
            }
            catch (BrokenLogException) when (tries < MaxTries)
            {
            }
            catch (BrokenLogException e)
            {
                throw new TableDamagedException(log.Name, $"{e.Message} No snapshot has what was before it.") { MayBeStale = true };
            }
        }
    }

    /// <summary>Learns where the log ends and nothing else.</summary>
    public async Task BeginAtEndAsync(CancellationToken cancellationToken)
    {
        Forget();
        long last = await log.ReadLastNumberAsync(cancellationToken).ConfigureAwait(false);
        if (last == 0)
        {
            last = (await snapshots.LatestAsync(LogKind.Files, isConsistent: true, cancellationToken).ConfigureAwait(false))?.Number ?? 0;
        }

        Position = new LogPosition(last, null);
        IsOpen = true;
    }

    /// <summary>Reads what is new.</summary>
    /// <param name="isAnchored">True to make sure that the log is still the one that was read before.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="BrokenLogException">It is another one, or was trimmed beyond what was read.</exception>
    public async Task UpdateAsync(bool isAnchored, CancellationToken cancellationToken)
    {
        await foreach (var entry in log.ReadAfterAsync(Position, isAnchored, cancellationToken).ConfigureAwait(false))
        {
            await ApplyAsync(entry, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Takes an entry that this process put.</summary>
    public void Add(LiveLogEntry entry, string ingestHash, string attemptId, long rowCount)
    {
        _commits.TryAdd(ingestHash, new LiveCommit(entry.Number, attemptId, rowCount));
        Position = LogPosition.After(entry);
        EndsWithForeignEntry = false;
    }

    private async Task LearnOnceAsync(bool isFirstTry, CancellationToken cancellationToken)
    {
        long expected = 0;
        bool isWhole = true;
        await foreach (var entry in log.ReadFromAsync(1, cancellationToken).ConfigureAwait(false))
        {
            if (expected > 0 && entry.Number != expected)
            {
                throw new BrokenLogException($"There is no entry {expected}, but there is {entry.Number}.");
            }

            _firstNumber = expected == 0 ? entry.Number : _firstNumber;
            isWhole &= _firstNumber == 1;
            isWhole &= await TryApplyAsync(entry, isFirstTry, cancellationToken).ConfigureAwait(false);
            expected = entry.Number + 1;
        }

        if (expected == 0 || !isWhole)
        {
            await LearnSnapshotAsync(isFirstTry, cancellationToken).ConfigureAwait(false);
        }

        HasHistory = true;
        IsOpen = true;
    }

    /// <summary>
    /// Applies an entry. False if its body is gone and a snapshot has what was in it: who trims the log removes bodies first.
    /// </summary>
    private async Task<bool> TryApplyAsync(LiveLogEntry entry, bool isFirstTry, CancellationToken cancellationToken)
    {
        try
        {
            await ApplyAsync(entry, cancellationToken).ConfigureAwait(false);
            return true;
        }
        catch (TableDamagedException) when (entry.BodyKey is not null)
        {
            var latest = await snapshots.LatestAsync(LogKind.Files, !isFirstTry, cancellationToken).ConfigureAwait(false);
            if (latest is null || latest.Number < entry.Number)
            {
                throw;
            }

            Position = LogPosition.After(entry);
            return false;
        }
    }

    /// <summary>Learns of the ingests that files in the latest snapshot are of, where the first entries are not there any more.</summary>
    private async Task LearnSnapshotAsync(bool isFirstTry, CancellationToken cancellationToken)
    {
        // The snapshot of a moment ago may be behind what is trimmed since: then the first entry that is there is too late.
        var latest = await snapshots.LatestAsync(LogKind.Files, !isFirstTry, cancellationToken).ConfigureAwait(false);
        if (latest is null)
        {
            if (Position.Number > 0)
            {
                throw new BrokenLogException("The first entry there is is not entry 1.");
            }

            return;
        }

        if (latest.Number < _firstNumber - 1)
        {
            throw new BrokenLogException($"The first entry there is has the number {_firstNumber}, and the latest snapshot {latest.Number}.");
        }

        await foreach (var file in snapshots.ReadFilesAsync(latest, cancellationToken).ConfigureAwait(false))
        {
            if (LiveTablePaths.TryParseIngest(file.Name, out string hash, out string attempt))
            {
                Learn(hash, new LiveCommit(0, attempt, 0));
            }
        }

        if (Position.Number == 0)
        {
            Position = new LogPosition(latest.Number, null);
        }
    }

    private async Task ApplyAsync(LiveLogEntry entry, CancellationToken cancellationToken)
    {
        EndsWithForeignEntry = entry.Type.Log() != LogKind.Files;
        if (entry.BodyKey is not null && _ownBodies.TryGetValue(entry.BodyKey, out var own))
        {
            Learn(own.IngestHash, own.Commit with { Number = entry.Number });
        }
        else if (entry.Type == TransactionType.AddFiles)
        {
            var transaction = (AddFiles)await bodies.ReadAsync(entry, log.NameOf(entry.Number), cancellationToken).ConfigureAwait(false);
            Learn(transaction, entry.Number);
        }

        Position = LogPosition.After(entry);
    }

    private void Learn(AddFiles transaction, long number)
    {
        string last = "";
        foreach (var file in transaction.Files)
        {
            if (LiveTablePaths.TryParseIngest(file.Name, out string hash, out string attempt) && attempt != last)
            {
                // The rows of the whole entry: this library puts the files of one ingest into one entry, and no others.
                Learn(hash, new LiveCommit(number, attempt, transaction.Files.Sum(f => f.References.Sum(r => r.NumberOfRows))));
                last = attempt;
            }
        }
    }

    private void Learn(string ingestHash, LiveCommit commit)
    {
        if (!_commits.TryAdd(ingestHash, commit) && _commits[ingestHash].AttemptId != commit.AttemptId)
        {
            _laterAttempts.Add(commit.AttemptId);
        }
    }

    private void Forget()
    {
        _commits.Clear();
        _laterAttempts.Clear();
        _firstNumber = 0;
        Position = default;
        HasHistory = false;
        EndsWithForeignEntry = false;
        IsOpen = false;
    }
}
