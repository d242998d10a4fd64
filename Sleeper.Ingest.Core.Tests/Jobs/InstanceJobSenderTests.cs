using System.Text;
using System.Text.Json.Nodes;
using Sleeper.Ingest.Core.Jobs;
using Sleeper.Ingest.Core.ObjectStores;
using Sleeper.Ingest.Core.ObjectStores.S3;
using Sleeper.Ingest.Core.Queues;
using Sleeper.Ingest.Core.Queues.Sqs;
using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.Schemas;
using Sleeper.Ingest.Core.StateStores.DynamoDb.Instances;
using Sleeper.Ingest.Core.Tests.Emulators;
using Sleeper.Ingest.Core.Tests.Support;

namespace Sleeper.Ingest.Core.Tests.Jobs;

/// <summary>Jobs sent to a deployed instance.</summary>
public sealed class InstanceJobSenderTests
{
    private readonly Dictionary<string, ScriptedQueue> _queues = [];

    [Fact]
    public async Task Item_01_an_ingest_job_is_the_originals_json_in_the_queue_that_the_properties_name()
    {
        using var instance = await OpenAsync();
        string expected = Message("ingest-job-files");
        var fixture = JsonNode.Parse(expected)!;

        string id = await Sender(instance).SendAsync(
            new IngestJobMessage
            {
                Id = "job-files",
                TableName = "flights",
                Files = [.. fixture["files"]!.AsArray().Select(f => f!.GetValue<string>())],
            },
            TestContext.Current.CancellationToken);

        Assert.Equal("job-files", id);
        AssertSent(instance, "IngestJobQ", expected);
    }

    [Fact]
    public async Task Item_02_a_job_without_id_gets_one()
    {
        using var instance = await OpenAsync();

        string id = await Sender(instance).SendAsync(new IngestJobMessage { TableId = "2c3d4e5f", Files = ["b/k"] }, TestContext.Current.CancellationToken);

        Assert.True(Guid.TryParse(id, out _));
        AssertSent(instance, "IngestJobQ", $$"""{"id":"{{id}}","tableId":"2c3d4e5f","files":["b/k"]}""");
    }

    [Fact]
    public async Task Files_for_the_batcher_are_the_originals_json_in_its_queue()
    {
        using var instance = await OpenAsync();
        string expected = Message("ingest-batcher-submit");

        await Sender(instance).SendToBatcherAsync(
            "flights", [.. JsonNode.Parse(expected)!["files"]!.AsArray().Select(f => f!.GetValue<string>())], TestContext.Current.CancellationToken);

        AssertSent(instance, "IngestBatcherSubmitQ", expected);
    }

    [Theory]
    [InlineData("bulk-import-job-minimal")]
    [InlineData("bulk-import-job-full")]
    public void A_bulk_import_is_the_originals_json(string fixture)
    {
        string expected = Message(fixture);
        var json = JsonNode.Parse(expected)!;
        var job = new BulkImportJobMessage
        {
            Id = json["id"]!.GetValue<string>(),
            TableName = json["tableName"]?.GetValue<string>(),
            TableId = json["tableId"]?.GetValue<string>(),
            Files = [.. json["files"]!.AsArray().Select(f => f!.GetValue<string>())],
            ClassName = json["className"]?.GetValue<string>(),
            PlatformSpec = Texts(json["platformSpec"]),
            SparkConf = Texts(json["sparkConf"]),
        };

        Assert.Empty(job.FindFaults());
        Assert.Equal(json.ToJsonString(), JsonNode.Parse(job.ToJson())!.ToJsonString());
    }

    [Theory]
    [InlineData(BulkImportPlatform.EmrServerless, "sleeper.bulk.import.emr.serverless.job.queue.url")]
    [InlineData(BulkImportPlatform.Emr, "sleeper.bulk.import.emr.job.queue.url")]
    [InlineData(BulkImportPlatform.PersistentEmr, "sleeper.bulk.import.persistent.emr.job.queue.url")]
    [InlineData(BulkImportPlatform.Eks, "sleeper.bulk.import.eks.job.queue.url")]
    public async Task A_platform_that_is_not_deployed_is_named_with_its_property(BulkImportPlatform platform, string property)
    {
        using var instance = await OpenAsync();

        var error = await Assert.ThrowsAsync<IngestException>(() =>
            Sender(instance).SendAsync(new BulkImportJobMessage { TableName = "flights", Files = ["b/k"] }, platform, TestContext.Current.CancellationToken));

        Assert.Contains(property, error.Message, StringComparison.Ordinal);
        Assert.Contains(instance.Id, error.Message, StringComparison.Ordinal);
        Assert.Empty(_queues);
    }

