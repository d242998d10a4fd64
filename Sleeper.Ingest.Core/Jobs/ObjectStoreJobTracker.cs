using System.Globalization;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Sleeper.Ingest.Core.Diagnostics;
using Sleeper.Ingest.Core.ObjectStores;
using Sleeper.Ingest.Core.StateStores.OwnTables;

namespace Sleeper.Ingest.Core.Jobs;

/// <summary>Keeps updates as small objects: those of a table's jobs under the table, all others beside the tables.</summary>
/// <remarks>
/// <code>
/// &lt;table&gt;/jobs/&lt;hash&gt;-&lt;hash of the run&gt;-&lt;type&gt;.json         an update of a run: of each type one, the last; progress is removed at the run's end
/// &lt;table&gt;/jobs/&lt;hash&gt;-&lt;13-digit time&gt;-&lt;8 hex digits&gt;.json    an update without a run
/// _jobs/unknown/...                                      the same for jobs whose table is not known
/// _jobs/tasks/&lt;hash of the task&gt;-started.json, -finished.json
/// </code>
/// hash: 32 lower-case hexadecimal digits, the first half of the SHA-256 of the job's id. time: milliseconds since 1970 by the worker's clock. Content: an update as JSON
/// (<see cref="JobUpdate"/>). On a local disk they are not synced: the table is what must survive.
/// </remarks>
public sealed class ObjectStoreJobTracker : IJobTracker
{
    private const string Unknown = "_jobs/unknown/";
    private const string Tasks = "_jobs/tasks/";
    private const int ReadsAtOnce = 16;
    private const int HashDigits = 32;

    private readonly IObjectStore _store;
    private readonly TimeSpan _timeToLive;

    /// <summary>A tracker for the tables of a store.</summary>
    /// <param name="store">Where the tables are.</param>
    /// <param name="timeToLive">How long an update is kept; null for a week, as deployed instances have it.</param>
    public ObjectStoreJobTracker(IObjectStore store, TimeSpan? timeToLive = null)
    {
        ArgumentNullException.ThrowIfNull(store);
        _timeToLive = timeToLive ?? TimeSpan.FromDays(7);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(_timeToLive, TimeSpan.Zero, nameof(timeToLive));
        _store = store is LocalObjectStore local ? new LocalObjectStore(local.RootFolder, new LocalObjectStoreOptions { Durable = false }) : store;
    }

    /// <inheritdoc/>
    public async Task AddAsync(JobUpdate update, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(update);
        byte[] bytes = JsonSerializer.SerializeToUtf8Bytes(update, JobJson.Default.JobUpdate);
        await _store.PutAsync(PathOf(update), bytes, cancellationToken).ConfigureAwait(false);
        if (update is JobFinished or JobFailed)
        {
            await _store.DeleteAsync(RunPath(update, "progress"), cancellationToken).ConfigureAwait(false);
        }
    }

