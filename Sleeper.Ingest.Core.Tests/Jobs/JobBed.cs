using Microsoft.Extensions.Logging;
using Sleeper.Ingest.Core.Jobs;
using Sleeper.Ingest.Core.ObjectStores;
using Sleeper.Ingest.Core.Queues;
using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.Tests.Support;

namespace Sleeper.Ingest.Core.Tests.Jobs;

/// <summary>
/// Tables, an inbox and input files: the table <c>flights</c> with the schema of <see cref="SmallIngest"/>, a bucket <c>in</c> in memory, a local folder. Every row tells
/// by its second field which file it is of.
/// </summary>
internal sealed class JobBed : IDisposable
{
    public const string TableName = "flights";

    private readonly TemporaryFolder _folder = new();

    private JobBed(IObjectStore tables)
    {
        Tables = tables;
        QueueStore = new InMemoryObjectStore("queue", QueueClock);
        Tracker = new ObjectStoreJobTracker(tables);
        Reports = new JobReports(Tracker);
        Queue = new ObjectStoreQueue(QueueStore, "", new() { PollInterval = TimeSpan.FromMilliseconds(5), SettleTime = TimeSpan.Zero });
        Options = new IngestJobWorkerOptions
        {
            Queue = Queue,
            Tables = new ObjectStoreJobTables(tables),
            Inputs = new JobInputs { OpenBucket = name => name == "in" ? Bucket : null },
            Tracker = Tracker,
            TaskId = "task-1",
            ReceiveWait = TimeSpan.Zero,
            RetryDelay = TimeSpan.FromMilliseconds(1),
            StopsWhenEmpty = true,
            LoggerFactory = Log,
            ConfigureIngest = f => f.WithMemoryBudget(32 << 20).WithDegreeOfParallelism(2).WithSpillFolder(Path.Combine(_folder.Path, "spill")),
        };
    }

    public IObjectStore Tables { get; }

    /// <summary>The time by which leases run out: it stands still until a test moves it.</summary>
    public ManualClock QueueClock { get; } = new();

    public InMemoryObjectStore QueueStore { get; }

    public InMemoryObjectStore Bucket { get; } = new("in");

    public ObjectStoreQueue Queue { get; }

    public IJobTracker Tracker { get; }

    public JobReports Reports { get; }

    public LogRecorder Log { get; } = new();

    /// <summary>How workers of the bed work: they stop when the queue is empty.</summary>
    public IngestJobWorkerOptions Options { get; set; }

    public string Folder => _folder.Path;

    public string TableId { get; private set; } = "";

    public static async Task<JobBed> NewAsync(IObjectStore? tables = null)
    {
        var bed = new JobBed(tables ?? new InMemoryObjectStore());
        await Table.CreateAsync(bed.Tables, TableName, SmallIngest.Schema, SmallIngest.SplitPoints);
        bed.TableId = (await new ObjectStoreJobTables(bed.Tables).FindAsync(null, TableName))!.Id;
        return bed;
    }

    /// <summary>Puts a Parquet file into the bucket; its rows say that they are of it.</summary>
    public async Task<string> PutFileAsync(string key, int rows = SmallIngest.RowCount, string? id = null)
    {
        await Bucket.PutAsync(key, SmallDataFile.Write(SmallIngest.Schema, [.. SmallIngest.Rows(id ?? key, rows)]));
        return $"in/{key}";
    }

    public Task<string> SendAsync(string json) => Queue.SendAsync(json);

    public Task<string> SendAsync(string id, params string[] files) => Queue.SendAsync(new IngestJobMessage { Id = id, TableName = TableName, Files = files }.ToJson());

    public Task RunWorkerAsync(CancellationToken cancellationToken = default) => new IngestJobWorker(Options).RunAsync(cancellationToken);

    /// <summary>How often the rows of each file are in the table.</summary>
    public Task<Dictionary<string, int>> CopiesAsync(int rowsPerFile = SmallIngest.RowCount) => SmallIngest.CopiesAsync(Tables, rowsPerFile, TableName);

    public async Task<JobStatus> StatusAsync(string jobId) => await Reports.FindAsync(jobId) ?? throw new InvalidOperationException($"Nothing is known of '{jobId}'.");

    public async Task<Dictionary<string, string>> DeadLettersAsync()
    {
        var found = new Dictionary<string, string>();
        await foreach (var letter in QueueStore.ListAsync("dead/"))
        {
            found[letter.Path["dead/".Length..]] = System.Text.Encoding.UTF8.GetString(await TableFixture.ReadAsync(QueueStore, letter.Path));
        }

        return found;
    }

    /// <summary>What no job should leave behind: messages, objects of the table that nobody owns (but records of jobs), spill files.</summary>
    public async Task<List<string>> LeftAsync()
    {
        List<string> left = [.. (await SmallIngest.StrayObjectsAsync(Tables, TableName)).Where(p => !p.StartsWith($"{TableName}/jobs/", StringComparison.Ordinal))];
        await foreach (var message in QueueStore.ListAsync(""))
        {
            if (!message.Path.StartsWith("dead/", StringComparison.Ordinal) && message.Path != "leases/clock")
            {
                left.Add(message.Path);
            }
        }

        left.AddRange(Directory.Exists(Path.Combine(Folder, "spill")) ? Directory.EnumerateFiles(Path.Combine(Folder, "spill"), "*", SearchOption.AllDirectories) : []);
        return left;
    }

    public void Dispose() => _folder.Dispose();
}
