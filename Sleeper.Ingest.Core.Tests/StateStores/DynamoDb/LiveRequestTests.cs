using System.Text.Json.Nodes;
using Sleeper.Ingest.Core.Tests.StateStores.DynamoDb.Arrow;
using Sleeper.Ingest.Core.Tests.Support;

namespace Sleeper.Ingest.Core.Tests.StateStores.DynamoDb;

/// <summary>How many requests a live table costs.</summary>
public sealed class LiveRequestTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Opening_for_writing_and_committing_cost_the_same_however_long_the_log_is()
    {
        const int Entries = 100_000;
        var table = await LiveTable.CreateAsync();
        table.DynamoDb.PageItems = 50_000;
        for (int i = 1; i <= Entries; i++)
        {
            table.PutOutside(LiveTable.FilesLog, i, "CLEAR_FILES", "{}");
        }

        string key = $"{LiveTable.TableId}/statestore/snapshots/99990-files.arrow";
        await table.Bucket.PutAsync(key, new SnapshotFixture("files-zero").Bytes, Token);
        table.DynamoDb.Put(LiveTable.LatestSnapshots, new JsonObject
        {
            ["TABLE_ID"] = new JsonObject { ["S"] = LiveTable.TableId },
            ["FILES_SNAPSHOT_PATH"] = new JsonObject { ["S"] = LiveTable.Root + key },
            ["FILES_TRANSACTION_NUMBER"] = new JsonObject { ["N"] = "99990" },
        });
        var bucket = new ScriptedObjectStore(table.Bucket);

        // An ingest with a made-up id: snapshots, partitions log, end of the files log; then both logs on from there, and the put.
        using var writer = table.Open(bucket: bucket);
        await writer.LoadPartitionsAsync(Token);
        var attempt = await writer.BeginFirstAttemptAsync("fresh", Token);
        Assert.Equal(3, table.DynamoDb.Calls.Count);
        Assert.Equal(Entries + 1, (await writer.CommitAsync(attempt, table.Commit(attempt), Token)).TransactionNumber);
        Assert.Equal(6, table.DynamoDb.Calls.Count);
        Assert.Empty(bucket.Calls);

        // One with an id of the caller's looks for it in all entries there are, page by page: 3 pages here.
        table.DynamoDb.ForgetCalls();
        using var second = table.Open(2, bucket: bucket);
        await second.LoadPartitionsAsync(Token);
        Assert.Null((await second.BeginAttemptAsync("own", Token)).Committed);
        Assert.Equal(2 + 3, table.DynamoDb.Calls.Count);

        // A reader begins at the snapshot.
        table.DynamoDb.ForgetCalls();
        using var reader = table.Open(3, bucket: bucket);
        Assert.Single((await reader.LoadStateAsync(Token)).References);
        Assert.Equal(3, table.DynamoDb.Calls.Count);
        Assert.Equal([$"open {key}"], bucket.Calls);
    }
}
