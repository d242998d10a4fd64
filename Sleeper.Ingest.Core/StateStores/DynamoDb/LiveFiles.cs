using Sleeper.Ingest.Core.StateStores.TransactionLog;
using Sleeper.Ingest.Core.StateStores.TransactionLog.Snapshots;
using Sleeper.Ingest.Core.StateStores.TransactionLog.Transactions;

namespace Sleeper.Ingest.Core.StateStores.DynamoDb;

/// <summary>A live table's files and references, as its files log leaves them. For readers: a committer does without.</summary>
internal sealed class LiveFiles(DynamoDbLog log, LiveSnapshots snapshots, LiveBodies bodies, LiveStoreSettings settings, TimeProvider time)
    : LiveLogView(log, snapshots, settings, time)
{
    private readonly LiveSnapshots _snapshots = snapshots;

    public FilesState State { get; private set; } = new();

    /// <summary>The last entries that added files, oldest first. An entry says which ingest it is of only if it is of a job; then that is the job's id.</summary>
    public List<CommitSummary> Recent { get; } = [];

    protected override void Reset()
    {
        State = new FilesState();
        Recent.Clear();
    }

    protected override async Task LoadSnapshotAsync(LatestSnapshot snapshot, CancellationToken cancellationToken)
    {
        await foreach (var file in _snapshots.ReadFilesAsync(snapshot, cancellationToken).ConfigureAwait(false))
        {
            var added = State.Set(file.Name, file.UpdateTime);
            foreach (var (partitionId, reference) in file.References)
            {
                added.References[partitionId] = reference;
            }
        }
    }

    protected override async Task ApplyAsync(LiveLogEntry entry, CancellationToken cancellationToken)
    {
        string name = Log.NameOf(entry.Number);
        var transaction = (FilesTransaction)await bodies.ReadAsync(entry, name, cancellationToken).ConfigureAwait(false);
        try
        {
            transaction.Apply(State, entry.Time);
        }
        catch (TransactionFormatException e)
        {
            throw new TableDamagedException(name, $"Its {entry.Type.Name()} transaction cannot be applied: {e.Message}", e);
        }

        if (transaction is AddFiles { Files.Count: > 0 } added)
        {
            Remember(added, entry);
        }
    }

    private void Remember(AddFiles added, LiveLogEntry entry)
    {
        long rows = added.Files.Sum(f => f.References.Sum(r => r.NumberOfRows));
        Recent.Add(new CommitSummary(entry.Number, added.Job?.JobId ?? "", rows, added.Files.Count, entry.Time));
        if (Recent.Count > FilesSnapshot.RecentCount)
        {
            Recent.RemoveAt(0);
        }
    }
}