    [Theory]
    [InlineData(BulkImportPlatform.EmrServerless, "sleeper.bulk.import.emr.serverless.job.queue.url")]
    [InlineData(BulkImportPlatform.Emr, "sleeper.bulk.import.emr.job.queue.url")]
    [InlineData(BulkImportPlatform.PersistentEmr, "sleeper.bulk.import.persistent.emr.job.queue.url")]
    [InlineData(BulkImportPlatform.Eks, "sleeper.bulk.import.eks.job.queue.url")]
    public async Task A_bulk_import_goes_to_the_queue_of_its_platform(BulkImportPlatform platform, string property)
    {
        var place = InProcessInstance.Load("05-jobs");
        using var s3 = place.S3.NewClient();
        var config = new S3ObjectStore(s3, InProcessInstance.ConfigBucketName);
        byte[] properties = await TableFixture.ReadAsync(config, "instance.properties");
        await config.PutAsync("instance.properties", (byte[])[.. properties, .. Encoding.UTF8.GetBytes($"\n{property}=http://sqs.invalid/bulk\n")]);
        using var instance = await place.OpenDirectAsync();
        var job = new BulkImportJobMessage { Id = "bulk-1", TableName = "flights", Files = ["b/k"] };

        string id = await Sender(instance).SendAsync(job, platform, TestContext.Current.CancellationToken);

        var (url, queue) = Assert.Single(_queues);
        Assert.Equal(("bulk-1", "http://sqs.invalid/bulk", job.ToJson()), (id, url, Assert.Single(queue.Sent)));
    }

