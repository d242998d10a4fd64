using System.Globalization;
using System.Net;
using System.Text;
using Sleeper.Ingest.Core.Jobs;
using Sleeper.Ingest.Core.ObjectStores;
using Sleeper.Ingest.Core.ObjectStores.S3;
using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.Schemas;
using Sleeper.Ingest.Core.StateStores.DynamoDb.Instances;
using Sleeper.Ingest.Core.Tests.Emulators;
using Sleeper.Ingest.Core.Tests.Support;

namespace Sleeper.Ingest.Core.Tests.Jobs;

/// <summary>The conformance checklist of ingest jobs, by its numbers, for own tables.</summary>
public sealed class JobChecklistTests
{
    [Fact]
    public async Task C01_Jobs_name_their_table_by_name_or_id_and_unknown_members_are_ignored()
    {
        using var bed = await JobBed.NewAsync();
        await bed.PutFileAsync("a.parquet");
        await bed.PutFileAsync("b.parquet");
        await bed.SendAsync("""{"id":"by-name","tableName":"flights","files":["in/a.parquet"],"extra":{"x":[1,{"y":null}]}}""");
        await bed.SendAsync($$"""{"files":["in/b.parquet"],"tableId":"{{bed.TableId}}","id":"by-id"}""");

        await bed.RunWorkerAsync();

        Assert.Equal(new Dictionary<string, int> { ["a.parquet"] = 1, ["b.parquet"] = 1 }, await bed.CopiesAsync());
        Assert.Equal(JobState.Finished, (await bed.StatusAsync("by-name")).State);
        Assert.Equal(JobState.Finished, (await bed.StatusAsync("by-id")).State);
        Assert.Empty(await bed.LeftAsync());
    }

    [Fact]
    public void C01_Jobs_are_written_without_nulls_in_the_order_of_the_original()
    {
        Assert.Equal("""{"id":"a","tableName":"t","files":["b/é 日本.parquet"]}""", new IngestJobMessage { Id = "a", TableName = "t", Files = ["b/é 日本.parquet"] }.ToJson());
        Assert.Equal("""{"tableId":"i","files":[]}""", new IngestJobMessage { TableId = "i" }.ToJson());
    }

    [Theory]
    [InlineData("")]
    [InlineData("\"id\":null,")]
    [InlineData("\"id\":\" \\t\",")]
    public async Task C02_A_job_without_an_id_gets_one(string id)
    {
        using var bed = await JobBed.NewAsync();
        await bed.PutFileAsync("a.parquet");
        await bed.SendAsync($$"""{{{id}}"tableName":"flights","files":["in/a.parquet"]}""");

        await bed.RunWorkerAsync();

        var job = Assert.Single(await bed.Reports.ListAsync(bed.TableId));
        Assert.True(Guid.TryParse(job.JobId, out _));
        Assert.Equal(JobState.Finished, job.State);
    }

    [Fact]
    public async Task C03_The_tables_id_counts_more_than_its_name()
    {
        using var bed = await JobBed.NewAsync();
        await bed.PutFileAsync("a.parquet");
        await bed.SendAsync("""{"id":"wrong-id","tableId":"ffffffff","tableName":"flights","files":["in/a.parquet"]}""");
        await bed.SendAsync($$"""{"id":"wrong-name","tableId":"{{bed.TableId}}","tableName":"nowhere","files":["in/a.parquet"]}""");

        await bed.RunWorkerAsync();

        Assert.Equal(["Table not found"], (await bed.StatusAsync("wrong-id")).Runs[0].Reasons);
        Assert.Equal(JobState.Finished, (await bed.StatusAsync("wrong-name")).State);
    }

