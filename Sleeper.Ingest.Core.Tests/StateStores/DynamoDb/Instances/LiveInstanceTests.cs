using System.Text.Json;
using System.Text.Json.Nodes;
using Amazon.DynamoDBv2.Model;
using Sleeper.Ingest.Core.Parquet;
using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.StateStores;
using Sleeper.Ingest.Core.StateStores.DynamoDb.Instances;
using Sleeper.Ingest.Core.Tests.Emulators;
using Sleeper.Ingest.Core.Tests.Support;
using TableNotFoundException = Sleeper.Ingest.Core.StateStores.TableNotFoundException;

namespace Sleeper.Ingest.Core.Tests.StateStores.DynamoDb.Instances;

/// <summary>Whole instances of the original in the emulator: opened, read, ingested into, and compared with what the original says and wrote itself.</summary>
public sealed class LiveInstanceTests
{
    /// <summary>One for the tests that do not mind each other's entries.</summary>
    private static readonly Lazy<Task<LiveInstanceDump>> Ingested = new(() => LiveInstanceDump.LoadAsync("02-ingested"));

    public static TheoryData<string> Dumps => [.. LiveInstanceDump.Names];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(Dumps))]
    public async Task Item_54_every_table_of_every_dump_reads_as_the_original_reads_it_and_takes_more_rows(string name)
    {
        var live = await LiveInstanceDump.LoadAsync(name);
        using var instance = await SleeperInstance.OpenAsync(live.ConfigBucket, OptionsOf(live), Token);
        Assert.Equal(live.Tables, (await instance.ListTablesAsync(Token).ToListAsync(Token)).Order(StringComparer.Ordinal));

        foreach (string tableName in live.Tables)
        {
            var table = await Table.OpenAsync(instance, tableName, Token);
            bool hasRows = live.Expects(tableName, "rows.jsonl");
            var before = hasRows ? LiveRows.Expected(live.Expected(tableName, "rows.jsonl"), table.Schema) : [];
            if (hasRows)
            {
                Assert.Equal(before, await LiveRows.ReadAsync(table.ReadAsync(Token)));
                await AssertLeavesAsync(live, table, tableName, leafCount: name == "03-lived-in" ? int.MaxValue : 1);
            }

            var rows = LiveRows.Make(table.Schema, 60, seed: 7);
            var result = await IngestAsync(instance, tableName, rows);

            Assert.Equal(IngestOutcome.Committed, result.Outcome);
            Assert.Equal(LastFilesEntry(live, tableName) + 1, result.CommitNumber);
            await AssertEntryLooksRealAsync(live, tableName, result);
            if (hasRows)
            {
                Assert.Equal([.. before.Concat(rows.Select(LiveRows.Text)).Order(StringComparer.Ordinal)], await LiveRows.ReadAsync(table.ReadAsync(Token)));
            }
        }
    }

    /// <summary>Rows of one entry of the original, ingested again: the same partitions get the same numbers of rows, in files laid out in the same way.</summary>
    [Theory]
    [InlineData("orders", 1, "one_reference_per_leaf")]
    [InlineData("orders", 2, "one_file_per_leaf")]
    [InlineData("flights", 1, "one_file_per_leaf")]
    [InlineData("flights", 2, "one_reference_per_leaf")]
    public async Task What_the_original_ingested_becomes_the_same_entry_member_by_member(string tableName, int number, string strategy)
    {
        var live = await Ingested.Value;
        await SetPropertyAsync(live, tableName, "sleeper.table.ingest.file.writing.strategy", strategy);
        using var instance = await SleeperInstance.OpenAsync(live.ConfigBucket, OptionsOf(live), Token);
        using var s3 = live.Aws.NewS3Client();
        var theirs = JsonNode.Parse(live.Expected(tableName, $"transactions/files-{number}.json"))!["body"]!.AsObject();
        await using var writer = await IngestFactory.Create().UseSleeperInstance(instance).WithTable(tableName).OpenAsync(Token);
        using var folder = new TemporaryFolder();
        foreach (var file in theirs["files"]!.AsArray())
        {
            string key = ((string)file!["filename"]!).Split('/', 4)[3];
            using var found = await s3.GetObjectAsync(live.DataBucket, key, Token);
            string path = Path.Combine(folder.Path, Path.GetFileName(key));
            await found.WriteResponseStreamToFileAsync(path, append: false, Token);
            await writer.WriteParquetAsync(path, Token);
        }

        var result = await writer.CompleteAsync(Token);

        var ours = JsonNode.Parse((await ItemAsync(live, tableName, result.CommitNumber))["BODY"].S)!.AsObject();
        Assert.Equal(Comparable(theirs), Comparable(ours));
    }

    [Fact]
    public async Task Files_are_written_as_the_tables_properties_say()
    {
        var live = await LiveInstanceDump.LoadAsync("01-deployed");
        foreach (var (property, value) in (IEnumerable<(string, string)>)
        [
            ("sleeper.table.parquet.compression.codec", "GZIP"),
            ("sleeper.table.parquet.rowgroup.rows.max", "50"),
            ("sleeper.table.parquet.page.size", "2K"),
            ("sleeper.table.parquet.writer.version", "v1"),
            ("sleeper.table.parquet.dictionary.encoding.value.fields", "true"),
            ("sleeper.table.parquet.columnindex.truncate.length", "2"),
            ("sleeper.table.parquet.statistics.truncate.length", "3"),
        ])
        {
            await SetPropertyAsync(live, "flights", property, value);
        }

        using var instance = await SleeperInstance.OpenAsync(live.ConfigBucket, OptionsOf(live), Token);
        var table = await Table.OpenAsync(instance, "flights", Token);
        var rows = LiveRows.Make(table.Schema, 130, seed: 3).ConvertAll(r => new Row(table.Schema, "aaaa" + r[0].AsString(), r[1], "carrier", r[3]));

        var result = await IngestAsync(instance, "flights", rows);

        var file = Assert.Single(result.Files);
        using var written = await OpenFileAsync(live, file.FileName);
        var metadata = written.Metadata;
        Assert.Equal([50, 50, 30], metadata.RowGroups.Select(g => g.NumRows));
        Assert.All(metadata.RowGroups, g => Assert.All(g.Columns, c => Assert.Equal("Gzip", c.Metadata!.Codec.ToString())));
        Assert.All(metadata.RowGroups, g => Assert.Equal(3, g.Columns[0].Metadata!.Statistics!.MaxValue!.Length));
        Assert.All(metadata.RowGroups, g => Assert.Null(g.Columns[0].Metadata!.DictionaryPageOffset));
        Assert.All(metadata.RowGroups, g => Assert.NotNull(g.Columns[2].Metadata!.DictionaryPageOffset));
        Assert.DoesNotContain(metadata.RowGroups.SelectMany(g => g.Columns).SelectMany(c => c.Metadata!.Encodings), e => e.ToString().StartsWith("Delta", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_table_is_found_by_its_id_and_a_name_goes_before()
    {
        var live = await Ingested.Value;
        using var instance = await SleeperInstance.OpenAsync(live.ConfigBucket, OptionsOf(live), Token);

        var table = await Table.OpenAsync(instance, "2c3d4e5f", Token);

        Assert.Equal("flights", table.Name);
        var error = await Assert.ThrowsAsync<TableNotFoundException>(() => Table.OpenAsync(instance, "ffffffff", Token));
        Assert.Contains($"the instance '{live.InstanceId}'", error.Message, StringComparison.Ordinal);
    }

    internal static SleeperInstanceOptions OptionsOf(LiveInstanceDump live) => new()
    {
        Credentials = AwsEmulator.Credentials,
        S3Config = live.Aws.NewS3Config(),
        DynamoDbConfig = live.Aws.NewDynamoDbConfig(),
        SqsConfig = live.Aws.NewSqsConfig(),
    };

    internal static async Task<IngestResult> IngestAsync(SleeperInstance instance, string tableName, IEnumerable<Row> rows)
    {
        await using var writer = await IngestFactory.Create().UseSleeperInstance(instance).WithTable(tableName).OpenAsync(Token);
        await writer.WriteAsync(rows, Token);
        return await writer.CompleteAsync(Token);
    }

    /// <summary>Changes a table's properties as an administrator would.</summary>
    internal static async Task SetPropertyAsync(LiveInstanceDump live, string tableName, string property, string value)
    {
        using var s3 = live.Aws.NewS3Client();
        string id = JsonNode.Parse(live.Expected(tableName, "table.json"))!["tableId"]!.GetValue<string>();
        string key = LiveTableProperties.PathOf(id);
        using var found = await s3.GetObjectAsync(live.ConfigBucket, key, Token);
        string text = await new StreamReader(found.ResponseStream).ReadToEndAsync(Token);
        await s3.PutObjectAsync(new() { BucketName = live.ConfigBucket, Key = key, ContentBody = $"{text}\n{property}={value}\n" }, Token);
    }

    internal static async Task<Dictionary<string, AttributeValue>> ItemAsync(LiveInstanceDump live, string tableName, long number)
    {
        using var client = live.Aws.NewDynamoDbClient();
        string id = JsonNode.Parse(live.Expected(tableName, "table.json"))!["tableId"]!.GetValue<string>();
        var key = new Dictionary<string, AttributeValue>
        {
            ["TABLE_ID"] = new(id),
            ["TRANSACTION_NUMBER"] = new() { N = number.ToString(System.Globalization.CultureInfo.InvariantCulture) },
        };
        return (await client.GetItemAsync(live.DynamoDbTable("file-transaction-log"), key, Token)).Item;
    }

    private static long LastFilesEntry(LiveInstanceDump live, string tableName) => JsonNode.Parse(live.Expected(tableName, "table.json"))!["lastFilesTransaction"]!.GetValue<long>();

    /// <summary>Each row is found in the leaf in which the original found it: the leaf's region, read alone, has its rows and no others.</summary>
    private static async Task AssertLeavesAsync(LiveInstanceDump live, Table table, string tableName, int leafCount)
    {
        var byLeaf = live.Expected(tableName, "rows.jsonl").Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => LiveRows.ExpectedLine(line, table.Schema))
            .ToLookup(r => r.Leaf, r => r.Row, StringComparer.Ordinal);
        foreach (var leaf in (await table.DescribeAsync(Token)).Leaves.Take(leafCount))
        {
            var query = TableQuery.All.WithRange([.. leaf.Region.Ranges.Select(r => new FieldRange(r.FieldName) { Min = r.Min, Max = r.Max })]);
            Assert.Equal([.. byLeaf[leaf.PartitionId].Order(StringComparer.Ordinal)], await LiveRows.ReadAsync(table.ReadAsync(query, Token)));
        }
    }

    /// <summary>Our entry has the attributes and members that the original's have, with values of the same kinds; and its files are where it says.</summary>
    private static async Task AssertEntryLooksRealAsync(LiveInstanceDump live, string tableName, IngestResult result)
    {
        var item = await ItemAsync(live, tableName, result.CommitNumber);
        Assert.Equal(["BODY", "TABLE_ID", "TRANSACTION_NUMBER", "TYPE", "UPDATE_TIME"], item.Keys.Order(StringComparer.Ordinal));
        Assert.Equal("ADD_FILES", item["TYPE"].S);
        Assert.InRange(
            DateTimeOffset.FromUnixTimeMilliseconds(long.Parse(item["UPDATE_TIME"].N, System.Globalization.CultureInfo.InvariantCulture)),
            DateTimeOffset.UtcNow.AddHours(-1), DateTimeOffset.UtcNow.AddHours(1));

        var body = JsonNode.Parse(item["BODY"].S)!.AsObject();
        Assert.Equal(["files"], body.Select(m => m.Key));
        string id = JsonNode.Parse(live.Expected(tableName, "table.json"))!["tableId"]!.GetValue<string>();
        using var s3 = live.Aws.NewS3Client();
        long rows = 0;
        foreach (var file in body["files"]!.AsArray().Select(f => f!.AsObject()))
        {
            Assert.Equal(["filename", "references"], file.Select(m => m.Key).Order(StringComparer.Ordinal));
            string name = file["filename"]!.GetValue<string>();
            Assert.Matches($"^s3a://{live.DataBucket}/{id}/data/partition_[^/]+/[0-9a-f]{{32}}-[0-9a-f]{{16}}-[0-9]+\\.parquet$", name);
            string key = name.Split('/', 4)[3];
            await s3.GetObjectMetadataAsync(live.DataBucket, key, Token);
            await s3.GetObjectMetadataAsync(live.DataBucket, key.Replace(".parquet", ".sketches", StringComparison.Ordinal), Token);
            foreach (var reference in file["references"]!.AsArray().Select(r => r!.AsObject()))
            {
                Assert.Equal(["countApproximate", "numberOfRows", "onlyContainsDataForThisPartition", "partitionId"], reference.Select(m => m.Key).Order(StringComparer.Ordinal));
                Assert.False(reference["countApproximate"]!.GetValue<bool>());
                Assert.Equal(file["references"]!.AsArray().Count == 1, reference["onlyContainsDataForThisPartition"]!.GetValue<bool>());
                rows += reference["numberOfRows"]!.GetValue<long>();
            }
        }

        Assert.Equal(result.RowCount, rows);
    }

    private static string Comparable(JsonObject body)
    {
        foreach (var file in body["files"]!.AsArray().Select(f => f!.AsObject()))
        {
            // What stands in the place of the file's own name is made up by both.
            string name = file["filename"]!.GetValue<string>();
            file["filename"] = name[..(name.LastIndexOf('/') + 1)] + "*.parquet";
            file["references"] = new JsonArray([.. file["references"]!.AsArray().OrderBy(r => r!["partitionId"]!.GetValue<string>(), StringComparer.Ordinal).Select(r => r!.DeepClone())]);
        }

        body["files"] = new JsonArray([.. body["files"]!.AsArray().OrderBy(f => f!["filename"]!.GetValue<string>(), StringComparer.Ordinal).Select(f => f!.DeepClone())]);
        return body.ToJsonString(new JsonSerializerOptions { WriteIndented = true });
    }

    internal static async Task<ParquetFileReader> OpenFileAsync(LiveInstanceDump live, string fileName)
    {
        using var s3 = live.Aws.NewS3Client();
        using var found = await s3.GetObjectAsync(live.DataBucket, fileName.Split('/', 4)[3], Token);
        using var bytes = new MemoryStream();
        await found.ResponseStream.CopyToAsync(bytes, Token);
        return await ParquetFileReader.OpenAsync(new BytesSource(fileName, bytes.ToArray()), ParquetReaderLimits.Default, Token);
    }
}
