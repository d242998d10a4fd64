using System.Globalization;
using Sleeper.Ingest.Core.ObjectStores;
using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.Schemas;
using Sleeper.Ingest.Core.StateStores.OwnTables;

namespace Sleeper.Ingest.Core.Tests.Support;

/// <summary>What must hold of a table after a process died or failed in an ingest, and what a later process does about it.</summary>
internal static class DeadIngest
{
    private static readonly Schema Schema = Schema.Create().RowKey("key", FieldType.String).Value("ingest", FieldType.String)
        .Value("number", FieldType.Int).Value("filler", FieldType.ByteArray).Build();

    /// <summary>
    /// Asks twice whether the ingest is committed, compares that with the rows and with what the process said, runs the ingest again under its
    /// id, and checks that it is there once.
    /// </summary>
    /// <param name="root">The folder of the store.</param>
    /// <param name="spill">The spill folder of the process.</param>
    /// <param name="id">The ingest.</param>
    /// <param name="rows">How many rows it has.</param>
    /// <param name="said">What the process said of the ingest: committed, failed, unknown; null if it came to no end.</param>
    /// <param name="context">For messages.</param>
    public static async Task RecoverAsync(string root, string spill, string id, int rows, string? said, string context)
    {
        var store = new LocalObjectStore(root, new LocalObjectStoreOptions { Durable = false });
        bool isCommitted = false;
        if (await OwnTable.ExistsAsync(store, "default"))
        {
            var first = await Table.OpenAsync(store, "default");
            isCommitted = await HasPartitionsAsync(store) && (await first.ResolveAsync(id)).Committed is not null;
            if (await HasPartitionsAsync(store))
            {
                Assert.True((await (await Table.OpenAsync(store, "default")).ResolveAsync(id)).Committed is not null == isCommitted, $"{context}: two answers.");
                await AssertCopiesAsync(store, id, rows, isCommitted ? 1 : 0, context);
            }
        }

        Assert.True(isCommitted || said != "committed", $"{context}: it was said to be committed and is not.");
        Assert.True(!isCommitted || said != "failed", $"{context}: it was said to have failed and is committed.");
        var outcome = await RunAgainAsync(store, spill, id, rows);
        Assert.True(outcome == (isCommitted ? IngestOutcome.AlreadyCommitted : IngestOutcome.Committed), $"{context}: run again it is {outcome}.");
        await AssertCopiesAsync(store, id, rows, 1, context);
        Assert.True(!Directory.Exists(spill) || !Directory.EnumerateFileSystemEntries(spill).Any(), $"{context}: spill files were left.");
        await AssertLogAsync(store, context);
        await AssertOwnersAsync(store, context);
    }

    private static async Task<bool> HasPartitionsAsync(LocalObjectStore store)
    {
        using var table = await OwnTable.OpenAsync(store, "default", TableFixture.Options());
        return await table.HasPartitionsAsync(CancellationToken.None);
    }

    /// <summary>The fillers may differ: who reads them back finds out that rows of two runs are not mixed by their number.</summary>
    private static async Task<IngestOutcome> RunAgainAsync(LocalObjectStore store, string spill, string id, int rows)
    {
        await using var writer = await IngestFactory.Create().UseObjectStore(store).WithSchema(Schema).WithSplitPoints("g", "p").WithIngestId(id)
            .WithMemoryBudget(16 << 20).WithDegreeOfParallelism(1).WithSpillFolder(spill).OpenAsync();
        await writer.WriteAsync(Enumerable.Range(0, rows).Select(i =>
            new Row(Schema, ((char)('a' + (i * 7 % 26))).ToString(CultureInfo.InvariantCulture), id, i, new byte[1])));
        return (await writer.CompleteAsync()).Outcome;
    }

    private static async Task AssertCopiesAsync(LocalObjectStore store, string id, int rows, int expected, string context)
    {
        int copies = (await SmallIngest.CopiesAsync(store, rows)).GetValueOrDefault(id);
        Assert.True(copies == expected, $"{context}: the ingest is there {copies} times, not {expected}.");
    }

    public static async Task AssertLogAsync(LocalObjectStore store, string context)
    {
        var entries = await TableFixture.ObjectsAsync(store, "default/log/files/");
        var numbers = Enumerable.Range(1, entries.Count).Select(n => $"default/log/files/{n:d20}.json");
        Assert.True(numbers.SequenceEqual(entries.Order(StringComparer.Ordinal)), $"{context}: the log is {string.Join(", ", entries)}.");
    }

    /// <summary>What the dead left under data has an intent that says whose it is: names begin with the ingest's hash and the attempt.</summary>
    public static async Task AssertOwnersAsync(LocalObjectStore store, string context)
    {
        foreach (string file in (await SmallIngest.StrayObjectsAsync(store)).Where(path => path.Contains("/data/", StringComparison.Ordinal)))
        {
            string[] parts = Path.GetFileName(file).Split('-');
            Assert.True(await store.HeadAsync($"default/ingests/{parts[0]}/{parts[1]}.json") is not null, $"{context}: '{file}' has no owner.");
        }
    }
}