    /// <inheritdoc/>
    public Task AddAsync(IngestTaskUpdate update, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(update);
        string path = $"{Tasks}{Hash(update.TaskId)}-{(update.FinishTime is null ? "started" : "finished")}.json";
        return _store.PutAsync(path, JsonSerializer.SerializeToUtf8Bytes(update, JobJson.Default.IngestTaskUpdate), cancellationToken);
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<JobUpdate> ReadJobAsync(string jobId, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(jobId);
        foreach (string folder in await FoldersAsync(cancellationToken).ConfigureAwait(false))
        {
            await foreach (var update in ReadAsync(folder + Hash(jobId), JobJson.TryReadUpdate, cancellationToken).ConfigureAwait(false))
            {
                yield return update;
            }
        }
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<JobUpdate> ReadTableAsync(string? tableId, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        foreach (string folder in tableId is null ? [Unknown] : await FoldersAsync(cancellationToken).ConfigureAwait(false))
        {
            await foreach (var update in ReadAsync(folder, JobJson.TryReadUpdate, cancellationToken).ConfigureAwait(false))
            {
                if (update.TableId == tableId)
                {
                    yield return update;
                }
            }
        }
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<JobUpdate> ReadRejectedAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        foreach (string folder in await FoldersAsync(cancellationToken).ConfigureAwait(false))
        {
            List<JobUpdate> updates = [];
            await foreach (var update in ReadAsync(folder, JobJson.TryReadUpdate, cancellationToken).ConfigureAwait(false))
            {
                updates.Add(update);
            }

            var rejected = updates.Where(u => u is JobValidated { IsAccepted: false }).Select(u => u.JobId).ToHashSet(StringComparer.Ordinal);
            foreach (var update in updates.Where(u => rejected.Contains(u.JobId)))
            {
                yield return update;
            }
        }
    }

    /// <inheritdoc/>
    public IAsyncEnumerable<IngestTaskUpdate> ReadTasksAsync(CancellationToken cancellationToken = default) => ReadAsync(Tasks, JobJson.TryReadTask, cancellationToken);

    /// <summary>Removes what is older than the tracker's time to live by the store's own times, of all tables.</summary>
    /// <inheritdoc/>
    public async Task<int> ForgetOldAsync(CancellationToken cancellationToken = default)
    {
        string[] folders = [.. await FoldersAsync(cancellationToken).ConfigureAwait(false), Tasks];
        var old = new List<string>();
        DateTimeOffset? now = null;
        foreach (string folder in folders)
        {
            await foreach (var found in _store.ListAsync(folder, null, cancellationToken).ConfigureAwait(false))
            {
                now ??= await StoreTimeAsync(cancellationToken).ConfigureAwait(false);
                if (now - found.LastModified > _timeToLive)
                {
                    old.Add(found.Path);
                }
            }
        }

        foreach (string path in old)
        {
            await _store.DeleteAsync(path, cancellationToken).ConfigureAwait(false);
        }

        return old.Count;
    }

    private static string FolderOf(string? tableName) => tableName is null ? Unknown : new TablePaths(tableName).AllJobs;

    private static string PathOf(JobUpdate update) => update.JobRunId is null
        ? string.Create(CultureInfo.InvariantCulture, $"{StartOf(update)}-{update.UpdateTime.ToUnixTimeMilliseconds():D13}-{(uint)SystemRandom.Next():x8}.json")
        : RunPath(update, update switch
        {
            JobValidated => "validated",
            JobStarted => "started",
            JobProgress => "progress",
            JobAddedFiles => "addedFiles",
            JobFinished => "finished",
            _ => "failed",
        });

    private static string RunPath(JobUpdate update, string type) => $"{StartOf(update)}-{Hash(update.JobRunId ?? "")}-{type}.json";

    private static string StartOf(JobUpdate update) => FolderOf(update.TableName) + Hash(update.JobId);

    private static string Hash(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)).AsSpan(0, HashDigits / 2));

    private async Task<DateTimeOffset> StoreTimeAsync(CancellationToken cancellationToken)
    {
        const string Clock = "_jobs/clock";
        await _store.PutAsync(Clock, "{}"u8.ToArray(), cancellationToken).ConfigureAwait(false);
        var found = await _store.HeadAsync(Clock, cancellationToken).ConfigureAwait(false);
        return found?.LastModified ?? DateTimeOffset.MinValue; // gone again: nothing is old then
    }

    private async Task<List<string>> FoldersAsync(CancellationToken cancellationToken)
    {
        List<string> folders = [Unknown];
        await foreach (string name in TableCatalog.ListAsync(_store, cancellationToken).ConfigureAwait(false))
        {
            folders.Add(FolderOf(name));
        }

        return folders;
    }

    private async IAsyncEnumerable<T> ReadAsync<T>(string prefix, Func<ReadOnlyMemory<byte>, T?> parse, [EnumeratorCancellation] CancellationToken cancellationToken)
        where T : class
    {
        List<string> paths = [];
        await foreach (var found in _store.ListAsync(prefix, null, cancellationToken).ConfigureAwait(false))
        {
            paths.Add(found.Path);
        }

        foreach (string[] some in paths.Chunk(ReadsAtOnce))
        {
            var read = await Task.WhenAll(some.Select(p => SmallObjects.ReadAsync(_store, p, cancellationToken))).ConfigureAwait(false);
            foreach (var bytes in read)
            {
                // What is gone meanwhile, or of a later version, is passed over.
                if (bytes is not null && parse(bytes.Value) is { } update)
                {
                    yield return update;
                }
            }
        }
    }
}