    [Theory]
    [InlineData("""{"id":"j","tableName":"flights"}""", true, "Missing property \"files\"")]
    [InlineData("""{"id":"j","tableName":"flights","files":null}""", true, "Missing property \"files\"")]
    [InlineData("""{"id":"j","files":[null]}""", false, "One of the files was null", "Table not found")]
    [InlineData("""{"id":"j","tableName":"nowhere"}""", false, "Missing property \"files\"", "Table not found")]
    [InlineData("""{"id":"j","tableName":"flights","files":["in/none.parquet",null]}""", true, "One of the files was null")]
    [InlineData("""{"id":"j","tableName":"flights","files":["in/none.parquet"]}""", true, "Could not find one or more paths")]
    [InlineData("""{"id":"j","tableName":"nowhere","files":["in/none.parquet"]}""", false, "Table not found")]
    public async Task C04_Reasons_are_those_of_the_original_and_name_the_table_if_it_was_found(string json, bool isTableFound, params string[] reasons)
    {
        using var bed = await JobBed.NewAsync();
        await bed.SendAsync(json);

        await bed.RunWorkerAsync();

        var job = await bed.StatusAsync("j");
        Assert.Equal(JobState.Rejected, job.State);
        Assert.Equal(reasons, job.Runs.Single().Reasons);
        Assert.Equal(isTableFound ? bed.TableId : null, job.TableId);
        Assert.Equal(json, Assert.IsType<JobValidated>(job.Runs[0].Updates.Single()).JsonMessage);
        Assert.Equal(2, (await bed.DeadLettersAsync()).Count);
        Assert.Empty(await bed.CopiesAsync());
        Assert.Empty(await bed.LeftAsync());
    }

    [Theory]
    [InlineData("{\"id\":\"job-not-json\",")]
    [InlineData("{\"id\":\"a\"} and more")]
    [InlineData("[]")]
    [InlineData("{\"id\":\"a\",\"tableName\":\"flights\",\"files\":\"in/a.parquet\"}")]
    public async Task C05_What_is_not_a_job_is_rejected_under_an_id_of_its_own(string body)
    {
        using var bed = await JobBed.NewAsync();
        await bed.SendAsync(body);

        await bed.RunWorkerAsync();

        var job = Assert.Single(await bed.Reports.ListRejectedAsync());
        Assert.True(Guid.TryParse(job.JobId, out _));
        Assert.Null(job.TableId);
        Assert.StartsWith("Error parsing JSON. Reason: ", job.Runs[0].Reasons.Single(), StringComparison.Ordinal);
        Assert.Equal(body, Assert.IsType<JobValidated>(job.Runs[0].Updates.Single()).JsonMessage);
    }

    [Theory]
    [InlineData("[]")]
    [InlineData("[\"in/.a.parquet.crc\"]")]
    [InlineData("[\"in/empty.parquet\"]")]
    public async Task C06_A_job_of_no_rows_finishes_and_leaves_nothing(string files)
    {
        using var bed = await JobBed.NewAsync();
        await bed.PutFileAsync("empty.parquet", rows: 0);
        await bed.SendAsync($$"""{"id":"j","tableName":"flights","files":{{files}}}""");

        await bed.RunWorkerAsync();

        var run = (await bed.StatusAsync("j")).Runs.Single();
        Assert.Equal(JobState.Finished, run.State);
        Assert.Equal([typeof(JobStarted), typeof(JobAddedFiles), typeof(JobFinished)], run.Updates.Select(u => u.GetType()));
        Assert.Equal(0, run.Updates.OfType<JobAddedFiles>().Single().FileCount);
        Assert.Equal(0, (await Table.OpenAsync(bed.Tables, JobBed.TableName).ContinueWith(t => t.Result.DescribeAsync()).Unwrap()).TransactionNumber);
        Assert.Empty(await bed.LeftAsync());
    }

    [Theory]
    [InlineData("in/d/a.parquet")]
    [InlineData("s3://in/d/a.parquet")]
    [InlineData("s3a://in/d/a.parquet")]
    [InlineData("in//d/a.parquet")]
    [InlineData("s3://in///d/a.parquet")]
    public async Task C07_A_path_may_have_a_scheme_and_slashes_before_its_key(string path)
    {
        using var bed = await JobBed.NewAsync();
        await bed.PutFileAsync("d/a.parquet", id: "a");
        await bed.SendAsync("j", path, "in/nothing.crc");

        await bed.RunWorkerAsync();

        Assert.Equal(new Dictionary<string, int> { ["a"] = 1 }, await bed.CopiesAsync());
    }

