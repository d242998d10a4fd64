using System.Text.Json.Nodes;
using Sleeper.Ingest.Core.Tests.StateStores.DynamoDb.Arrow;
using Sleeper.Ingest.Core.Tests.StateStores.DynamoDb.Instances;
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

        // An ingest with a made-up id: snapshots, partitions log; then the end of the files log, the partitions log from there, and the put.
        using var writer = table.Open(bucket: bucket);
        await writer.LoadPartitionsAsync(Token);
        var attempt = await writer.BeginFirstAttemptAsync("fresh", Token);
        Assert.Equal(2, table.DynamoDb.Calls.Count);
        Assert.Equal(Entries + 1, (await writer.CommitAsync(attempt, table.Commit(attempt), Token)).TransactionNumber);
        Assert.Equal(5, table.DynamoDb.Calls.Count);
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

    /// <summary>
    /// The original finds the table (2 requests), reads both logs, each from its snapshot (<c>sequences/first-initialise-partitions</c> has the four queries; with a snapshot an object more for each log), sends
    /// file and sketches, and puts. Here the files' snapshot is not read, and the partitions log is looked at again just before the put.
    /// </summary>
    [Theory]
    [InlineData("04-snapshotted", 2 + 4 + 2 + 2 + 1)]
    [InlineData("02-ingested", 2 + 4 + 2 + 1)]
    public async Task An_ingest_takes_no_more_requests_than_the_originals(string dump, int original)
    {
        Assert.Equal(
            ["Query", "Query", "Query", "Query", "PutItem"],
            LiveChecklistTests.Fixture("requests", "sequences", "first-initialise-partitions.json").EnumerateArray().Where(r => r.TryGetProperty("operation", out _)).Select(r => r.GetProperty("operation").GetString()));
        var place = InProcessInstance.Load(dump);
        using var instance = await place.OpenAsync();
        var schema = (await Table.OpenAsync(instance, "orders", Token)).Schema;
        int before = place.Requests.Count;

        await LiveInstanceTests.IngestAsync(instance, "orders", LiveRows.Make(schema, 20, seed: 1));

        var requests = place.Requests.Skip(before).ToList();
        Assert.True(requests.Count <= original, $"{requests.Count} of {original}:\n{string.Join("\n", requests)}");
        Assert.Equal((2, 1), (requests.Count(r => r.Action == "s3:PutObject"), requests.Count(r => r.Action == "dynamodb:PutItem")));
    }
}