    [Fact]
    public async Task A_bulk_import_that_would_be_rejected_is_refused_with_every_reason()
    {
        using var instance = await OpenAsync();
        var job = new BulkImportJobMessage { Id = "Not_Good" + new string('x', 60) };

        var error = await Assert.ThrowsAsync<ArgumentException>(() => Sender(instance).SendAsync(job, BulkImportPlatform.Emr, TestContext.Current.CancellationToken));

        Assert.Contains("Job Ids must only contain lowercase alphanumerics and dashes.", error.Message, StringComparison.Ordinal);
        Assert.Contains("Job IDs are only allowed to be up to 63 characters long.", error.Message, StringComparison.Ordinal);
        Assert.Contains("The input files must be set to a non-null and non-empty value.", error.Message, StringComparison.Ordinal);
        Assert.Contains("Neither the table's name nor its id", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData(" ")]
    [InlineData("/key")]
    public async Task A_path_that_would_end_the_originals_task_is_refused_before_it_is_sent(string path)
    {
        using var instance = await OpenAsync();
        var sender = Sender(instance);

        await Assert.ThrowsAsync<ArgumentException>(() => sender.SendAsync(new IngestJobMessage { TableName = "flights", Files = ["b/k", path] }, TestContext.Current.CancellationToken));
        await Assert.ThrowsAsync<ArgumentException>(() => sender.SendToBatcherAsync("flights", [path], TestContext.Current.CancellationToken));
        await Assert.ThrowsAsync<ArgumentException>(() => sender.SendAsync(new IngestJobMessage { TableName = "flights" }, TestContext.Current.CancellationToken));
        Assert.Empty(_queues);
    }

    [Fact]
    public async Task Over_SQS_the_job_arrives()
    {
        var live = await LiveInstanceDump.LoadAsync("05-jobs");
        using var instance = await SleeperInstance.OpenAsync(live.ConfigBucket, OptionsOf(live), TestContext.Current.CancellationToken);
        using var client = new SqsClient(AwsEmulator.Credentials, new SqsClientConfig { ServiceURL = live.Aws.ServiceUrl, AuthenticationRegion = AwsEmulator.Region });
        string url = instance.Properties["sleeper.ingest.job.queue.url"];
        await client.CreateQueueAsync(url[(url.LastIndexOf('/') + 1)..], null, TestContext.Current.CancellationToken);

        await new InstanceJobSender(instance, client).SendAsync(
            new IngestJobMessage { Id = "job-é日本", TableName = "orders", Files = ["bucket/日本 é.parquet"] }, TestContext.Current.CancellationToken);

        var message = await new SqsQueue(client, url).ReceiveAsync(TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        Assert.Equal("""{"id":"job-é日本","tableName":"orders","files":["bucket/日本 é.parquet"]}""", message!.Body);
    }

    [Fact]
    public async Task Rows_become_a_file_with_the_originals_columns_and_a_job_for_it()
    {
        var live = await LiveInstanceDump.LoadAsync("05-jobs");
        using var instance = await SleeperInstance.OpenAsync(live.ConfigBucket, OptionsOf(live), TestContext.Current.CancellationToken);
        using var s3 = live.Aws.NewS3Client();
        using var bucket = new S3ObjectStore(s3, await live.Aws.NewBucketAsync(), new S3ObjectStoreOptions { KeyPrefix = "some/where" });
        var schema = Schema.Create().RowKey("k", FieldType.Long).Value("tags", FieldType.List(FieldType.String)).Value("v", FieldType.String, nullable: true).Build();
        Row[] rows = [new(schema, 2L, FieldValue.FromList(["a", "b"]), FieldValue.Null), new(schema, 1L, FieldValue.FromList(["c"]), "x")];

        string id = await Sender(instance).SendRowsAsync("flights", schema, rows.ToAsyncEnumerable(), bucket, null, TestContext.Current.CancellationToken);

        AssertSent(instance, "IngestJobQ", $$"""{"id":"{{id}}","tableName":"flights","files":["s3://{{bucket.Bucket}}/some/where/flights/{{id}}.parquet"]}""");
        Assert.True(Assert.Single(await ParquetFiles.CheckAsync(bucket, $"flights/{id}.parquet", schema, cancellationToken: TestContext.Current.CancellationToken)).Fits);
    }

    [Fact]
    public async Task A_row_that_does_not_fit_sends_nothing_and_leaves_no_file()
    {
        var live = await LiveInstanceDump.LoadAsync("05-jobs");
        using var instance = await SleeperInstance.OpenAsync(live.ConfigBucket, OptionsOf(live), TestContext.Current.CancellationToken);
        using var s3 = live.Aws.NewS3Client();
        using var bucket = new S3ObjectStore(s3, await live.Aws.NewBucketAsync());
        var schema = Schema.Create().RowKey("k", FieldType.String).Build();

        await Assert.ThrowsAsync<RowRejectedException>(() => Sender(instance).SendRowsAsync(
            "flights", schema, new Row[] { new(schema, new string('x', 100_000)) }.ToAsyncEnumerable(), bucket, null, TestContext.Current.CancellationToken));

        Assert.Empty(_queues.SelectMany(q => q.Value.Sent));
        Assert.False(await bucket.ListAsync("", null, TestContext.Current.CancellationToken).AnyAsync(TestContext.Current.CancellationToken));
    }

    private static async Task<SleeperInstance> OpenAsync()
    {
        var live = await LiveInstanceDump.LoadAsync("05-jobs");
        return await SleeperInstance.OpenAsync(live.ConfigBucket, OptionsOf(live), TestContext.Current.CancellationToken);
    }

    private static SleeperInstanceOptions OptionsOf(LiveInstanceDump live) =>
        new() { Credentials = AwsEmulator.Credentials, S3Config = live.Aws.NewS3Config(), DynamoDbConfig = live.Aws.NewDynamoDbConfig() };

    private static string Message(string name) =>
        File.ReadAllText(RepositoryFolder.Combine("Sleeper.Ingest.Core.Tests", "Fixtures", "live-instance", "messages", name + ".json"));

    private static Dictionary<string, string>? Texts(JsonNode? node) => node?.AsObject().ToDictionary(p => p.Key, p => p.Value!.GetValue<string>());

    private InstanceJobSender Sender(SleeperInstance instance) => new(instance, url =>
    {
        if (!_queues.TryGetValue(url, out var queue))
        {
            queue = new ScriptedQueue(new ObjectStoreQueue(new InMemoryObjectStore()));
            _queues.Add(url, queue);
        }

        return queue;
    });

    /// <summary>One message, of the same members in the same order, in the queue whose name ends so.</summary>
    private void AssertSent(SleeperInstance instance, string queue, string expected)
    {
        var (url, sent) = Assert.Single(_queues);
        Assert.EndsWith($"/sleeper-{instance.Id}-{queue}", url, StringComparison.Ordinal);
        Assert.Equal(JsonNode.Parse(expected)!.ToJsonString(), JsonNode.Parse(Assert.Single(sent.Sent))!.ToJsonString());
    }
}
