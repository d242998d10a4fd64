using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using Amazon.Runtime;
using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.Schemas;
using Sleeper.Ingest.Core.StateStores;
using Sleeper.Ingest.Core.StateStores.DynamoDb;
using Sleeper.Ingest.Core.StateStores.DynamoDb.Instances;
using Sleeper.Ingest.Core.Tests.Emulators;
using Sleeper.Ingest.Core.Tests.Support;

namespace Sleeper.Ingest.Core.Tests.StateStores.DynamoDb.Instances;

/// <summary>Ingests whose commits go through an instance's queue, over the emulator, with a committer behind it: on time, late, twice, and not at all.</summary>
public sealed class QueuedIngestTests
{
    private const string QueueProperty = "sleeper.statestore.committer.queue.url";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Item_47_a_table_that_asks_for_it_is_committed_through_the_queue_as_the_original_does()
    {
        using var bed = await Bed.NewAsync();
        var queued = await bed.IngestAsync("orders", CommitMode.AsTableAsks, id: null);
        Assert.Equal((IngestOutcome.Queued, 0L, 60L), (queued.Outcome, queued.CommitNumber, queued.RowCount));
        Assert.Equal(0, await bed.NewRowsAsync("orders"));
        await Assert.ThrowsAsync<CommitOutcomeUnknownException>(() => bed.ResolveAsync("orders", queued.IngestId));

        var message = (await bed.Committer.Queue.ReceiveAsync(TimeSpan.Zero, TimeSpan.FromSeconds(1), Token))!;
        Assert.Equal("0a1b2c3d", message.GroupId);
        Assert.Equal(MemberTree(Original("commit-without-job-members.json")), MemberTree(JsonDocument.Parse(message.Body!).RootElement));
        await bed.Committer.Queue.GiveBackAsync(message, TimeSpan.Zero, cancellationToken: Token);
    }