    [Fact]
    public async Task C08_A_path_is_a_file_or_a_folder_never_the_beginning_of_names()
    {
        using var bed = await JobBed.NewAsync();
        foreach (string key in new[] { "d/a.parquet", "d/deep/er/b.parquet", "d-old/c.parquet", "d.parquet", "d/A.PARQUET", "d/a.parquet-old.parquet" })
        {
            await bed.PutFileAsync(key);
        }

        await bed.SendAsync("folder", "in/d");
        await bed.SendAsync("file", "in/d/a.parquet");
        await bed.SendAsync("beginning", "in/d/a");

        await bed.RunWorkerAsync();

        Assert.Equal(
            new Dictionary<string, int> { ["d/a.parquet"] = 2, ["d/deep/er/b.parquet"] = 1, ["d/a.parquet-old.parquet"] = 1 }, await bed.CopiesAsync());
        var missing = (await bed.StatusAsync("beginning")).Runs.Single();
        Assert.Equal(["Could not find one or more paths"], missing.Reasons);
        Assert.Contains("'in/d/a'", missing.Details.Single(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task C09_A_file_named_through_two_paths_is_ingested_once_and_the_job_says_so()
    {
        using var bed = await JobBed.NewAsync();
        await bed.PutFileAsync("d/a.parquet");
        await bed.PutFileAsync("d/b.parquet");
        await bed.SendAsync("j", "in/d", "s3://in/d/a.parquet", "in/d/", "in");

        await bed.RunWorkerAsync();

        Assert.Equal(new Dictionary<string, int> { ["d/a.parquet"] = 1, ["d/b.parquet"] = 1 }, await bed.CopiesAsync());
        Assert.Equal(5, Assert.IsType<JobStarted>((await bed.StatusAsync("j")).Runs.Single().Updates[0]).DuplicateFileCount);
    }

    [Theory]
    [InlineData("\"\"", "A path is empty")]
    [InlineData("\"/a.parquet\"", "The path '/a.parquet' names no bucket")]
    [InlineData("\"no-such-bucket/a.parquet\"", "The path 'no-such-bucket/a.parquet' is in the bucket 'no-such-bucket'")]
    [InlineData("\"in/../a.parquet\"", "The path 'in/../a.parquet' is none that an object can have")]
    public async Task C10_Paths_that_cannot_be_are_rejected_by_name_and_the_worker_goes_on(string path, string reason)
    {
        using var bed = await JobBed.NewAsync();
        await bed.PutFileAsync("a.parquet");
        await bed.SendAsync($$"""{"id":"bad","tableName":"flights","files":[{{path}},"in/a.parquet"]}""");
        await bed.SendAsync("good", "in/a.parquet");

        await bed.RunWorkerAsync();

        Assert.StartsWith(reason, (await bed.StatusAsync("bad")).Runs.Single().Reasons.Single(), StringComparison.Ordinal);
        Assert.Equal(new Dictionary<string, int> { ["a.parquet"] = 1 }, await bed.CopiesAsync());
    }

    [Fact]
    public async Task C10_A_bucket_that_is_not_there_or_denies_access_rejects_the_job_with_the_path()
    {
        using var bed = await JobBed.NewAsync();
        await bed.PutFileAsync("a.parquet");
        var s3 = new InProcessS3(1_000, "closed");
        var http = new FaultyHttp(s3);
        http.Refuse(HttpStatusCode.Forbidden, "AccessDenied", "HeadObject", times: 100);
        http.Refuse(HttpStatusCode.Forbidden, "AccessDenied", "GetObject", times: 100);
        http.Refuse(HttpStatusCode.Forbidden, "AccessDenied", "ListObjectsV2", times: 100);
        using var open = s3.NewClient();
        using var closed = s3.NewClient(http);
        bed.Options = bed.Options with { Inputs = new JobInputs { OpenBucket = name => name == "in" ? bed.Bucket : new S3ObjectStore(name == "closed" ? closed : open, name) } };
        await bed.SendAsync("nowhere", "nowhere/b.parquet", "in/a.parquet");
        await bed.SendAsync("folder", "nowhere/d/");
        await bed.SendAsync("closed", "in/a.parquet", "closed/c.parquet");
        await bed.SendAsync("good", "in/a.parquet");

        await bed.RunWorkerAsync();

        foreach (var (job, path) in new[] { ("nowhere", "nowhere/b.parquet"), ("folder", "nowhere/d/"), ("closed", "closed/c.parquet") })
        {
            var run = (await bed.StatusAsync(job)).Runs.Single();
            Assert.Equal(JobState.Rejected, run.State);
            Assert.Contains($"'{path}'", string.Join(' ', run.Reasons.Concat(run.Details)), StringComparison.Ordinal);
        }

        Assert.Equal(new Dictionary<string, int> { ["a.parquet"] = 1 }, await bed.CopiesAsync());
    }

    [Theory]
    [InlineData("512", 512L)]
    [InlineData("1K", 1024L)]
    [InlineData("5G", 5L << 30)]
    [InlineData("5 G", null)]
    [InlineData("1KB", null)]
    [InlineData("-1", null)]
    [InlineData("", null)]
    public void C33_Sizes_are_powers_of_1024(string text, long? expected)
    {
        long? bytes = PropertyRule.TryParseBytes(text, out long value) ? value : null;

        Assert.Equal(expected, bytes);
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData(" \n")]
    [InlineData("{\"id\":\"j\",\"tableName\":\" \",\"files\":[]}", "Table not found")]
    [InlineData("{\"id\":\"j\",\"tableName\":\"\",\"files\":[]}", "Table not found")]
    [InlineData("{\"id\":\"j\",\"tableName\":\"../x\",\"files\":[]}", "Table not found")]
    public async Task C10_Empty_messages_and_names_are_rejected(string body, string reason = "Error parsing JSON. Reason: ")
    {
        using var bed = await JobBed.NewAsync();
        await bed.SendAsync(body);

        await bed.RunWorkerAsync();

        Assert.StartsWith(reason, Assert.Single(await bed.Reports.ListRejectedAsync()).Runs[0].Reasons.Single(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task C12_A_job_whose_files_do_not_fit_is_rejected_as_a_whole_with_all_reasons()
    {
        using var bed = await JobBed.NewAsync();
        await bed.PutFileAsync("good.parquet");
        var schema = Schema.Create().RowKey("key", FieldType.Long).Value("number", FieldType.Int).Build();
        await bed.Bucket.PutAsync("wrong.parquet", SmallDataFile.Write(schema, [new Row(schema, 1L, 2)]));
        await bed.Bucket.PutAsync("damaged.parquet", Encoding.UTF8.GetBytes("PAR1 this is no file of that kind PAR1"));
        await bed.SendAsync("j", "in/good.parquet", "in/wrong.parquet", "in/damaged.parquet");

        await bed.RunWorkerAsync();

        var run = (await bed.StatusAsync("j")).Runs.Single();
        Assert.Equal(JobState.Rejected, run.State);
        Assert.Contains(run.Reasons, r => r.Contains("in/wrong.parquet", StringComparison.Ordinal) && r.Contains("key", StringComparison.Ordinal));
        Assert.Contains(run.Reasons, r => r.Contains("in/wrong.parquet", StringComparison.Ordinal) && r.Contains("ingest", StringComparison.Ordinal));
        Assert.Contains(run.Reasons, r => r.Contains("in/damaged.parquet", StringComparison.Ordinal));
        Assert.DoesNotContain(run.Reasons, r => r.Contains("good", StringComparison.Ordinal));
        Assert.Empty(await bed.CopiesAsync());
        Assert.Empty(await bed.LeftAsync());
    }

    [Fact]
    public async Task C11_C13_C14_C15_Columns_are_matched_by_exact_name_and_optional_ones_are_taken()
    {
        using var bed = await JobBed.NewAsync();
        var table = Schema.Create().RowKey("key", FieldType.String).Value("number", FieldType.Int).Value("note", FieldType.Long, nullable: true).Build();
        await Table.CreateAsync(bed.Tables, "others", table);
        var file = Schema.Create().RowKey("unused", FieldType.Long).Value("Note", FieldType.Long).Value("number", FieldType.Int, nullable: true).Value("key", FieldType.String, nullable: true).Build();
        await bed.Bucket.PutAsync("good.parquet", SmallDataFile.Write(file, [new Row(file, 1L, 9L, 7, "b"), new Row(file, 2L, 9L, 8, "a")]));
        await bed.Bucket.PutAsync("null.parquet", SmallDataFile.Write(file, [new Row(file, 1L, 9L, 7, "c"), new Row(file, 2L, 9L, FieldValue.Null, "d")]));
        var wide = Schema.Create().RowKey("key", FieldType.String).Value("number", FieldType.Long).Build();
        await bed.Bucket.PutAsync("wide.parquet", SmallDataFile.Write(wide, [new Row(wide, "e", 1L)]));
        foreach (string name in new[] { "good", "null", "wide" })
        {
            await bed.SendAsync($$"""{"id":"{{name}}","tableName":"others","files":["in/{{name}}.parquet"]}""");
        }

        bed.Options = bed.Options with { Queue = new ScriptedQueue(bed.Queue) };
        await bed.RunWorkerAsync();

        // Sorted by key; "Note" is not "note", and a nullable field without a column is null.
        var rows = await (await Table.OpenAsync(bed.Tables, "others")).ReadAsync().ToListAsync();
        Assert.Equal([("a", 8, true), ("b", 7, true)], rows.Select(r => (r.GetString(0), r.GetInt(1), r[2].IsNull)));
        var withNull = await bed.StatusAsync("null");
        Assert.Equal(JobState.Failed, withNull.State);
        Assert.All(
            new[] { "null.parquet", "row group 0", "row 1", "'number'" }, where => Assert.Contains(where, string.Join(' ', withNull.Runs[0].Reasons), StringComparison.Ordinal));
        Assert.Equal(JobState.Rejected, (await bed.StatusAsync("wide")).State); // INT64 for an int
        Assert.DoesNotContain(await bed.LeftAsync(), p => !p.StartsWith("others/", StringComparison.Ordinal));
    }

    [Fact]
    public async Task C16_Lists_and_maps_are_read_and_written()
    {
        using var bed = await JobBed.NewAsync();
        var schema = Schema.Create().RowKey("key", FieldType.String).Value("list", FieldType.List(FieldType.Long)).Value("map", FieldType.Map(FieldType.String, FieldType.Int)).Build();
        await Table.CreateAsync(bed.Tables, "nested", schema);
        Row[] given = [new Row(schema, "a", FieldValue.FromList([1L, 2L]), FieldValue.FromMap(new Dictionary<string, int> { ["x"] = 1 })), new Row(schema, "b", FieldValue.FromList(new List<long>()), FieldValue.FromMap(new Dictionary<string, int>()))];
        await bed.Bucket.PutAsync("nested.parquet", SmallDataFile.Write(schema, given));
        await bed.SendAsync("""{"id":"j","tableName":"nested","files":["in/nested.parquet"]}""");

        await bed.RunWorkerAsync();

        var rows = await (await Table.OpenAsync(bed.Tables, "nested")).ReadAsync().ToListAsync();
        Assert.Equal(given.Select(RowText.Of), rows.Select(RowText.Of));
    }

    [Fact]
    public async Task C17_The_order_of_input_does_not_matter()
    {
        using var bed = await JobBed.NewAsync();
        Row[] rows = [.. SmallIngest.Rows("a")];
        await bed.Bucket.PutAsync("up.parquet", SmallDataFile.Write(SmallIngest.Schema, rows));
        await bed.Bucket.PutAsync("down.parquet", SmallDataFile.Write(SmallIngest.Schema, [.. rows.Reverse()]));
        await bed.SendAsync("j", "in/down.parquet", "in/up.parquet");

        await bed.RunWorkerAsync();

        Assert.Equal(new Dictionary<string, int> { ["a"] = 2 }, await bed.CopiesAsync()); // which checks the order of keys
    }

    [Fact]
    public async Task C18_A_run_has_one_start_and_one_end_and_each_try_an_id_of_its_own()
    {
        using var bed = await JobBed.NewAsync();
        await bed.PutFileAsync("a.parquet");
        await bed.SendAsync("j", "in/a.parquet");
        await bed.SendAsync("j", "in/a.parquet");

        await bed.RunWorkerAsync();

        var job = await bed.StatusAsync("j");
        Assert.Equal(2, job.Runs.Select(r => r.RunId).Distinct().Count());
        Assert.All(job.Runs, r => Assert.Equal([typeof(JobStarted), typeof(JobAddedFiles), typeof(JobFinished)], r.Updates.Select(u => u.GetType())));
        Assert.Equal(2, (await bed.CopiesAsync())["a.parquet"]); // sent again is another run
    }

    [Fact]
    public async Task C22_Files_are_counted_by_name_not_by_reference()
    {
        using var bed = await JobBed.NewAsync();
        bed.Options = bed.Options with { ConfigureIngest = f => f.WithMemoryBudget(32 << 20).WithFileStrategy(FileWritingStrategy.OneReferencePerLeaf) };
        await bed.PutFileAsync("a.parquet");
        await bed.SendAsync("j", "in/a.parquet");

        await bed.RunWorkerAsync();

        Assert.Equal(1, (await bed.StatusAsync("j")).Runs.Single().Updates.OfType<JobFinished>().Single().FileCount);
    }

    [Fact]
    public void C23_Reasons_go_from_the_outside_in_through_all_that_came_together()
    {
        var error = new InvalidOperationException("outer", new AggregateException("many", new IOException("one"), new IOException("two", new InvalidDataException(""))));

        var reasons = JobFailure.ReasonsOf(error);

        Assert.Equal("outer", reasons[0]);
        Assert.StartsWith("many", reasons[1], StringComparison.Ordinal);
        Assert.Equal(["one", "two", nameof(InvalidDataException)], reasons.Skip(2));
    }

    [Fact]
    public async Task C24_A_task_is_recorded_with_the_sums_of_its_jobs()
    {
        using var bed = await JobBed.NewAsync();
        await bed.RunWorkerAsync();
        var idle = Assert.Single(await bed.Reports.ListTasksAsync());
        Assert.True(idle.FinishTime is not null && double.IsNaN(idle.RowsReadPerSecond));
        await bed.PutFileAsync("a.parquet");
        await bed.SendAsync("j", "in/a.parquet");
        await bed.SendAsync("bad", "in/none.parquet");
        bed.Options = bed.Options with { TaskId = "task-2" };

        await bed.RunWorkerAsync();

        var busy = (await bed.Reports.ListTasksAsync()).Single(t => t.TaskId == "task-2");
        Assert.Equal((1, SmallIngest.RowCount, SmallIngest.RowCount), (busy.JobCount, busy.RowsRead, busy.RowsWritten));
        Assert.True(busy.RowsWrittenPerSecond > 0);
    }

    [Theory]
    [InlineData("""{"id":"j","tableName":"flights","files":["in/a.parquet",]}""", "One of the files was null")]
    [InlineData("""{"id":"j","tableName":"flights","files":["in/a.parquet", null ]}""", "One of the files was null")]
    [InlineData("""{"id":"j","tableName":"flights","files":["in/a.parquet"],}""", "Error parsing JSON. Reason: ")]
    [InlineData("""{'id':'j','tableName':'flights','files':['in/a.parquet']}""", "Error parsing JSON. Reason: ")]
    [InlineData("""{id:"j",tableName:"flights",files:["in/a.parquet"]}""", "Error parsing JSON. Reason: ")]
    [InlineData("""{"id":{},"tableName":"flights","files":["in/a.parquet"]}""", "Error parsing JSON. Reason: ")]
    [InlineData("""{"id":"j","tableName":"flights","files":[["in/a.parquet"]]}""", "Error parsing JSON. Reason: ")]
    [InlineData("\"text\"", "Error parsing JSON. Reason: ")]
    [InlineData("7", "Error parsing JSON. Reason: ")]
    public async Task C35_Odd_json_is_rejected_with_its_reason(string body, string reason)
    {
        using var bed = await JobBed.NewAsync();
        await bed.PutFileAsync("a.parquet");
        await bed.SendAsync(body);

        await bed.RunWorkerAsync();

        Assert.StartsWith(reason, Assert.Single(await bed.Reports.ListRejectedAsync()).Runs[0].Reasons.Single(), StringComparison.Ordinal);
        Assert.Empty(await bed.CopiesAsync());
    }

    [Fact]
    public void C35_Numbers_are_read_as_their_text_and_of_repeated_members_the_last_counts()
    {
        var job = IngestJobMessage.Parse("""{"id":"x","id":7,"tableName":1.50,"files":["a"],"files":[true,"b"]}""");

        Assert.Equal(("7", "1.50"), (job.Id, job.TableName));
        Assert.Equal(["true", "b"], job.Files);
    }

    [Fact]
    public async Task Large_deep_and_odd_messages_are_read_and_none_ends_the_worker()
    {
        using var bed = await JobBed.NewAsync();
        string[] names = ["100% é 日本 😀+&=#?.parquet", "..a.parquet", " a.parquet", "a%2Fb.parquet"];
        foreach (string name in names)
        {
            await bed.PutFileAsync(name);
        }

        string deep = string.Concat(Enumerable.Repeat("{\"a\":[", 50)) + "1" + string.Concat(Enumerable.Repeat("]}", 50));
        await bed.SendAsync($$"""{"id":"deep","tableName":"flights","files":["in/{{names[0]}}"],"extra":{{deep}}}""");
        await bed.SendAsync($$"""{"id":"large","tableName":"flights","files":["in/{{names[1]}}"],"extra":"{{new string('x', 256 * 1024)}}"}""");
        await bed.SendAsync("too-deep", string.Concat(Enumerable.Repeat('[', 300)));
        await bed.SendAsync(string.Concat(Enumerable.Repeat("{\"a\":", 300)));
        await bed.SendAsync("odd", $"in/{names[2]}", $"in/{names[3]}");
        await bed.SendAsync("{\"id\":\"\\ud800\",\"tableName\":\"flights\",\"files\":[]}");
        await bed.SendAsync(new string('é', 3_000), $"in/{names[0]}");

        await bed.RunWorkerAsync();

        Assert.Equal(
            new Dictionary<string, int> { [names[0]] = 2, [names[1]] = 1, [names[2]] = 1, [names[3]] = 1 }, await bed.CopiesAsync());
        Assert.Equal(3, (await bed.Reports.ListRejectedAsync()).Count);
        Assert.Empty(await bed.LeftAsync());
    }

    [Fact]
    public async Task A_job_of_ten_thousand_files_is_one_ingest()
    {
        using var bed = await JobBed.NewAsync();
        byte[] one = SmallDataFile.Write(SmallIngest.Schema, [.. SmallIngest.Rows("one", 1)]);
        for (int i = 0; i < 10_000; i++)
        {
            await bed.Bucket.PutAsync(string.Create(CultureInfo.InvariantCulture, $"many/{i:D5}.parquet"), one);
        }

        await bed.SendAsync("j", [.. Enumerable.Range(0, 10_000).Select(i => string.Create(CultureInfo.InvariantCulture, $"in/many/{i:D5}.parquet"))]);

        await bed.RunWorkerAsync();

        var run = (await bed.StatusAsync("j")).Runs.Single();
        Assert.Equal((JobState.Finished, 10_000, 10_000L), (run.State, run.InputFileCount, run.RowsWritten));
        Assert.Equal(1, (await (await Table.OpenAsync(bed.Tables, JobBed.TableName)).DescribeAsync()).TransactionNumber);
    }
}
