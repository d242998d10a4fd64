using Sleeper.Ingest.Core.StateStores.TransactionLog;

namespace Sleeper.Ingest.Core.StateStores.DynamoDb;

/// <summary>What the entries of one log add up to, kept and brought up to date: from a snapshot if there is one, then entry by entry, without a gap.</summary>
/// <remarks>
/// The Java reader does not look for gaps. A reader that is overtaken by trimming, or does not see the newest snapshot yet, would have a wrong state and not
/// know it; here it begins again at the newest snapshot, and fails by name if the gap stays. Not thread-safe.
/// </remarks>
internal abstract class LiveLogView(DynamoDbLog log, LiveSnapshots snapshots, LiveStoreSettings settings, TimeProvider time)
{
    /// <summary>Enough to be overtaken twice.</summary>
    private const int MaxTries = 3;

    private long? _checked;

    public DynamoDbLog Log { get; } = log;

    /// <summary>How far the log is known; at number 0 if there is no entry, or nothing was read yet.</summary>
    public LogPosition Position { get; private set; }

    /// <summary>True once the log was read.</summary>
    public bool IsLoaded { get; private set; }

    /// <summary>
    /// True if the last entry is of a type of the other log. Java's readers skip such an entry without counting it, so nobody can add another: an operator must
    /// remove it.
    /// </summary>
    public bool EndsWithForeignEntry { get; private set; }

    /// <summary>Brings it up to date for reading, unless that was done a moment ago.</summary>
    public Task UpdateForReadingAsync(CancellationToken cancellationToken) =>
        IsLoaded && _checked is { } last && time.GetElapsedTime(last) < settings.TimeBetweenLogChecks ? Task.CompletedTask : UpdateAsync(cancellationToken);

    /// <summary>Brings it up to date.</summary>
    /// <param name="cancellationToken">Gives up.</param>
    /// <param name="isAnchored">True to make sure that the log is still the one that was read before: one that was cleared or made anew is read from its beginning.</param>
    /// <exception cref="TableDamagedException">An entry cannot be read, does not fit, or is missing.</exception>
    public async Task UpdateAsync(CancellationToken cancellationToken, bool isAnchored = false)
    {
        for (int tries = 1; ; tries++)
        {
            try
            {
                await UpdateOnceAsync(isFirstTry: tries == 1, isAnchored && tries == 1, cancellationToken).ConfigureAwait(false);
                return;
            }
            catch (BrokenLogException) when (tries < MaxTries)
            {
                Forget();
            }
            catch (BrokenLogException e)
            {
                Forget();
                throw new TableDamagedException(
                    Log.Name,
                    $"{e.Message} No snapshot has what was before it. If the table's state store class makes no use of snapshots, its log must not be trimmed.")
                {
                    MayBeStale = true,
                };
            }
        }
    }

    /// <summary>Begins at nothing.</summary>
    protected abstract void Reset();

    /// <summary>Begins at the latest snapshot of this log.</summary>
    protected abstract Task LoadSnapshotAsync(LatestSnapshot snapshot, CancellationToken cancellationToken);

    /// <summary>Applies the next entry.</summary>
    protected abstract Task ApplyAsync(LiveLogEntry entry, CancellationToken cancellationToken);

    private async Task UpdateOnceAsync(bool isFirstTry, bool isAnchored, CancellationToken cancellationToken)
    {
        var latest = await snapshots.LatestAsync(Log.Kind, isConsistent: !isFirstTry, cancellationToken).ConfigureAwait(false);
        long least = Position.Number == 0 ? 1 : Position.Number + settings.SnapshotMinEntriesAhead;
        if (latest is not null && latest.Number >= least)
        {
            await BeginAtSnapshotAsync(latest, cancellationToken).ConfigureAwait(false);
        }

        await foreach (var entry in Log.ReadAfterAsync(Position, isAnchored, cancellationToken).ConfigureAwait(false))
        {
            await AddAsync(entry, cancellationToken).ConfigureAwait(false);
        }

        IsLoaded = true;
        _checked = time.GetTimestamp();
    }

    private async Task BeginAtSnapshotAsync(LatestSnapshot latest, CancellationToken cancellationToken)
    {
        Forget();
        try
        {
            await LoadSnapshotAsync(latest, cancellationToken).ConfigureAwait(false);
            Position = new LogPosition(latest.Number, null);
        }
        catch
        {
            Forget();
            throw;
        }
    }

    private async Task AddAsync(LiveLogEntry entry, CancellationToken cancellationToken)
    {
        EndsWithForeignEntry = entry.Type.Log() != Log.Kind;
        if (EndsWithForeignEntry)
        {
            settings.Warned?.Invoke($"{Log.NameOf(entry.Number)} is a transaction of type {entry.Type.Name()}, which belongs in the other log. It was left out.");
        }
        else
        {
            try
            {
                await ApplyAsync(entry, cancellationToken).ConfigureAwait(false);
            }
            catch (TableDamagedException)
            {
                // It may be half applied.
                Forget();
                throw;
            }
        }

        Position = LogPosition.After(entry);
    }

    private void Forget()
    {
        Reset();
        Position = default;
        IsLoaded = false;
        EndsWithForeignEntry = false;
    }
}
