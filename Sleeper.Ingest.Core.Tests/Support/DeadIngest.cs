using Sleeper.Ingest.Core.ObjectStores;
using Sleeper.Ingest.Core.StateStores;
using Sleeper.Ingest.Core.Tests.Checking;

namespace Sleeper.Ingest.Core.Tests.Support;

/// <summary>What must hold of a table after a process died or failed in an ingest, and what a later process does about it.</summary>
internal static class DeadIngest
{
    /// <summary>
    /// Asks twice whether the ingest is committed, compares that with the rows and with what the process said, runs the ingest again under its
    /// id with other rows, and checks that it is there once and unmixed. The checker looks at the table before that, and after everything was maintained.
    /// </summary>
    /// <param name="root">The folder of the store.</param>
    /// <param name="spill">The spill folder of the process.</param>
    /// <param name="ingest">The ingest.</param>
    /// <param name="said">What the process said of the ingest: committed, failed, unknown; null if it came to no end.</param>
    /// <param name="maintainFirst">True to maintain the table before the ingest is run again.</param>
    /// <param name="context">For messages.</param>
    public static async Task RecoverAsync(string root, string spill, WorkerIngest ingest, string? said, bool maintainFirst, string context)
    {
        var store = new LocalObjectStore(root, new LocalObjectStoreOptions { Durable = false });
        string folder = Path.Combine(root, "default");
        bool isCommitted = false;
        if (await SmallIngest.HasPartitionsAsync(store))
        {
            isCommitted = await IsCommittedAsync(store, ingest.Id);
            Assert.True(await IsCommittedAsync(store, ingest.Id) == isCommitted, $"{context}: two answers.");
            await AssertCopiesAsync(store, ingest, isCommitted ? 1 : 0, context);
            if (maintainFirst)
            {
                await MaintainAsync(store, spill, context);
            }

            var found = ingest.Expect(isCommitted ? Told.Committed : Told.Failed, isRunning: !maintainFirst);
            await TableChecker.AssertSoundAsync(folder, found, $"{context}: as it was found");
        }

        Assert.True(isCommitted || said != "committed", $"{context}: it was said to be committed and is not.");
        Assert.True(!isCommitted || said != "failed", $"{context}: it was said to have failed and is committed.");
        var again = ingest with { Filler = 1 };
        var outcome = await RunAsync(store, spill, again);
        Assert.True(outcome == (isCommitted ? IngestOutcome.AlreadyCommitted : IngestOutcome.Committed), $"{context}: run again it is {outcome}.");
        await AssertCopiesAsync(store, ingest, 1, context);
        await AssertOwnersAsync(store, context);
        Assert.True(!Directory.Exists(spill) || !Directory.EnumerateFileSystemEntries(spill).Any(), $"{context}: spill files were left.");
        await MaintainAsync(store, spill, context);
        await TableChecker.AssertSoundAsync(folder, (isCommitted ? ingest : again).Expect(Told.Committed), $"{context}: after it was run again");
    }

    private static async Task<bool> IsCommittedAsync(LocalObjectStore store, string id) =>
        (await (await Table.OpenAsync(store, "default")).ResolveAsync(id)).Committed is not null;

    private static async Task MaintainAsync(LocalObjectStore store, string spill, string context)
    {
        var table = await Table.OpenAsync(store, "default");
        var report = await table.MaintainAsync(new MaintenanceOptions { Grace = TimeSpan.Zero, SpillFolder = spill });
        Assert.True(report.Left.Count == 0, $"{context}: the maintenance left {string.Join(", ", report.Left)}");
    }

    private static async Task<IngestOutcome> RunAsync(LocalObjectStore store, string spill, WorkerIngest ingest)
    {
        await using var writer = await IngestFactory.Create().UseObjectStore(store).WithSchema(WorkerIngest.Schema).WithSplitPoints("g", "p").WithIngestId(ingest.Id)
            .WithMemoryBudget(16 << 20).WithDegreeOfParallelism(1).WithSpillFolder(spill).OpenAsync();
        await writer.WriteAsync(ingest.Rows());
        return (await writer.CompleteAsync()).Outcome;
    }

    private static async Task AssertCopiesAsync(LocalObjectStore store, WorkerIngest ingest, int expected, string context)
    {
        int copies = (await SmallIngest.CopiesAsync(store, ingest.RowCount)).GetValueOrDefault(ingest.Id);
        Assert.True(copies == expected, $"{context}: the ingest is there {copies} times, not {expected}.");
    }

    /// <summary>What the dead left under data has an intent that says whose it is: names begin with the ingest's hash and the attempt.</summary>
    public static async Task AssertOwnersAsync(IObjectStore store, string context)
    {
        foreach (string file in (await SmallIngest.StrayObjectsAsync(store)).Where(path => path.Contains("/data/", StringComparison.Ordinal)))
        {
            string[] parts = Path.GetFileName(file).Split('-');
            Assert.True(await store.HeadAsync($"default/ingests/{parts[0]}/{parts[1]}.json") is not null, $"{context}: '{file}' has no owner.");
        }
    }
}
