using System.Text.Json;
using System.Text.Json.Nodes;
using Amazon.DynamoDBv2;
using Amazon.DynamoDBv2.Model;
using Sleeper.Ingest.Core.Jobs;
using Sleeper.Ingest.Core.Jobs.DynamoDb;
using Sleeper.Ingest.Core.Tests.Emulators;
using Sleeper.Ingest.Core.Tests.Support;

namespace Sleeper.Ingest.Core.Tests.Jobs.DynamoDb;

/// <summary>The tracker of an instance over what the original's tracker wrote, and in the emulator.</summary>
public sealed class DynamoDbJobTrackerTests
{
    private static readonly Dictionary<string, string> TableIds = new()
    {
        ["orders"] = "0a1b2c3d",
        ["events"] = "1e2f3a4b",
        ["flights"] = "2c3d4e5f",
    };

    [Theory]
    [InlineData("orders")]
    [InlineData("events")]
    [InlineData("flights")]
    public async Task Item_21_jobs_of_the_original_have_the_states_and_updates_that_it_reports(string table)
    {
        var live = await LiveInstanceDump.LoadAsync("05-jobs");
        using var client = live.Aws.NewDynamoDbClient();
        var tracker = new DynamoDbJobTracker(client, live.InstanceId);

        var jobs = await new JobReports(tracker).ListAsync(TableIds[table], TestContext.Current.CancellationToken);

        var states = Expected("ingest-job-states.json", live)[TableIds[table]]!.AsObject();
        Assert.Equal(
            states.Select(s => (s.Key, s.Value!.GetValue<string>())).OrderBy(s => s.Key, StringComparer.Ordinal),
            jobs.Select(j => (j.JobId, NameOf(j.State))).OrderBy(s => s.JobId, StringComparer.Ordinal));
        Assert.Equal(Reports(Expected($"ingest-jobs-{table}.json", live)), jobs.Select(Report));
    }

