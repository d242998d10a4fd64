using System.Globalization;
using System.Net;
using Sleeper.Ingest.Core.ObjectStores;
using Sleeper.Ingest.Core.ObjectStores.S3;
using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.StateStores;
using Sleeper.Ingest.Core.StateStores.OwnTables;
using Sleeper.Ingest.Core.StateStores.TransactionLog;
using Sleeper.Ingest.Core.Tests.Checking;
using Sleeper.Ingest.Core.Tests.Emulators;
using Sleeper.Ingest.Core.Tests.ObjectStores.S3;
using Sleeper.Ingest.Core.Tests.Support;
using static Sleeper.Ingest.Core.Tests.Support.TableFixture;

namespace Sleeper.Ingest.Core.Tests.StateStores.OwnTables;

/// <summary>Own tables in a bucket: the promises that a folder keeps, what they cost in requests, and the services on which they cannot be kept.</summary>
public sealed class BucketTableTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_table_lives_its_life_in_an_emulated_bucket()
    {
        var aws = await AwsEmulator.GetAsync();
        string bucket = await aws.NewBucketAsync();
        using var client = aws.NewS3Client(); // as a user makes it: it sends again by itself
        using var store = new S3ObjectStore(client, bucket, S3TestBed.Quick with { KeyPrefix = "team/tables" });
        for (int i = 1; i <= 2; i++)
        {
            await using var writer = await IngestFactory.Create().UseObjectStore(store).WithTable("t").WithSchema(SmallIngest.Schema).WithSplitPoints(SmallIngest.SplitPoints)
                .WithMemoryBudget(16 << 20).WithIngestId($"id-{i}").OpenAsync(Token);
            await writer.WriteAsync(SmallIngest.Rows($"id-{i}"), Token);
            var result = await writer.CompleteAsync(Token);
            Assert.Equal((i, 3), (result.CommitNumber, result.Files.Count));
        }

        // An upload that a killed process left, and one of another table.
        foreach (string key in (string[])["team/tables/t/data/partition_x/left.parquet", "team/tables/other/data/x"])
        {
            await client.InitiateMultipartUploadAsync(bucket, key, Token);
        }

        var table = await Table.OpenAsync(store, "t", Token);
        var report = await table.MaintainAsync(new MaintenanceOptions { Grace = TimeSpan.Zero }, Token);
        Assert.Contains(report.Done, done => done.Kind == MaintenanceKind.UnfinishedObject && done.Name.StartsWith("t/data/partition_x/left.parquet?uploadId=", StringComparison.Ordinal));
        Assert.Equal("team/tables/other/data/x", Assert.Single((await client.ListMultipartUploadsAsync(bucket, Token)).MultipartUploads).Key);

        Assert.Equal(new Dictionary<string, int> { ["id-1"] = 1, ["id-2"] = 1 }, await SmallIngest.CopiesAsync(store, table: "t"));
        Assert.True(await TableCatalog.DropAsync(store, "t", Token));
        Assert.Empty(await ObjectsAsync(store));
    }

    [Fact]
    public async Task A_service_that_ignores_conditions_is_refused_when_a_table_is_made()
    {
        var bed = new S3TestBed();
        bed.S3.HonoursConditions = false;

        var error = await Assert.ThrowsAsync<UnsupportedTableException>(() => CreateAsync(bed.Store));

        Assert.Contains("s3://the-bucket", error.Message, StringComparison.Ordinal);
        Assert.Contains("conditional writes", error.Message, StringComparison.Ordinal);
        Assert.Empty(bed.S3.Keys(S3TestBed.BucketName));
    }

    [Fact]
    public async Task One_that_refuses_them_too()
    {
        var bed = new S3TestBed();
        bed.Http.Refuse(HttpStatusCode.NotImplemented, "NotImplemented", "PutObject", times: int.MaxValue);

        var error = await Assert.ThrowsAsync<IngestException>(() => CreateAsync(bed.Store));

        Assert.Contains("conditional puts", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_thousand_commits_whose_answers_are_lost_are_each_there_once()
    {
        const int Commits = 500;
        var bed = new S3TestBed();
        using var one = await CreateAsync(bed.Store);
        using var two = await OpenAsync(bed.Store, 2);
        var struck = new HashSet<string>();
        var lost = bed.Http.Add(new HttpFault(HttpFaultKind.LoseReply, "PutObject", 1, int.MaxValue)
        {
            Where = call => call.Resource.Contains("/log/files/", StringComparison.Ordinal) && struck.Add(call.Resource),
        });

        var numbers = await Task.WhenAll(((OwnTable[])[one, two]).Select((table, writer) => Task.Run(
            async () =>
            {
                var mine = new List<long>();
                for (int i = 0; i < Commits; i++)
                {
                    var result = await CommitAsync(table.StateStore, $"w{writer}-{i}");
                    Assert.False(result.AlreadyCommitted);
                    mine.Add(result.TransactionNumber);
                }

                return mine;
            },
            Token)));

        Assert.Equal(2 * Commits, lost.StrikeCount);
        Assert.Equal(Enumerable.Range(1, 2 * Commits).Select(n => (long)n), numbers.SelectMany(n => n).Order());
        using var reader = await OpenAsync(bed.Direct, 3);
        var state = await reader.StateStore.LoadStateAsync(Token);
        Assert.Equal(2 * Commits, state.References.Select(r => r.FileName).Distinct().Count());
        Assert.Empty(await ObjectsAsync(bed.Direct, "events/ingests/"));
    }

    [Fact]
    public async Task Four_processes_with_25_commits_each_give_a_hundred_entries_without_a_gap()
    {
        const int Writers = 4;
        const int Commits = 25;
        var aws = await AwsEmulator.GetAsync();
        string bucket = await aws.NewBucketAsync();
        using var store = new S3ObjectStore(aws.NewS3Client(), bucket);
        using var table = await CreateAsync(store);
        var workers = Enumerable.Range(0, Writers).Select(w => WorkerProcess.Start(
            "commit-loop", "--bucket", bucket, "--service", aws.ServiceUrl, "--table", Name, "--partition", "p0", "--writer", $"w{w}", "--count", $"{Commits}")).ToArray();
        var numbers = (await WorkerProcess.RaceAsync(workers)).SelectMany(lines => lines).Where(line => line.StartsWith("committed ", StringComparison.Ordinal))
            .Select(line => long.Parse(line.AsSpan(line.LastIndexOf(' ') + 1), CultureInfo.InvariantCulture));

        Assert.Equal(Enumerable.Range(1, Writers * Commits).Select(n => (long)n), numbers.Order());
        var state = await table.StateStore.LoadStateAsync(Token);
        Assert.Equal(Writers * Commits, state.References.Select(r => r.FileName).Distinct().Count());
        Assert.Empty(await ObjectsAsync(store, $"{Name}/ingests/"));
        Assert.Equal(Writers * Commits, (await ObjectsAsync(store, $"{Name}/data/")).Count);
    }

    [Fact]
    public async Task An_ingest_sends_the_requests_that_it_needs_and_no_more()
    {
        var bed = new S3TestBed();
        await IngestAsync(bed.Direct, "first");

        await IngestAsync(bed.Store, "second");

        string[] writes = [.. bed.Http.Calls.Where(call => call.Operation is not ("GetObject" or "HeadObject" or "ListObjectsV2")).Select(call => Shape(call))];
        Assert.Equal(
            ["PutObject ingests", "PutObject data .parquet", "PutObject data .parquet", "PutObject data .parquet", "PutObject data .sketches", "PutObject data .sketches", "PutObject data .sketches",
             "PutObject log", "DeleteObject ingests"],
            writes.Order(Comparer<string>.Create((left, right) => Rank(left).CompareTo(Rank(right)))));

        // 8 without a hint, one for each of two entries, and the end of the log once more before the commit.
        Assert.InRange(bed.Http.Calls.Count - writes.Length, 1, 8 + 2 + 1);

        static string Shape(HttpCall call)
        {
            string[] parts = call.Resource.Split('/');
            return $"{call.Operation} {parts[1]}{(parts[1] == "data" ? $" {Path.GetExtension(parts[^1])}" : "")}";
        }

        static int Rank(string shape) => shape switch
        {
            "PutObject ingests" => 0,
            "PutObject data .parquet" => 1,
            "PutObject data .sketches" => 2,
            "PutObject log" => 3,
            _ => 4,
        };
    }

    [Fact]
    public async Task Opening_a_table_of_many_commits_takes_six_requests_and_one_for_each_entry_since_the_snapshot()
    {
        const int Commits = 300;
        var bed = new S3TestBed();
        using (var table = await CreateAsync(bed.Direct))
        {
            for (int i = 0; i < Commits; i++)
            {
                await CommitAsync(table.StateStore, $"id-{i}");
            }
        }

        using var opened = await OpenAsync(bed.Store, 2);
        Assert.Equal(1, (await opened.StateStore.FindCommitAsync("id-0", Token))!.TransactionNumber);
        int opening = bed.Http.Calls.Count;
        var others = bed.Http.Calls.Where(call => !IsEntry(call, Commits)).ToList();
        Assert.True(others.Count <= 6, string.Join(", ", others));
        Assert.Equal((Commits % 256) + 1, opening - others.Count); // and the entry that was asked for

        var result = await CommitAsync(opened.StateStore, "one more");

        Assert.Equal(Commits + 1, result.TransactionNumber);
        Assert.Equal(["DeleteObject", "PutObject", "PutObject"], bed.Http.Calls.Skip(opening).Select(call => call.Operation).Where(o => o != "GetObject").Order());
    }

    /// <summary>Whether a request reads an entry of the files log that is there.</summary>
    private static bool IsEntry(HttpCall call, long last) =>
        new TablePaths(Name).TryParseLogEntry(LogKind.Files, call.Resource, out long number) && number <= last && call.Operation == "GetObject";

    private static async Task IngestAsync(IObjectStore store, string id)
    {
        await using var writer = await IngestFactory.Create().UseObjectStore(store).WithSchema(SmallIngest.Schema).WithSplitPoints(SmallIngest.SplitPoints)
            .WithMemoryBudget(16 << 20).WithIngestId(id).OpenAsync(Token);
        await writer.WriteAsync(SmallIngest.Rows(id), Token);
        await writer.CompleteAsync(Token);
    }
}