    [Fact]
    public async Task Item_47_the_properties_decide_and_the_caller_goes_before_them()
    {
        using var bed = await Bed.NewAsync();

        // Neither instance nor table says anything of 'orders', so it is asynchronous; 'flights' is not; by default both are direct.
        Assert.Equal(IngestOutcome.Queued, (await bed.IngestAsync("orders", CommitMode.AsTableAsks, id: null)).Outcome);
        Assert.Equal(IngestOutcome.Committed, (await bed.IngestAsync("flights", CommitMode.AsTableAsks, id: null)).Outcome);
        Assert.Equal(IngestOutcome.Committed, (await bed.IngestAsync("orders", CommitMode.Direct, id: null)).Outcome);
        Assert.Equal(IngestOutcome.Queued, (await bed.IngestAsync("flights", CommitMode.Queued, id: null)).Outcome);
        Assert.Equal(2, await bed.Committer.ApplyAllAsync());
        Assert.Equal(120, await bed.NewRowsAsync("orders"));
        Assert.Equal(120, await bed.NewRowsAsync("flights"));
        Assert.Equal(IngestOutcome.NothingToCommit, (await bed.IngestAsync("orders", CommitMode.Queued, rows: 0)).Outcome);
        Assert.Equal(0, await bed.Committer.ApplyAllAsync());
        Assert.Empty(await bed.StrayObjectsAsync());

        var error = Assert.Throws<ArgumentException>(() => IngestFactory.Create().WithFolder("x").WithCommitMode(CommitMode.Queued).Build());
        Assert.Contains("committer", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Item_49_waiting_ends_when_the_committer_has_put_the_entry_or_else_unknown_and_can_be_asked_for()
    {
        using var bed = await Bed.NewAsync();
        var late = await Assert.ThrowsAsync<CommitOutcomeUnknownException>(() => bed.IngestAsync("orders", CommitMode.Queued, wait: TimeSpan.FromMilliseconds(1)));
        Assert.Contains("dead letters", late.Message, StringComparison.Ordinal);
        Assert.Equal("an-id", late.IngestId);
        using var stop = new CancellationTokenSource();
        var running = bed.Committer.RunAsync(stop.Token);
        var result = await bed.IngestAsync("orders", CommitMode.Queued, id: "second", wait: TimeSpan.FromSeconds(30));
        await stop.CancelAsync();
        await running;

        Assert.Equal((IngestOutcome.Committed, 60L), (result.Outcome, result.RowCount));
        Assert.Equal(result.CommitNumber - 1, (await bed.ResolveAsync("orders", "an-id"))!.TransactionNumber);
        Assert.Equal(120, await bed.NewRowsAsync("orders"));
        Assert.Empty(await bed.StrayObjectsAsync());
    }

    [Fact]
    public async Task A_message_that_is_applied_twice_adds_its_rows_once()
    {
        using var bed = await Bed.NewAsync();
        var queued = await bed.IngestAsync("orders", CommitMode.Queued);
        Assert.Equal(1, await bed.Committer.ApplyAllAsync(times: 2));
        Assert.Equal(60, await bed.NewRowsAsync("orders"));
        Assert.Equal(queued.Files.Select(f => f.FileName), (await bed.ResolveAsync("orders", "an-id"))!.Files.Select(f => f.FileName));
        Assert.Equal(IngestOutcome.AlreadyCommitted, (await bed.IngestAsync("orders", CommitMode.Queued)).Outcome);
    }

    /// <summary>What the original sends for an ingest is a message, the data file and its sketches; here are besides the claim, put and removed, and looks for it.</summary>
    [Fact]
    public async Task A_queued_commit_costs_one_message_and_a_claim()
    {
        var live = await LiveInstanceDump.LoadAsync("01-deployed");
        using var committer = await InstanceCommitter.DeployAsync(live);
        var counted = new CountedRequests();
        var options = LiveInstanceTests.OptionsOf(live);
        foreach (ClientConfig config in (ClientConfig[])[options.S3Config!, options.DynamoDbConfig!, options.SqsConfig!])
        {
            config.HttpClientFactory = counted;
        }

        using var instance = await SleeperInstance.OpenAsync(live.ConfigBucket, options, Token);
        var schema = (await Table.OpenAsync(instance, "orders", Token)).Schema;
        var factory = IngestFactory.Create().UseSleeperInstance(instance).WithTable("orders").WithCommitMode(CommitMode.AsTableAsks);
        foreach (string id in new[] { "first", "second" })
        {
            counted.Forget();
            await using var writer = await factory.OpenForAsync(id, null, new Progress<IngestProgress>(), Token);
            await writer.WriteAsync(LiveRows.Make(schema, 10, seed: 1), Token);
            Assert.Equal(IngestOutcome.Queued, (await writer.CompleteAsync(Token)).Outcome);
            await committer.ApplyAllAsync();
        }

        string[] ofBucket = [.. counted.Requests.Where(r => r.Contains(live.DataBucket, StringComparison.Ordinal)).Select(r => $"{r.Split(' ')[0]} {KindOf(r)}")];
        Assert.Equal(["DELETE claim", "GET claim", "GET claim", "PUT claim", "PUT parquet", "PUT sketches"], ofBucket.Order(StringComparer.Ordinal));
        Assert.Single(counted.Requests, r => r.StartsWith("SendMessage", StringComparison.Ordinal));
        Assert.DoesNotContain(counted.Requests, r => r.StartsWith("PutItem", StringComparison.Ordinal));

        static string KindOf(string request) => request.Contains("/statestore/ingests/", StringComparison.Ordinal) ? "claim" : request[(request.LastIndexOf('.') + 1)..];
    }

    /// <summary>A message has one receive: that of a committer that died lies with the dead letters, and nobody is told.</summary>
    [Fact]
    public async Task What_died_with_its_committer_is_sent_again_by_the_next_run_and_harmless_when_it_comes_back()
    {
        using var bed = await Bed.NewAsync();
        await bed.IngestAsync("orders", CommitMode.Queued);
        Assert.NotNull(await bed.Committer.Queue.ReceiveAsync(TimeSpan.Zero, TimeSpan.Zero, Token));
        Assert.Null(await bed.Committer.Queue.ReceiveAsync(TimeSpan.Zero, TimeSpan.Zero, Token));
        var dead = (await bed.Committer.DeadLetters.ReceiveAsync(TimeSpan.Zero, TimeSpan.FromMinutes(1), Token))!;
        await Assert.ThrowsAsync<CommitOutcomeUnknownException>(() => bed.IngestAsync("orders", CommitMode.Queued, wait: TimeSpan.FromMilliseconds(1)));
        Assert.Equal(1, await bed.Committer.ApplyAllAsync());
        Assert.Equal(IngestOutcome.AlreadyCommitted, (await bed.IngestAsync("orders", CommitMode.Queued)).Outcome);

        await bed.Committer.Queue.SendAsync(dead.Body!, new() { GroupId = dead.GroupId, DeduplicationId = "redriven" }, Token);
        Assert.Equal(1, await bed.Committer.ApplyAllAsync());
        Assert.Equal(60, await bed.NewRowsAsync("orders"));
    }

    /// <summary>While the committer sleeps the log knows nothing of the first run.</summary>
    [Theory]
    [InlineData(CommitMode.Queued)]
    [InlineData(CommitMode.Direct)]
    public async Task An_ingest_that_is_run_again_while_its_commit_is_queued_is_committed_once(CommitMode mode)
    {
        using var bed = await Bed.NewAsync();
        var first = await bed.IngestAsync("orders", CommitMode.Queued);
        var again = await bed.IngestAsync("orders", mode);

        Assert.Equal((IngestOutcome.Queued, 60L), (again.Outcome, again.RowCount));
        Assert.Equal(first.Files.Select(f => f.FileName), again.Files.Select(f => f.FileName));
        Assert.Equal(1, await bed.Committer.ApplyAllAsync());
        Assert.Equal(60, await bed.NewRowsAsync("orders"));
    }

    [Fact]
    public async Task Of_two_writers_of_one_ingest_that_complete_both_one_is_committed_and_the_others_files_are_gone()
    {
        using var bed = await Bed.NewAsync();
        await using var one = await bed.OpenAsync("orders", CommitMode.Queued, "an-id");
        await using var other = await bed.OpenAsync("orders", CommitMode.Queued, "an-id");
        await one.WriteAsync(bed.Rows("orders"), Token);
        await other.WriteAsync(bed.Rows("orders"), Token);
        var results = await Task.WhenAll(one.CompleteAsync(Token), other.CompleteAsync(Token));

        Assert.All(results, r => Assert.Equal(IngestOutcome.Queued, r.Outcome));
        Assert.Single(results.Select(r => r.Files[0].FileName).Distinct());
        Assert.Equal(1, await bed.Committer.ApplyAllAsync());
        Assert.Equal(60, await bed.NewRowsAsync("orders"));
        Assert.Empty(await bed.StrayObjectsAsync());
    }

    /// <summary>The queue drops the repeat by its deduplication id, be it the SDK's or ours.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    public async Task Item_57_a_send_whose_reply_is_lost_is_sent_again_and_queued_once(int sdkRetries)
    {
        using var bed = await Bed.NewAsync(sdkRetries);
        var lost = bed.Http.LoseReply("SendMessage");
        Assert.Equal(IngestOutcome.Queued, (await bed.IngestAsync("orders", CommitMode.Queued)).Outcome);
        Assert.Equal((1, 2), (lost.StrikeCount, bed.Http.Calls.Count(c => c.Operation == "SendMessage")));
        Assert.Equal(1, await bed.Committer.ApplyAllAsync());
        Assert.Equal(60, await bed.NewRowsAsync("orders"));
    }

    [Fact]
    public async Task No_permission_fails_the_ingest_names_the_action_and_leaves_nothing()
    {
        using var bed = await Bed.NewAsync();
        bed.Http.Refuse(HttpStatusCode.Forbidden, "AccessDenied", "SendMessage", call: 1);
        var error = await Assert.ThrowsAsync<CommitFailedException>(() => bed.IngestAsync("orders", CommitMode.Queued));
        Assert.Contains("sqs:SendMessage", error.Message, StringComparison.Ordinal);
        Assert.Contains(QueueProperty, error.Message, StringComparison.Ordinal);
        Assert.Empty(error.LeftObjects);
        Assert.Empty(await bed.StrayObjectsAsync());
        Assert.Null(await bed.ResolveAsync("orders", "an-id"));

        Assert.Equal(IngestOutcome.Queued, (await bed.IngestAsync("orders", CommitMode.Queued)).Outcome);
        Assert.Equal(1, await bed.Committer.ApplyAllAsync());
        Assert.Equal(60, await bed.NewRowsAsync("orders"));
    }

    /// <summary>After a send without an answer a refusal proves nothing: the message may be there.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    public async Task A_refusal_after_a_lost_reply_leaves_the_end_unknown_and_the_files_where_they_are(int sdkRetries)
    {
        using var bed = await Bed.NewAsync(sdkRetries);
        bed.Http.LoseReply("SendMessage");
        bed.Http.Refuse(HttpStatusCode.Forbidden, "AccessDenied", "SendMessage", call: 2);
        await Assert.ThrowsAsync<CommitOutcomeUnknownException>(() => bed.IngestAsync("orders", CommitMode.Queued));
        await Assert.ThrowsAsync<CommitOutcomeUnknownException>(() => bed.ResolveAsync("orders", "an-id"));
        Assert.Equal(1, await bed.Committer.ApplyAllAsync());
        Assert.NotNull(await bed.ResolveAsync("orders", "an-id"));
        Assert.Equal(60, await bed.NewRowsAsync("orders"));
        Assert.Empty(await bed.StrayObjectsAsync());
    }

    [Fact]
    public async Task A_queue_that_is_not_there_fails_the_ingest_and_one_that_is_not_named_its_opening()
    {
        var live = await LiveInstanceDump.LoadAsync("01-deployed");
        using (var instance = await SleeperInstance.OpenAsync(live.ConfigBucket, LiveInstanceTests.OptionsOf(live), Token))
        {
            await using var writer = await IngestFactory.Create().UseSleeperInstance(instance).WithTable("orders").WithCommitMode(CommitMode.AsTableAsks).OpenAsync(Token);
            var schema = (await Table.OpenAsync(instance, "orders", Token)).Schema;
            await writer.WriteAsync(LiveRows.Make(schema, 10, seed: 1), Token);
            var error = await Assert.ThrowsAsync<CommitFailedException>(() => writer.CompleteAsync(Token));
            Assert.Contains(QueueProperty, error.Message, StringComparison.Ordinal);
            Assert.Contains("StateStoreCommitterQ.fifo", error.Message, StringComparison.Ordinal);
        }

        using var s3 = live.Aws.NewS3Client();
        using var found = await s3.GetObjectAsync(live.ConfigBucket, "instance.properties", Token);
        string text = await new StreamReader(found.ResponseStream).ReadToEndAsync(Token);
        await s3.PutObjectAsync(new() { BucketName = live.ConfigBucket, Key = "instance.properties", ContentBody = $"{text}\n{QueueProperty}=\n" }, Token);
        using (var instance = await SleeperInstance.OpenAsync(live.ConfigBucket, LiveInstanceTests.OptionsOf(live), Token))
        {
            var factory = IngestFactory.Create().UseSleeperInstance(instance).WithTable("orders");
            var error = await Assert.ThrowsAsync<UnsupportedTableException>(() => factory.WithCommitMode(CommitMode.AsTableAsks).OpenAsync(Token));
            Assert.Contains(QueueProperty, error.Message, StringComparison.Ordinal);
            await using var direct = await factory.WithCommitMode(CommitMode.Direct).OpenAsync(Token);
        }
    }

    private static JsonElement Original(string file)
    {
        string path = RepositoryFolder.Combine("Sleeper.Ingest.Core.Tests", "Fixtures", "live-instance", "messages", file);
        return JsonDocument.Parse(JsonNode.Parse(File.ReadAllText(path))!["Body"]!.GetValue<string>()).RootElement;
    }

    private static string MemberTree(JsonElement json) => QueuedCommitTests.MemberTree(json);

    /// <summary>The instance of the first dump, with its commit queue.</summary>
    private sealed class Bed : IDisposable
    {
        private readonly LiveInstanceDump _live;
        private readonly SleeperInstance _instance;
        private readonly Dictionary<string, Schema> _schemas;

        private Bed(LiveInstanceDump live, SleeperInstance instance, InstanceCommitter committer, FaultyHttp http, Dictionary<string, Schema> schemas)
        {
            _live = live;
            _instance = instance;
            _schemas = schemas;
            Committer = committer;
            Http = http;
        }

        public InstanceCommitter Committer { get; }

        /// <summary>On the way of the instance's SQS client.</summary>
        public FaultyHttp Http { get; }

        public static async Task<Bed> NewAsync(int sdkRetries = 0)
        {
            var live = await LiveInstanceDump.LoadAsync("01-deployed");
            var http = new FaultyHttp(new SocketsHttpHandler());
            var sqs = live.Aws.NewSqsConfig();
            sqs.HttpClientFactory = new HandlerFactory(http);
            sqs.MaxErrorRetry = sdkRetries;
            var instance = await SleeperInstance.OpenAsync(live.ConfigBucket, LiveInstanceTests.OptionsOf(live) with { SqsConfig = sqs }, Token);
            var schemas = new Dictionary<string, Schema>();
            foreach (string name in new[] { "orders", "flights" })
            {
                schemas[name] = (await Table.OpenAsync(instance, name, Token)).Schema;
            }

            return new Bed(live, instance, await InstanceCommitter.DeployAsync(live), http, schemas);
        }

        public List<Row> Rows(string table, int count = 60) => LiveRows.Make(_schemas[table], count, seed: 7);

        public Task<IIngestWriter> OpenAsync(string table, CommitMode mode, string? id, TimeSpan wait = default)
        {
            var factory = IngestFactory.Create().UseSleeperInstance(_instance).WithTable(table).WithCommitMode(mode, wait);
            return (id is null ? factory : factory.WithIngestId($"{id}")).OpenAsync(Token);
        }

        public async Task<IngestResult> IngestAsync(string table, CommitMode mode, string? id = "an-id", TimeSpan wait = default, int rows = 60)
        {
            await using var writer = await OpenAsync(table, mode, rows == 0 ? null : id, wait);
            await writer.WriteAsync(Rows(table, rows), Token);
            return await writer.CompleteAsync(Token);
        }

        public async Task<CommitResult?> ResolveAsync(string table, string id) => (await (await Table.OpenAsync(_instance, table, Token)).ResolveAsync(id, Token)).Committed;

        /// <summary>Rows that the table has; the dump's are without any.</summary>
        public async Task<int> NewRowsAsync(string table) => (await LiveRows.ReadAsync((await Table.OpenAsync(_instance, table, Token)).ReadAsync(Token))).Count;

        /// <summary>Data files, sketches and claims that no entry names, and claims of what is committed.</summary>
        public async Task<IReadOnlyList<string>> StrayObjectsAsync()
        {
            List<string> named = [];
            foreach (string table in _schemas.Keys)
            {
                using var live = await _instance.OpenTableAsync(table, Options(), null, Token);
                named.AddRange((await live.StateStore.LoadStateAsync(Token)).References.Select(r => LiveTablePaths.KeyOf(r.FileName)[..^".parquet".Length]));
            }

            using var s3 = _live.Aws.NewS3Client();
            var listed = await s3.ListObjectsV2Async(new() { BucketName = _live.DataBucket }, Token);
            return [.. (listed.S3Objects ?? []).Select(o => o.Key).Where(k => k.Contains("/data/", StringComparison.Ordinal) && !named.Contains(k[..k.LastIndexOf('.')]))];
        }

        public void Dispose()
        {
            _instance.Dispose();
            Committer.Dispose();
            Http.Dispose();
        }

        private static StateStoreOptions Options() => TableFixture.Options();
    }
}
