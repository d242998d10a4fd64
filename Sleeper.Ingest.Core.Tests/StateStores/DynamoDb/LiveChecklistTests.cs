using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Sleeper.Ingest.Core.Tests.Support;

namespace Sleeper.Ingest.Core.Tests.StateStores.DynamoDb;

/// <summary>The state store's checklist over live tables, by its numbers: writing, reading, snapshots, partitions.</summary>
public sealed partial class LiveChecklistTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    internal static JsonElement Fixture(params string[] path) =>
        JsonDocument.Parse(File.ReadAllText(RepositoryFolder.Combine(["Sleeper.Ingest.Core.Tests", "Fixtures", .. path]), Encoding.UTF8)).RootElement.Clone();

    private static IEnumerable<(long Number, string Type, string Body)> WorkedExample(string log) =>
        File.ReadLines(RepositoryFolder.Combine("Sleeper.Ingest.Core.Tests", "Fixtures", "worked-example", log + "-log.jsonl"), Encoding.UTF8)
            .Select(line => JsonDocument.Parse(line).RootElement)
            .Select(e => (e.GetProperty("number").GetInt64(), e.GetProperty("type").GetString()!, e.GetProperty("body").GetRawText()));

    private static IEnumerable<string> Members(JsonNode json) => json.AsObject().Select(m => m.Key);

    private static IReadOnlyList<DynamoDbCall> Puts(LiveTable table) => [.. table.DynamoDb.Calls.Where(c => c.Operation == "PutItem")];

    private static long NumberOf(DynamoDbCall put) => long.Parse((string)put.Request["Item"]!["TRANSACTION_NUMBER"]!["N"]!);

    /// <summary>A body that adds a file of another program.</summary>
    private static string OtherFile(long number) =>
        $$"""{"files":[{"filename":"{{LiveTable.Root}}{{LiveTable.TableId}}/data/partition_p0/other-{{number}}.parquet","references":[{"partitionId":"p0","numberOfRows":1,"countApproximate":false,"onlyContainsDataForThisPartition":true}]}]}""";

    /// <summary>Another program takes the number that each of the next puts wants, before it.</summary>
    private static void TakeNumbers(LiveTable table, int count)
    {
        table.DynamoDb.Before = call =>
        {
            if (call.Operation == "PutItem" && count-- > 0)
            {
                table.PutOutside(LiveTable.FilesLog, NumberOf(call), "ADD_FILES", OtherFile(NumberOf(call)));
            }

            return Task.CompletedTask;
        };
    }
}
