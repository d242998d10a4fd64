using System.Text.Json;
using Amazon.DynamoDBv2.Model;

namespace Sleeper.Ingest.Core.Tests.Emulators;

public sealed class LiveInstanceDumpTests
{
    [Fact]
    public async Task A_dump_is_there_whole_under_names_of_its_own()
    {
        var live = await LiveInstanceDump.LoadAsync("04-snapshotted");
        using var s3 = live.Aws.NewS3Client();
        using var dynamoDb = live.Aws.NewDynamoDbClient();

        using var index = JsonDocument.Parse(File.ReadAllText(Path.Combine(LiveInstanceDump.FolderOf("04-snapshotted"), "s3", "index.json")));
        var listed = (await s3.ListObjectsV2Async(new() { BucketName = live.DataBucket })).S3Objects;
        var config = (await s3.ListObjectsV2Async(new() { BucketName = live.ConfigBucket })).S3Objects;
        Assert.Equal(
            index.RootElement.GetProperty("objects").EnumerateArray().Where(o => !o.GetProperty("bucket").GetString()!.EndsWith("source", StringComparison.Ordinal))
                .Select(o => (o.GetProperty("key").GetString()!, o.GetProperty("key").GetString() == "instance.properties" ? 0 : o.GetProperty("size").GetInt64())).Order(),
            [.. listed.Concat(config).Select(o => (o.Key, o.Key == "instance.properties" ? 0L : o.Size!.Value)).Order()]);

        var item = await dynamoDb.GetItemAsync(
            live.DynamoDbTable("transaction-log-latest-snapshots"), new Dictionary<string, AttributeValue> { ["TABLE_ID"] = new("2c3d4e5f") });
        Assert.StartsWith($"s3a://{live.DataBucket}/2c3d4e5f/statestore/snapshots/", item.Item["FILES_SNAPSHOT_PATH"].S, StringComparison.Ordinal);
        Assert.Equal(["bulky", "events", "flights", "orders"], live.Tables);
        Assert.Contains(live.DataBucket, live.Expected("orders", "file-references.json"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Two_loads_do_not_meet()
    {
        var first = await LiveInstanceDump.LoadAsync("01-deployed");
        var second = await LiveInstanceDump.LoadAsync("01-deployed");

        Assert.NotEqual(first.ConfigBucket, second.ConfigBucket);
        Assert.Equal("fixture".Length, first.InstanceId.Length);
    }
}
