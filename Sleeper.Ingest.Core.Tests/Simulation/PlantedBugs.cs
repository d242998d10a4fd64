using System.Runtime.CompilerServices;
using System.Text;
using Sleeper.Ingest.Core.ObjectStores;
using Sleeper.Ingest.Core.StateStores.OwnTables;
using Sleeper.Ingest.Core.Tests.StateStores.TransactionLog.Snapshots;

namespace Sleeper.Ingest.Core.Tests.Simulation;

/// <summary>Safety lines that a simulation takes out, through the library's seams, to see that it would notice.</summary>
public enum PlantedBug
{
    None,

    /// <summary>Put-if-absent as "is it there? then put".</summary>
    LooksThenPuts,

    /// <summary>Who loses a number believes that it won.</summary>
    TakesConflictForSuccess,

    /// <summary>Objects go when the answer to the commit is lost.</summary>
    DeletesOnLostReply,

    /// <summary>"Not known" is told as "failed".</summary>
    SaysFailedForUnknown,

    /// <summary>All attempts have one id.</summary>
    SameAttemptId,

    /// <summary>Trimming deletes entries.</summary>
    TrimsByDelete,

    /// <summary>The ages of objects are measured by a clock that is wrong.</summary>
    LedgerByClock,

    /// <summary>Objects of attempts are removed without an END.</summary>
    RemovesWithoutEnd,

    /// <summary>Objects of all attempts of an ingest are removed with those of one.</summary>
    RemovesByIngest,

    /// <summary>The partitions are read before the files.</summary>
    ReadsPartitionsFirst,

    /// <summary>A snapshot's ledger lacks a commit.</summary>
    SnapshotForgetsCommit,

    /// <summary>Errors of puts are passed over.</summary>
    IgnoresErrors,
}

/// <summary>The wrappers that plant them.</summary>
internal static class PlantedBugs
{
    public static BucketClient Client(PlantedBug bug, SimulatedBucket bucket, Faults faults, string actor) => bug switch
    {
        PlantedBug.LooksThenPuts or PlantedBug.TakesConflictForSuccess or PlantedBug.TrimsByDelete or PlantedBug.LedgerByClock
            or PlantedBug.SnapshotForgetsCommit or PlantedBug.IgnoresErrors => new FaultyClient(bug, bucket, faults, actor),
        _ => new BucketClient(bucket, faults, actor),
    };

    public static void Fill(PlantedBug bug, Random random, Span<byte> bytes)
    {
        if (bug == PlantedBug.SameAttemptId)
        {
            bytes.Fill(7);
        }
        else
        {
            random.NextBytes(bytes);
        }
    }

    private sealed class FaultyClient(PlantedBug bug, SimulatedBucket bucket, Faults faults, string actor) : BucketClient(bucket, faults, actor)
    {
        public override async Task<bool> PutIfAbsentAsync(string path, ReadOnlyMemory<byte> content, CancellationToken cancellationToken = default)
        {
            if (bug == PlantedBug.LooksThenPuts && path.Contains("/log/", StringComparison.Ordinal))
            {
                if (await HeadAsync(path, cancellationToken).ConfigureAwait(false) is not null)
                {
                    return false;
                }

                await PutAsync(path, content, cancellationToken).ConfigureAwait(false);
                return true;
            }

            if (bug == PlantedBug.SnapshotForgetsCommit && path.EndsWith("head.jsonl", StringComparison.Ordinal))
            {
                content = await ForgetAsync(content).ConfigureAwait(false);
            }

            try
            {
                bool won = await base.PutIfAbsentAsync(path, content, cancellationToken).ConfigureAwait(false);
                return won || (bug == PlantedBug.TakesConflictForSuccess && path.Contains("/log/", StringComparison.Ordinal));
            }
            catch (IOException) when (bug == PlantedBug.IgnoresErrors)
            {
                return true;
            }
        }

        public override async Task PutAsync(string path, ReadOnlyMemory<byte> content, CancellationToken cancellationToken = default)
        {
            if (bug == PlantedBug.TrimsByDelete && path.Contains("/log/", StringComparison.Ordinal))
            {
                await DeleteAsync(path, cancellationToken).ConfigureAwait(false);
                return;
            }

            if (bug == PlantedBug.SnapshotForgetsCommit && path.EndsWith("latest", StringComparison.Ordinal))
            {
                content = await ForgetAsync(content).ConfigureAwait(false);
            }

            await base.PutAsync(path, content, cancellationToken).ConfigureAwait(false);
        }

        public override async IAsyncEnumerable<ObjectInfo> ListAsync(
            string prefix, string? startAfter = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
        {
            await foreach (var info in base.ListAsync(prefix, startAfter, cancellationToken).ConfigureAwait(false))
            {
                yield return bug == PlantedBug.LedgerByClock ? info with { LastModified = info.LastModified - TimeSpan.FromDays(2_000) } : info;
            }
        }

        private static async Task<byte[]> ForgetAsync(ReadOnlyMemory<byte> head)
        {
            string[] lines = Encoding.UTF8.GetString(head.Span).TrimEnd('\n').Split('\n');
            int commit = Array.FindIndex(lines, l => l.StartsWith("{\"commit\"", StringComparison.Ordinal));
            return await SnapshotBed.SealAsync(lines[..^1].Where((_, i) => i != commit)).ConfigureAwait(false);
        }
    }
}

/// <summary>What a maintainer does wrong before it does the right things.</summary>
internal static class PlantedMaintenance
{
    public static async Task BeforeAsync(PlantedBug bug, OwnTable table, SimulatedBucket bucket, TablePaths paths)
    {
        if (bug is not (PlantedBug.RemovesWithoutEnd or PlantedBug.RemovesByIngest))
        {
            return;
        }

        foreach (string intent in bucket.Paths.Where(p => p.StartsWith(paths.AllIngests, StringComparison.Ordinal)).ToList())
        {
            string[] parts = intent[paths.AllIngests.Length..].Split('/');
            string prefix = bug == PlantedBug.RemovesByIngest ? parts[0] : $"{parts[0]}-{parts[1].Replace(".json", "", StringComparison.Ordinal)}";
            foreach (string path in bucket.Paths.Where(p => p.StartsWith(paths.AllData, StringComparison.Ordinal) && p.Contains(prefix, StringComparison.Ordinal)).ToList())
            {
                await table.Store.DeleteAsync(path).ConfigureAwait(false);
            }
        }
    }
}
