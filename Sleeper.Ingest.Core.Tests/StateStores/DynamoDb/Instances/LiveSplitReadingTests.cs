using Amazon.DynamoDBv2.Model;
using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.Schemas;
using Sleeper.Ingest.Core.StateStores.DynamoDb.Instances;
using Sleeper.Ingest.Core.Tests.Emulators;

namespace Sleeper.Ingest.Core.Tests.StateStores.DynamoDb.Instances;

/// <summary>
/// A live table read back while its partitions are split: files of a leaf that became a parent, then the same files as halves of its children, each filtered by the leaf's region.
/// </summary>
public sealed class LiveSplitReadingTests
{
    private static readonly Schema Schema = Schema.Create().RowKey("key", FieldType.String).Value("value", FieldType.Long).Build();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Files_on_a_leaf_and_on_its_ancestors_and_halves_of_files_give_each_row_once_in_its_leaf()
    {
        var live = await LiveInstanceDump.LoadAsync("01-deployed");
        using var instance = await SleeperInstance.OpenAsync(live.ConfigBucket, LiveInstanceTests.OptionsOf(live), Token);
        var table = await Table.CreateAsync(instance, "split", Schema, cancellationToken: Token);
        string id = await LiveKeptTableTests.IdAsync(live, "split");
        Row[] before = [.. "azmlbyk".Select((c, i) => new Row(Schema, $"{c}", (long)i))];
        var ofRoot = await LiveInstanceTests.IngestAsync(instance, "split", before);
        await LiveKeptTableTests.SplitRootAsync(live, id);
        Row[] after = [new Row(Schema, "c", 10L), new Row(Schema, "x", 11L), new Row(Schema, "a", 12L)];
        await LiveInstanceTests.IngestAsync(instance, "split", after);

        // The first file is referenced on the root alone, which is no leaf any more.
        Assert.Equal("root", Assert.Single(ofRoot.Files[0].References).PartitionId);
        await AssertRowsAsync(table, before, after, outsideLeaves: 7);

        await PutHalvesAsync(live, id, ofRoot.Files[0].FileName);
        await AssertRowsAsync(table, before, after, outsideLeaves: 0);
        Assert.True((await table.DescribeAsync(Token)).IsRowCountApproximate);
    }

    private static async Task AssertRowsAsync(Table table, Row[] before, Row[] after, long outsideLeaves)
    {
        string[] all = [.. before.Concat(after).Select(LiveRows.Text).Order(StringComparer.Ordinal)];
        Assert.Equal(all, await LiveRows.ReadAsync(table.ReadAsync(Token)));
        Assert.Equal([.. all.Where(r => r[1] < 'm')], await LiveRows.ReadAsync(table.ReadAsync(TableQuery.All.WithRange(new FieldRange("key") { Max = "m" }), Token)));
        Assert.Equal([.. all.Where(r => r[1] >= 'm')], await LiveRows.ReadAsync(table.ReadAsync(TableQuery.All.WithRange(new FieldRange("key") { Min = "m" }), Token)));
        foreach (string key in (string[])["a", "l", "m", "z"])
        {
            Assert.Equal([.. all.Where(r => r.StartsWith($"\"{key}\"", StringComparison.Ordinal))], await LiveRows.ReadAsync(table.ReadAsync(key, Token)));
        }

        var described = await table.DescribeAsync(Token);
        Assert.Equal(2, described.Leaves.Count);
        Assert.Equal(outsideLeaves, described.RowCountAboveLeaves);
    }

    /// <summary>An entry as the original makes it when it moves references down the tree: half of the rows on each child, about.</summary>
    private static async Task PutHalvesAsync(LiveInstanceDump live, string tableId, string fileName)
    {
        string Reference(string partition, int rows, bool isWhole) =>
            $"{{\"filename\":\"{fileName}\",\"partitionId\":\"{partition}\",\"numberOfRows\":{rows},\"countApproximate\":{(isWhole ? "false" : "true")},"
            + $"\"onlyContainsDataForThisPartition\":{(isWhole ? "true" : "false")}}}";
        using var client = live.Aws.NewDynamoDbClient();
        await client.PutItemAsync(
            live.DynamoDbTable("file-transaction-log"),
            new Dictionary<string, AttributeValue>
            {
                ["TABLE_ID"] = new(tableId),
                ["TRANSACTION_NUMBER"] = new() { N = "3" },
                ["UPDATE_TIME"] = new() { N = "1795397268673" },
                ["TYPE"] = new("SPLIT_FILE_REFERENCES"),
                ["BODY"] = new($"{{\"requests\":[{{\"oldReference\":{Reference("root", 7, true)},\"newReferences\":[{Reference("left", 3, false)},{Reference("right", 3, false)}]}}]}}"),
            },
            Token);
    }
}
