using Sleeper.Ingest.Core.Jobs;
using Sleeper.Ingest.Core.ObjectStores;
using Sleeper.Ingest.Core.Queues;
using Sleeper.Ingest.Core.Tests.Support;

namespace Sleeper.Ingest.Core.Tests.Jobs;

/// <summary>Checklist 37: the messages that the original was sent, over own tables of the same ids and schemas and the same input files: they end as the original's did.</summary>
public sealed class JavaJobTests
{
    [Fact]
    public async Task C37_The_originals_messages_end_as_with_the_original()
    {
        var tables = new InMemoryObjectStore();
        foreach (string id in new[] { "0a1b2c3d", "1e2f3a4b", "2c3d4e5f" })
        {
            await JavaJobs.CreateTableAsync(tables, id);
        }

        var source = new InMemoryObjectStore("sleeper-fixture-source");
        await JavaJobs.LoadSourceAsync(source);
        var queue = new ObjectStoreQueue(new InMemoryObjectStore());
        foreach (string message in JavaJobs.Messages())
        {
            await queue.SendAsync(message);
        }

        using var spill = new TemporaryFolder();
        var tracker = new ObjectStoreJobTracker(tables);
        await new IngestJobWorker(new IngestJobWorkerOptions
        {
            Queue = queue,
            Tables = new ObjectStoreJobTables(tables),
            Tracker = tracker,
            Inputs = new JobInputs { OpenBucket = bucket => bucket == "sleeper-fixture-source" ? source : null },
            ConfigureIngest = f => f.WithMemoryBudget(32 << 20).WithDegreeOfParallelism(1).WithSpillFolder(spill.Path),
            ReceiveWait = TimeSpan.Zero,
            StopsWhenEmpty = true,
        }).RunAsync();

        var reports = new JobReports(tracker);
        await JavaJobs.CompareStatesAsync(reports);
        await JavaJobs.CompareRejectedAsync(reports);
        await JavaJobs.CompareRowsAsync(reports, "0a1b2c3d", "orders");
        await JavaJobs.CompareRowsAsync(reports, "2c3d4e5f", "flights");
    }
}
