using Sleeper.Ingest.Core.ObjectStores;
using Sleeper.Ingest.Core.StateStores.OwnTables.Maintenance;

namespace Sleeper.Ingest.Core.StateStores.DynamoDb;

/// <summary>Finds, and removes where that is asked for, data and sketches files of attempts that died before their commit: nobody else does, in a table of an instance.</summary>
/// <remarks>
/// <para>A live log has no entry that ends an attempt, so only time says that one is dead: long after its last file no put of it can be under way (AWS refuses a signature of more
/// than 15 minutes), and no ingest of it runs, if the age that the caller gives is longer than the longest ingest. A commit that was sent to the queue has a claim, which goes only after its
/// entry was seen: ingests that have one are left alone.</para>
/// <para>Only files that this library named are looked at, and only of attempts of which neither an entry of the log nor the state knows a file: what was committed once is the instance's to
/// remove. Order of the looks: the listing, then the claims, then log and state; and the log's tail again before each lot is deleted.</para>
/// </remarks>
internal sealed class LiveStrays(IObjectStore dataBucket, DynamoDbStateStore stateStore, MaintenanceOptions what, TimeProvider time)
{
    /// <summary>More than a commit can take, and than clocks differ by.</summary>
    public static readonly TimeSpan MinAge = TimeSpan.FromDays(1);

    /// <summary>Between two looks at the log's tail.</summary>
    private const int DeletesPerLook = 256;
    private const int MaxParallelDeletes = 32;

    private readonly MaintenanceNotes _notes = new();

    public async Task<MaintenanceReport> RunAsync(CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        if (what.InstanceStraysOlderThan is { } age)
        {
            var old = await FindAsync(now - age, cancellationToken).ConfigureAwait(false);
            var claimed = old.Count == 0 ? [] : await FindClaimedAsync(cancellationToken).ConfigureAwait(false);
            foreach (var (path, _, _) in old.Where(o => claimed.Contains(o.IngestHash)))
            {
                _notes.Left(MaintenanceKind.DataObject, path, "Its ingest has a claim: a message with its files may wait in the commit queue, or lie with its dead letters.");
            }

            foreach (var some in old.Where(o => !claimed.Contains(o.IngestHash)).Chunk(DeletesPerLook))
            {
                await RemoveAsync(some, cancellationToken).ConfigureAwait(false);
            }
        }

        return _notes.ToReport(what.DryRun, now);
    }

    /// <summary>Objects of attempts of which every object is old enough.</summary>
    private async Task<List<(string Path, string IngestHash, string AttemptId)>> FindAsync(DateTimeOffset before, CancellationToken cancellationToken)
    {
        var found = new List<(string Path, string IngestHash, string AttemptId)>();
        var young = new HashSet<string>(StringComparer.Ordinal);
        await foreach (var each in dataBucket.ListAsync(LiveTablePaths.KeyOf(stateStore.Paths.DataPrefix), cancellationToken: cancellationToken).ConfigureAwait(false))
        {
            string dataFile = each.Path.EndsWith(".sketches", StringComparison.Ordinal) ? Path.ChangeExtension(each.Path, ".parquet") : each.Path;
            if (!LiveTablePaths.TryParseIngest(dataFile, out string hash, out string attempt))
            {
                continue;
            }

            found.Add((each.Path, hash, attempt));
            if (each.LastModified >= before)
            {
                young.Add(attempt);
            }
        }

        found.RemoveAll(f => young.Contains(f.AttemptId));
        return found;
    }

    private async Task<HashSet<string>> FindClaimedAsync(CancellationToken cancellationToken)
    {
        var claimed = new HashSet<string>(StringComparer.Ordinal);
        await foreach (var found in dataBucket.ListAsync(stateStore.Paths.ClaimsPrefix, cancellationToken: cancellationToken).ConfigureAwait(false))
        {
            if (LiveTablePaths.TryParseClaim(found.Path, out string hash, out _))
            {
                claimed.Add(hash);
            }
        }

        return claimed;
    }

    private async Task RemoveAsync((string Path, string IngestHash, string AttemptId)[] old, CancellationToken cancellationToken)
    {
        var known = await stateStore.LoadKnownAttemptsAsync(cancellationToken).ConfigureAwait(false);
        foreach (var some in old.Where(o => !known.Contains(o.AttemptId)).Chunk(MaxParallelDeletes))
        {
            await Task.WhenAll(some.Select(o => RemoveAsync(o.Path, cancellationToken))).ConfigureAwait(false);
        }
    }

    private async Task RemoveAsync(string path, CancellationToken cancellationToken)
    {
        try
        {
            if (!what.DryRun)
            {
                await dataBucket.DeleteAsync(path, cancellationToken).ConfigureAwait(false);
            }

            _notes.Done(MaintenanceKind.DataObject, path, "Neither the table's log nor its state knows a file of the attempt that wrote it.");
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            _notes.Left(MaintenanceKind.DataObject, path, $"It could not be removed. {e.Message}");
        }
    }
}