    [Fact]
    public async Task Rejected_jobs_of_the_original_are_those_that_it_reports()
    {
        var live = await LiveInstanceDump.LoadAsync("05-jobs");
        using var client = live.Aws.NewDynamoDbClient();
        var tracker = new DynamoDbJobTracker(client, live.InstanceId);

        var jobs = await new JobReports(tracker).ListRejectedAsync(TestContext.Current.CancellationToken);

        Assert.Equal(Reports(Expected("ingest-jobs-rejected.json", live)).Order(StringComparer.Ordinal), jobs.Select(Report).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task A_job_of_the_original_is_found_by_its_id()
    {
        var live = await LiveInstanceDump.LoadAsync("05-jobs");
        using var client = live.Aws.NewDynamoDbClient();
        var tracker = new DynamoDbJobTracker(client, live.InstanceId);

        var job = await new JobReports(tracker).FindAsync("job-wrong-schema", TestContext.Current.CancellationToken);

        Assert.Equal(JobState.Failed, job!.State);
        Assert.Equal(2, job.Runs.Single().Reasons.Count);
        Assert.Null(await new JobReports(tracker).FindAsync("job-wrong", TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Item_24_tasks_of_the_original_are_those_that_it_reports()
    {
        var live = await LiveInstanceDump.LoadAsync("05-jobs");
        using var client = live.Aws.NewDynamoDbClient();
        var tracker = new DynamoDbJobTracker(client, live.InstanceId);

        var tasks = await new JobReports(tracker).ListTasksAsync(TestContext.Current.CancellationToken);

        string expected = File.ReadAllText(ExpectedPath("ingest-tasks.json")).Replace("NaN", "\"NaN\"", StringComparison.Ordinal);
        Assert.Equal(
            JsonNode.Parse(expected)!.AsArray().Select(t => string.Join(
                ' ',
                t!["taskId"],
                t["startTime"],
                t["finishedStatus"]?["finishTime"],
                t["finishedStatus"]?["totalJobRuns"],
                t["finishedStatus"]?["totalRowsRead"],
                t["finishedStatus"]?["totalRowsWritten"],
                t["finishedStatus"]?["rowsReadPerSecond"],
                t["finishedStatus"]?["rowsWrittenPerSecond"])),
            tasks.Select(t => string.Create(
                System.Globalization.CultureInfo.InvariantCulture,
                $"{t.TaskId} {Iso(t.StartTime)} {Iso(t.FinishTime!.Value)} {t.JobCount} {t.RowsRead} {t.RowsWritten} {t.RowsReadPerSecond} {t.RowsWrittenPerSecond}")));
    }

    [Theory]
    [InlineData("tracker-job-started")]
    [InlineData("tracker-job-added-files")]
    [InlineData("tracker-job-finished")]
    [InlineData("tracker-job-failed")]
    [InlineData("tracker-job-rejected")]
    public async Task Item_19_what_is_put_is_what_the_original_puts(string fixture)
    {
        var expected = Request(fixture);
        var update = FixtureUpdate(expected["Item"]!.AsObject());
        var recorder = new RequestRecorder();
        using var client = recorder.NewDynamoDbClient();

        await new DynamoDbJobTracker(client, "fixture").AddAsync(update, TestContext.Current.CancellationToken);

        Assert.Equal(["DynamoDB_20120810.PutItem", "DynamoDB_20120810.UpdateItem"], recorder.Targets);
        AssertSame(WithoutChance(expected), WithoutChance(recorder.Bodies[0].AsObject()));
    }

    [Theory]
    [InlineData("tracker-job-lookup", "tracker-job-started")]
    [InlineData("tracker-job-lookup-rejected", null)]
    public async Task Item_20_the_second_write_is_the_originals_and_keeps_the_first_times(string fixture, string? update)
    {
        var expected = Request(fixture);
        var time = DateTimeOffset.FromUnixTimeMilliseconds(long.Parse(expected["ExpressionAttributeValues"]![":update_time"]!["N"]!.GetValue<string>(), null));
        JobUpdate report = update is not null
            ? FixtureUpdate(Request(update)["Item"]!.AsObject())
            : new JobValidated { JobId = "job-null-element", UpdateTime = time, ValidationTime = time, Reasons = ["One of the files was null", "Table not found"] };
        var recorder = new RequestRecorder();
        using var client = recorder.NewDynamoDbClient();

        await new DynamoDbJobTracker(client, "fixture").AddAsync(report, TestContext.Current.CancellationToken);

        AssertSame(expected, recorder.Bodies[1].AsObject());
    }

    [Theory]
    [InlineData("tracker-task-started")]
    [InlineData("tracker-task-finished")]
    public async Task Item_24_what_is_put_of_tasks_is_what_the_original_puts(string fixture)
    {
        var expected = Request(fixture);
        var item = expected["Item"]!;
        var start = DateTimeOffset.FromUnixTimeMilliseconds(long.Parse(item["StartTime"]!["N"]!.GetValue<string>(), null));
        string taskId = item["TaskId"]!["S"]!.GetValue<string>();
        var update = new IngestTaskUpdate { TaskId = taskId, StartTime = start, UpdateTime = start };
        if (item["FinishTime"] is { } finish)
        {
            var end = DateTimeOffset.FromUnixTimeMilliseconds(long.Parse(finish["N"]!.GetValue<string>(), null));
            update = update with { FinishTime = end, UpdateTime = end };
        }

        var recorder = new RequestRecorder();
        using var client = recorder.NewDynamoDbClient();

        await new DynamoDbJobTracker(client, "fixture").AddAsync(update, TestContext.Current.CancellationToken);

        AssertSame(expected, recorder.Bodies.Single().AsObject());
    }

    [Fact]
    public async Task Item_20_first_time_and_expiry_of_a_job_do_not_move()
    {
        var live = await LiveInstanceDump.LoadAsync("01-deployed");
        using var client = live.Aws.NewDynamoDbClient();
        var tracker = new DynamoDbJobTracker(client, live.InstanceId);
        string table = TableIds["flights"];
        var first = new DateTimeOffset(2026, 1, 2, 3, 4, 5, 678, TimeSpan.Zero);
        await tracker.AddAsync(Started("j|1"), TestContext.Current.CancellationToken);
        await tracker.AddAsync(Started("j"), TestContext.Current.CancellationToken);
        var later = first.AddMinutes(1);
        await tracker.AddAsync(
            new JobFailed { JobId = "j", TableId = table, JobRunId = "run", TaskId = "task", UpdateTime = later, FinishTime = later, Reasons = ["", "null was here"] },
            TestContext.Current.CancellationToken);

        var lookup = await client.GetItemAsync(live.DynamoDbTable("ingest-job-lookup"), new() { ["JobId"] = new AttributeValue("j") }, TestContext.Current.CancellationToken);
        var job = await new JobReports(tracker).FindAsync("j", TestContext.Current.CancellationToken);
        var all = await new JobReports(tracker).ListAsync(table, TestContext.Current.CancellationToken);

        Assert.Equal(first.ToUnixTimeMilliseconds().ToString(System.Globalization.CultureInfo.InvariantCulture), lookup.Item["FirstUpdateTime"].N);
        Assert.Equal(first.AddDays(7).ToUnixTimeSeconds().ToString(System.Globalization.CultureInfo.InvariantCulture), lookup.Item["ExpiryDate"].N);
        Assert.Equal("failed", lookup.Item["LastUpdateType"].S);
        Assert.Equal(["", "null was here"], job!.Runs.Single().Reasons);
        Assert.Equal(["j", "j|1"], all.Select(j => j.JobId).Order(StringComparer.Ordinal));

        JobStarted Started(string id) =>
            new() { JobId = id, TableId = table, JobRunId = "run", TaskId = "task", UpdateTime = first, StartTime = first, InputFileCount = 1 };
    }

    [Fact]
    public async Task An_update_that_is_told_again_is_kept_once()
    {
        var live = await LiveInstanceDump.LoadAsync("01-deployed");
        using var client = live.Aws.NewDynamoDbClient();
        var tracker = new DynamoDbJobTracker(client, live.InstanceId);
        var time = new DateTimeOffset(2026, 1, 2, 3, 4, 5, 678, TimeSpan.Zero);
        JobUpdate[] updates =
        [
            new JobStarted { JobId = "j", TableId = TableIds["flights"], JobRunId = "run", TaskId = "task", UpdateTime = time, StartTime = time, InputFileCount = 1 },
            new JobAddedFiles { JobId = "j", TableId = TableIds["flights"], JobRunId = "run", TaskId = "task", UpdateTime = time, WrittenTime = time, FileCount = 2 },
            new JobFinished { JobId = "j", TableId = TableIds["flights"], JobRunId = "run", TaskId = "task", UpdateTime = time, FinishTime = time, FileCount = 2 },
        ];
        foreach (var update in updates.Concat(updates))
        {
            await tracker.AddAsync(update, TestContext.Current.CancellationToken);
        }

        var run = (await new JobReports(tracker).FindAsync("j", TestContext.Current.CancellationToken))!.Runs.Single();

        Assert.Equal((JobState.Finished, 3), (run.State, run.Updates.Count)); // told twice, added files would be more than finished, and the run uncommitted for ever
    }

    [Fact]
    public async Task Progress_is_not_sent()
    {
        var recorder = new RequestRecorder();
        using var client = recorder.NewDynamoDbClient();

        await new DynamoDbJobTracker(client, "fixture").AddAsync(
            new JobProgress { JobId = "job", UpdateTime = DateTimeOffset.UnixEpoch, RowsRead = 7 }, TestContext.Current.CancellationToken);

        Assert.Empty(recorder.Targets);
    }

    [Fact]
    public async Task An_item_that_is_no_update_is_named_in_the_log_and_left_out()
    {
        var live = await LiveInstanceDump.LoadAsync("05-jobs");
        using var client = live.Aws.NewDynamoDbClient();
        var log = new LogRecorder();
        var tracker = new DynamoDbJobTracker(client, live.InstanceId, new DynamoDbJobTrackerOptions { LoggerFactory = log });
        var reports = new JobReports(tracker);
        int before = (await reports.ListAsync(TableIds["flights"], TestContext.Current.CancellationToken)).Count;
        await client.PutItemAsync(
            live.DynamoDbTable("ingest-job-updates"),
            new() { ["TableId"] = new AttributeValue(TableIds["flights"]), ["JobIdAndUpdate"] = new AttributeValue("broken|1|00000000"), ["JobId"] = new AttributeValue { N = "7" } },
            TestContext.Current.CancellationToken);

        Assert.Equal(before, (await reports.ListAsync(TableIds["flights"], TestContext.Current.CancellationToken)).Count);
        Assert.Contains(log.Lines, l => l.Text.Contains("broken|1|00000000", StringComparison.Ordinal) && l.Text.Contains("'JobId'", StringComparison.Ordinal));
    }

    [Fact]
    public async Task More_than_a_page_of_updates_and_tasks_is_read_to_its_end()
    {
        var live = await LiveInstanceDump.LoadAsync("01-deployed");
        using var client = live.Aws.NewDynamoDbClient();
        var tracker = new DynamoDbJobTracker(client, live.InstanceId);
        var time = new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);
        string message = new('x', 100_000);
        for (int i = 0; i < 25; i++)
        {
            await tracker.AddAsync(
                new JobValidated { JobId = $"job-{i}", TableId = TableIds["flights"], UpdateTime = time, ValidationTime = time, Reasons = ["no"], JsonMessage = message },
                TestContext.Current.CancellationToken);
        }

        Assert.Equal(25, (await new JobReports(tracker).ListAsync(TableIds["flights"], TestContext.Current.CancellationToken)).Count);
    }

    [Fact]
    public async Task A_table_that_is_not_there_is_named_with_the_action()
    {
        var aws = await AwsEmulator.GetAsync();
        using var client = aws.NewDynamoDbClient();
        var tracker = new DynamoDbJobTracker(client, "nowhere");

        var error = await Assert.ThrowsAsync<JobTrackerException>(() =>
            tracker.AddAsync(new IngestTaskUpdate { TaskId = "task", StartTime = DateTimeOffset.UnixEpoch, UpdateTime = DateTimeOffset.UnixEpoch }, TestContext.Current.CancellationToken));

        Assert.Contains("dynamodb:PutItem", error.Message, StringComparison.Ordinal);
        Assert.Contains("sleeper-nowhere-ingest-task-status", error.Message, StringComparison.Ordinal);
    }

    private static string ExpectedPath(string file) => Path.Combine(LiveInstanceDump.FolderOf("05-jobs"), "expected", file);

    /// <summary>A report of the original's, with the names of the instance that the dump was loaded as.</summary>
    private static JsonObject Expected(string file, LiveInstanceDump live) =>
        JsonNode.Parse(File.ReadAllText(ExpectedPath(file)).Replace("sleeper-fixture", "sleeper-" + live.InstanceId, StringComparison.Ordinal))!.AsObject();

    private static JsonObject Request(string name)
    {
        var body = JsonNode.Parse(File.ReadAllText(RepositoryFolder.Combine("Sleeper.Ingest.Core.Tests", "Fixtures", "job-tracker", name + ".json")))!["request"]!["body"]!.AsObject();
        body.Remove("ReturnConsumedCapacity");
        return body;
    }

    /// <summary>The update that an item of a fixture is of, by our own reading.</summary>
    private static JobUpdate FixtureUpdate(JsonObject item)
    {
        var attributes = item.ToDictionary(
            p => p.Key,
            p => p.Value!["S"] is { } text ? new AttributeValue { S = text.GetValue<string>() }
                : p.Value["N"] is { } number ? new AttributeValue { N = number.GetValue<string>() }
                : p.Value["BOOL"] is { } flag ? new AttributeValue { BOOL = flag.GetValue<bool>() }
                : new AttributeValue { L = [.. p.Value["L"]!.AsArray().Select(e => new AttributeValue(e!["S"]!.GetValue<string>()))], IsLSet = true });
        return JobUpdateItem.FromItem(new TrackerItem(attributes))!;
    }

    private static JsonObject WithoutChance(JsonObject put)
    {
        var copy = put.DeepClone().AsObject();
        string key = copy["Item"]!["JobIdAndUpdate"]!["S"]!.GetValue<string>();
        Assert.Matches("^.*\\|[0-9]+\\|[0-9a-f]{8}$", key);
        copy["Item"]!["JobIdAndUpdate"]!["S"] = key[..^8];
        return copy;
    }

    private static void AssertSame(JsonObject expected, JsonObject actual) =>
        Assert.True(JsonNode.DeepEquals(expected, actual), $"Expected {expected.ToJsonString()}\nbut it was {actual.ToJsonString()}");

    private static string NameOf(JobState state) => state == JobState.InProgress ? "IN_PROGRESS" : state.ToString().ToUpperInvariant();

    private static IEnumerable<string> Reports(JsonObject report) => report["jobList"]!.AsArray().Select(j =>
    {
        j!.AsObject().Remove("expiryDate");
        return Canonical(j);
    });

    /// <summary>A job in the form of the original's JSON report.</summary>
    private static string Report(JobStatus job) => Canonical(new JsonObject
    {
        ["jobId"] = job.JobId,
        ["jobRuns"] = new JsonArray([.. job.Runs.Select(run =>
        {
            var json = new JsonObject { ["updates"] = new JsonArray([.. run.Updates.Select(ReportOf)]) };
            if (run.TaskId is not null)
            {
                json["taskId"] = run.TaskId;
            }

            return json;
        })]),
    });

    private static JsonObject ReportOf(JobUpdate update)
    {
        JsonObject json = update switch
        {
            JobValidated v => new()
            {
                ["type"] = "REJECTED",
                ["validationTime"] = Iso(v.ValidationTime),
                ["inputFileCount"] = v.InputFileCount,
                ["reasons"] = new JsonArray([.. v.Reasons.Select(r => JsonValue.Create(r))]),
                ["jsonMessage"] = v.JsonMessage,
            },
            JobStarted s => new() { ["type"] = "STARTED", ["startTime"] = Iso(s.StartTime), ["inputFileCount"] = s.InputFileCount },
            JobAddedFiles a => new() { ["type"] = "ADDED_FILES", ["writtenTime"] = Iso(a.WrittenTime), ["fileCount"] = a.FileCount },
            JobFinished f => new()
            {
                ["type"] = "FINISHED_WHEN_FILES_COMMITTED",
                ["finishTime"] = Iso(f.FinishTime),
                ["rowsProcessed"] = new JsonObject { ["rowsRead"] = f.RowsRead, ["rowsWritten"] = f.RowsWritten },
                ["numFilesWrittenByJob"] = f.FileCount,
                ["committedBySeparateFileUpdates"] = f.IsCommittedWhenFilesAdded,
            },
            JobFailed f => new()
            {
                ["type"] = "FAILED",
                ["failureTime"] = Iso(f.FinishTime),
                ["failureReasons"] = new JsonArray([.. f.Reasons.Select(r => JsonValue.Create(r))]),
            },
            _ => throw new InvalidDataException(update.GetType().Name),
        };
        json["updateTime"] = Iso(update.UpdateTime);
        return json;
    }

    /// <summary>Members in ordinal order, so that equal JSON is equal text.</summary>
    private static string Canonical(JsonNode node) => Sorted(node)!.ToJsonString(new JsonSerializerOptions { WriteIndented = true });

    private static JsonNode? Sorted(JsonNode? node) => node switch
    {
        JsonObject o => new JsonObject(o.OrderBy(p => p.Key, StringComparer.Ordinal).Select(p => KeyValuePair.Create(p.Key, Sorted(p.Value)))),
        JsonArray a => new JsonArray([.. a.Select(Sorted)]),
        _ => node?.DeepClone(),
    };

    private static string Iso(DateTimeOffset time) =>
        time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", System.Globalization.CultureInfo.InvariantCulture);
}
