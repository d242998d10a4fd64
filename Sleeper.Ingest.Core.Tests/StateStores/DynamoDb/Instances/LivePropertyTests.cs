using System.Text;
using Sleeper.Ingest.Core.ObjectStores.S3;
using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.Schemas;
using Sleeper.Ingest.Core.StateStores;
using Sleeper.Ingest.Core.StateStores.DynamoDb.Instances;
using Sleeper.Ingest.Core.Tests.Emulators;
using Sleeper.Ingest.Core.Tests.ObjectStores.S3;
using Sleeper.Ingest.Core.Tests.Support;
using LiveTable = Sleeper.Ingest.Core.StateStores.DynamoDb.Instances.LiveTable;

namespace Sleeper.Ingest.Core.Tests.StateStores.DynamoDb.Instances;

/// <summary>
/// Every property that the original's ingest reads (section 2 of the pipeline's page), by name: its default, what it may not be, and how it shows in what is written here.
/// </summary>
public sealed class LivePropertyTests
{
    private const string T = "sleeper.table.";
    private const string Retry = T + "statestore.transactionlog.add.transaction.";

    private static readonly string[] NotPositive = ["0", "-1", "1.5", "many", "99999999999999999999"];
    private static readonly string[] NoBytes = ["1023", "-1", "many", "1KB", "1.5M", "8E"];
    private static readonly string[] NoMillis = ["-1", "0.5", "soon", "3000000000"];

    /// <summary>Most of an instance's are of the original's local batches and upload client: judged, but memory, disk and uploads are this library's own settings.</summary>
    private static readonly Property[] Properties =
    [
        new(T + "ingest.row.batch.type", "arrow", Use.Judged, ["heap", "arrow2", "parquet"]),
        new(T + "ingest.partition.file.writer.type", "async", Use.Judged, ["buffered", "direct2"]),
        new(T + "ingest.file.writing.strategy", "one_reference_per_leaf", Use.Files, ["one_file", "one_file_per_leaf_and_day"]),
        new(T + "ingest.job.files.commit.async", "true", Use.Commits, []),
        new(T + "data.engine", "DATAFUSION", Use.Files, ["spark", "datafusion_2"]),
        new("sleeper.ingest.memory.max.batch.size", "1000000", Use.Judged, [.. NotPositive, "3000000000"]),
        new("sleeper.ingest.max.local.rows", "100000000", Use.Judged, NotPositive),
        new("sleeper.ingest.arrow.batch.buffer.bytes", "1073741824", Use.Judged, NotPositive),
        new("sleeper.ingest.arrow.working.buffer.bytes", "268435456", Use.Judged, NotPositive),
        new("sleeper.ingest.arrow.max.local.store.bytes", "2147483648", Use.Judged, NotPositive),
        new("sleeper.ingest.arrow.max.single.write.to.file.rows", "1024", Use.Judged, [.. NotPositive, "3000000000"]),
        new("sleeper.ingest.partition.refresh.period", "120", Use.Judged, ["-1", "0.5", "often"]),
        new("sleeper.ingest.async.client.type", "crt", Use.Judged, ["netty", "crt2"]),
        new("sleeper.ingest.async.crt.part.size.bytes", "134217728", Use.Uploads, NotPositive),
        new("sleeper.ingest.async.crt.target.throughput.gbps", "10", Use.Judged, ["0", "-1", "fast", "NaN", "Infinity"]),
        new("sleeper.fs.s3a.max-connections", "100", Use.Judged, NotPositive),
        new("sleeper.fs.s3a.upload.block.size", "32M", Use.Judged, ["0", "-1", "32MB", "9E9"]),
        new("sleeper.ingest.fs.s3a.experimental.input.fadvise", "sequential", Use.Judged, ["Sequential", "backwards"]),
        new("sleeper.filesystem", "s3a://", Use.Uploads, ["hdfs://", "file://", "S3A://"]),
        new(T + "parquet.rowgroup.size", "8388608", Use.Files, NoBytes),
        new(T + "parquet.rowgroup.rows.max", "100000", Use.Files, [.. NotPositive, "3000000000"]),
        new(T + "parquet.page.size", "131072", Use.Files, [.. NoBytes, "2G", "4E"]),
        new(T + "parquet.compression.codec", "zstd", Use.Files, ["lzo", "brotli", "lz4", "lz4_raw", "zstd2", "none"]),
        new(T + "parquet.dictionary.encoding.rowkey.fields", "false", Use.Files, []),
        new(T + "parquet.dictionary.encoding.sortkey.fields", "false", Use.Files, []),
        new(T + "parquet.dictionary.encoding.value.fields", "false", Use.Files, []),
        new(T + "parquet.columnindex.truncate.length", "128", Use.Files, [.. NotPositive, "3000000000"]),
        new(T + "parquet.statistics.truncate.length", "2147483647", Use.Files, [.. NotPositive, "2147483648"]),
        new(T + "parquet.writer.version", "v2", Use.Files, ["v3", "2", "v1.0"]),
        new(T + "filters", null, Use.Files, []),
        new(T + "aggregations", null, Use.Files, []),
        new(T + "iterator.class.name", null, Use.Files, []),
        new(T + "iterator.config", null, Use.Files, []),
        new(Retry + "max.attempts", "10", Use.Commits, NotPositive),
        new(Retry + "first.retry.wait.ceiling.ms", "200", Use.Commits, NoMillis),
        new(Retry + "max.retry.wait.ceiling.ms", "30000", Use.Commits, NoMillis),
    ];

    private static readonly Lazy<Task<LiveInstanceDump>> Deployed = new(() => LiveInstanceDump.LoadAsync("01-deployed"));

    private static readonly Schema Schema = Schema.Create().RowKey("key", FieldType.String).SortKey("sort", FieldType.Long)
        .Value("text", FieldType.String).Value("number", FieldType.Int).Build();

    /// <summary>2,000 rows of 50 keys, half of them on each side of "m": 100 different keys with their sort key.</summary>
    private static readonly List<Row> Rows =
    [
        .. Enumerable.Range(0, 2000).Select(i => new Row(Schema, $"{(i % 2 == 0 ? "aaaa" : "zzzz")}-{i % 50:D2}", (long)(i % 100 / 50), $"value {i % 5}", i)),
    ];

    private enum Use
    {
        /// <summary>A value that the original refuses is refused; others change nothing here.</summary>
        Judged,

        /// <summary>Shows in data files.</summary>
        Files,

        /// <summary>Shows in commits.</summary>
        Commits,

        /// <summary>Shows in where files go and how.</summary>
        Uploads,
    }

    public static TheoryData<string> All => [.. Properties.Select(p => p.Name)];

    public static TheoryData<string> OfFiles => [.. Properties.Where(p => p.Use == Use.Files).Select(p => p.Name)];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(All))]
    public void Item_13_a_property_that_is_missing_or_empty_has_the_originals_default_and_the_instances_goes_before_it(string name)
    {
        var property = Properties.Single(p => p.Name == name);
        var known = Known(name);

        Assert.Equal(property.Default, Effective("", "", known));
        Assert.Equal(property.Default, Effective($"{name}=\n", $"{known.InstanceDefault?.Name ?? name}=\n", known));
        if (known.InstanceDefault is { } instance)
        {
            Assert.Equal(name.Replace("sleeper.table.", "sleeper.default.table.", StringComparison.Ordinal), instance.Name);
            Assert.Equal("7", Effective("", $"{instance.Name}=7\n", known));
            Assert.Equal("8", Effective($"{name}=8\n", $"{instance.Name}=7\n", known));
        }
    }

    [Theory]
    [MemberData(nameof(All))]
    public void Item_13_a_value_out_of_range_unknown_or_of_a_newer_version_is_refused_by_name_wherever_it_stands(string name)
    {
        var property = Properties.Single(p => p.Name == name);
        foreach (string wrong in property.Wrong)
        {
            bool isTables = name.StartsWith(T, StringComparison.Ordinal);
            var error = Assert.Throws<UnsupportedTableException>(() => isTables ? (PropertyValues)ReadTable($"{name}={wrong}\n") : ReadInstance($"{name}={wrong}\n"));
            Assert.Contains($"'{name}' is '{wrong}'", error.Message, StringComparison.Ordinal);
            Assert.Contains("this library takes", error.Message, StringComparison.Ordinal);
            if (Known(name).InstanceDefault is { } instance)
            {
                var ofInstance = Assert.Throws<UnsupportedTableException>(() => ReadTable("", $"{instance.Name}={wrong}\n"));
                Assert.Contains($"'{name}' is '{wrong}' (by '{instance.Name}' of the instance)", ofInstance.Message, StringComparison.Ordinal);
            }
        }
    }

    [Fact]
    public void Properties_of_a_newer_version_are_kept_and_change_nothing()
    {
        var table = ReadTable("sleeper.table.ingest.row.batch.type.of.tomorrow=columnar\n", "sleeper.default.table.parquet.page.size.max=1\n");

        Assert.Equal("columnar", table.All["sleeper.table.ingest.row.batch.type.of.tomorrow"]);
        Assert.Equal(131072, table.Bytes(TableProperty.PageBytes));
    }

    [Fact]
    public void Properties_of_commits_and_names_are_the_settings_of_the_state_store()
    {
        var table = ReadTable($"{Retry}max.attempts=3\n{Retry}first.retry.wait.ceiling.ms=70\n{T}ingest.job.files.commit.async=false\n", $"sleeper.default.table.{Retry[T.Length..]}max.retry.wait.ceiling.ms=900\n");
        var settings = LiveTable.SettingsOf(table, null);

        Assert.Equal((3, 70.0, 900.0), (settings.MaxAttempts, settings.FirstRetryWait.TotalMilliseconds, settings.MaxRetryWait.TotalMilliseconds));
        Assert.False(table.CommitsAsynchronously);
        Assert.Equal("s3a://b/", InstanceProperties.Parse("sleeper.data.bucket=b\n", "x").FileNamePrefix);
        Assert.Equal("s3://b/", InstanceProperties.Parse("sleeper.data.bucket=b\nsleeper.filesystem=s3://\n", "x").FileNamePrefix);
    }

    [Theory]
    [InlineData(null, 0)]
    [InlineData("5242880", 2)]
    [InlineData("1", 2)] // S3 takes no shorter parts than 5 MiB
    public async Task A_file_up_to_the_length_of_the_instances_parts_is_one_put(string? partBytes, int parts)
    {
        var live = partBytes is null ? await Deployed.Value : await LiveInstanceDump.LoadAsync("01-deployed");
        if (partBytes is not null)
        {
            using var client = live.Aws.NewS3Client();
            using var found = await client.GetObjectAsync(live.ConfigBucket, InstanceProperties.Path, Token);
            string text = await new StreamReader(found.ResponseStream).ReadToEndAsync(Token);
            await client.PutObjectAsync(
                new() { BucketName = live.ConfigBucket, Key = InstanceProperties.Path, ContentBody = $"{text}\nsleeper.ingest.async.crt.part.size.bytes={partBytes}\n" }, Token);
        }

        var counted = new CountedRequests();
        var s3 = live.Aws.NewS3Config();
        s3.HttpClientFactory = counted;
        using var instance = await SleeperInstance.OpenAsync(
            live.ConfigBucket, LiveInstanceTests.OptionsOf(live) with { S3Config = s3 }, Token);
        var schema = Schema.Create().RowKey("key", FieldType.Long).Value("noise", FieldType.ByteArray).Build();
        await Table.CreateAsync(instance, $"parts of {partBytes}", schema, cancellationToken: Token);
        counted.Forget();

        await LiveInstanceTests.IngestAsync(instance, $"parts of {partBytes}", Enumerable.Range(0, 60).Select(i => new Row(schema, (long)i, S3TestBed.Noise((96 << 10) + i))));

        // The sketches besides; and the answers to start and to complete.
        Assert.Equal(Math.Max(1, parts) + 1, counted.Requests.Count(r => r.StartsWith("PUT ", StringComparison.Ordinal)));
        Assert.Equal(parts == 0 ? 0 : 2, counted.Requests.Count(r => r.StartsWith("POST ", StringComparison.Ordinal)));
    }

    [Theory]
    [MemberData(nameof(OfFiles))]
    public async Task What_a_property_says_shows_in_the_files_that_are_written(string name)
    {
        switch (name[T.Length..])
        {
            case "ingest.file.writing.strategy":
                Assert.Equal((1, 2), await FilesAndReferencesAsync((name, "one_reference_per_leaf")));
                Assert.Equal((2, 2), await FilesAndReferencesAsync((name, "ONE_FILE_PER_LEAF")));
                break;
            case "data.engine":
                foreach (var (engine, order) in (IEnumerable<(string, KeyOrder)>)[("java", KeyOrder.Java), ("JAVA", KeyOrder.Java), ("datafusion", KeyOrder.Bytes), ("datafusion_experimental", KeyOrder.Bytes)])
                {
                    await AssertOrderAsync(engine, order);
                }

                break;
            case "parquet.rowgroup.size":
                Assert.InRange((await WriteAsync((name, "8K"))).Metadata.RowGroups.Count, 4, 50);
                break;
            case "parquet.rowgroup.rows.max":
                Assert.Equal([900, 900, 200], (await WriteAsync((name, "900"))).Metadata.RowGroups.Select(g => (int)g.NumRows));
                break;
            case "parquet.page.size":
                Assert.Single((await WriteAsync()).PageHeaders(0));
                var pages = (await WriteAsync((name, "2K"))).PageHeaders(0).ToList();
                Assert.InRange(pages.Count, 5, 50);
                Assert.All(pages, page => Assert.InRange(page.UncompressedPageSize, 1, 3 << 10));
                break;
            case "parquet.compression.codec":
                foreach (string codec in (string[])["zstd", "snappy", "GZIP", "uncompressed"])
                {
                    Assert.All((await WriteAsync((name, codec))).Chunks, c => Assert.Equal(codec, c.Codec.ToString(), ignoreCase: true));
                }

                break;
            case "parquet.dictionary.encoding.rowkey.fields":
                Assert.Equal([true, false, false, false], (await WriteAsync((name, "true"))).Chunks.Select(c => c.DictionaryPageOffset is not null));
                break;
            case "parquet.dictionary.encoding.sortkey.fields":
                Assert.Equal([false, true, false, false], (await WriteAsync((name, "TRUE"))).Chunks.Select(c => c.DictionaryPageOffset is not null));
                break;
            case "parquet.dictionary.encoding.value.fields":
                Assert.Equal([false, false, true], (await WriteAsync((name, "true"))).Chunks.Take(3).Select(c => c.DictionaryPageOffset is not null));
                break;
            case "parquet.columnindex.truncate.length":
                Assert.Equal(("aaaa-00", "zzzz-49"), BoundsOfPages(await WriteAsync()));
                Assert.Equal(("aaa", "zz{"), BoundsOfPages(await WriteAsync((name, "3"))));
                break;
            case "parquet.statistics.truncate.length":
                Assert.Equal("zzzz-49", Encoding.UTF8.GetString((await WriteAsync()).Chunk(0).Statistics!.MaxValue!));
                Assert.Equal("zz{", Encoding.UTF8.GetString((await WriteAsync((name, "3"))).Chunk(0).Statistics!.MaxValue!));
                break;
            case "parquet.writer.version":
                Assert.All((await WriteAsync((name, "v2"))).PageHeaders(0), h => Assert.NotNull(h.DataPageV2));
                Assert.All((await WriteAsync((name, "V1"))).PageHeaders(0), h => Assert.NotNull(h.DataPage));
                break;
            case "filters":
                Assert.Equal((0, 0), await FilesAndReferencesAsync((name, "ageOff(sort,1000)")));
                break;
            case "aggregations":
                Assert.Equal(100, (await WriteAsync((name, "max(text),sum(number)"))).Metadata.NumRows);
                break;
            case "iterator.class.name" or "iterator.config":
                const string Iterator = T + "iterator.class.name";
                Assert.Equal((0, 0), await FilesAndReferencesAsync((Iterator, "sleeper.core.iterator.AgeOffIterator"), (T + "iterator.config", "sort,1000")));
                long all = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds() + 86_400_000;
                Assert.Equal((1, 2), await FilesAndReferencesAsync((Iterator, "sleeper.core.iterator.AgeOffIterator"), (T + "iterator.config", $"sort,{all}")));
                break;
            default:
                Assert.Fail($"How does '{name}' show?");
                break;
        }
    }

    private static SleeperProperty Known(string name) => TableProperty.All.Concat(InstanceProperty.All).Single(p => p.Name == name);

    private static string? Effective(string table, string instance, SleeperProperty property)
    {
        var values = InstanceProperties.Parse(instance, "the instance");
        return property.Name.StartsWith(T, StringComparison.Ordinal) ? LiveTableProperties.Parse(table, "the table", values).Get(property) : values.Get(property);
    }

    private static LiveTableProperties ReadTable(string lines, string instance = "") => LiveTableProperties.Read(
        Encoding.UTF8.GetBytes($"sleeper.table.id=1f2e3d4c\nsleeper.table.name=a\nsleeper.table.schema={Schema.ToJson().ReplaceLineEndings("")}\n{lines}"),
        "the table",
        InstanceProperties.Parse(instance, "the instance"));

    private static InstanceProperties ReadInstance(string lines) => InstanceProperties.Read(
        Encoding.UTF8.GetBytes(string.Concat(InstanceProperty.All.Where(p => p.IsRequired).Select(p => $"{p.Name}=x\n")) + "sleeper.version=0.36.2\n" + lines), "the instance", anyVersion: false);

    private static async Task<(IngestResult Result, Table Table, S3ObjectStore Bucket)> IngestAsync(
        SleeperInstance instance, IReadOnlyList<FieldValue> splitPoints, IEnumerable<Row> rows, params (string Name, string Value)[] properties)
    {
        var live = await Deployed.Value;
        string name = $"of {Guid.NewGuid()}";
        var table = await Table.CreateAsync(instance, name, Schema, splitPoints, properties.ToDictionary(p => p.Name, p => p.Value), Token);
        var result = await LiveInstanceTests.IngestAsync(instance, name, rows);
        return (result, table, new S3ObjectStore(live.Aws.NewS3Client(), live.DataBucket));
    }

    private static async Task<SleeperInstance> OpenAsync()
    {
        var live = await Deployed.Value;
        return await SleeperInstance.OpenAsync(live.ConfigBucket, LiveInstanceTests.OptionsOf(live), Token);
    }

    private static async Task<DataFileParts> WriteAsync(params (string Name, string Value)[] properties)
    {
        using var instance = await OpenAsync();
        var (result, table, bucket) = await IngestAsync(instance, [], Rows, properties);
        using (bucket)
        {
            Assert.Equal(result.RowCount, await table.ReadAsync(Token).CountAsync(Token));
            return await DataFileParts.OpenAsync(await TableFixture.ReadAsync(bucket, KeyOf(result)));
        }
    }

    private static async Task<(int Files, int References)> FilesAndReferencesAsync(params (string Name, string Value)[] properties)
    {
        using var instance = await OpenAsync();
        var (result, table, bucket) = await IngestAsync(instance, ["m"], Rows, properties);
        bucket.Dispose();
        Assert.Equal(result.RowCount, await table.ReadAsync(Token).CountAsync(Token));
        return (result.Files.Count, result.Files.Sum(f => f.References.Count));
    }

    /// <summary>U+FF5E is after U+1F680 for Java and before it by bytes.</summary>
    private static async Task AssertOrderAsync(string engine, KeyOrder order)
    {
        using var instance = await OpenAsync();
        string[] keys = order == KeyOrder.Java ? ["a", "🚀", "\uff5e"] : ["a", "\uff5e", "🚀"];
        Row[] rows = [.. keys.Select((key, i) => new Row(Schema, key, 0L, "", i))];
        var (result, table, bucket) = await IngestAsync(instance, [], rows.Reverse(), (T + "data.engine", engine));
        using (bucket)
        {
            Assert.Equal(rows, await DataFileRows.ReadAsync(bucket, KeyOf(result), Schema));
            Assert.Equal(rows, await table.ReadAsync(TableQuery.All, Token).ToListAsync(Token));
            Assert.Equal([rows[1]], await table.ReadAsync(keys[1], Token).ToListAsync(Token));
            Assert.Equal([rows[2]], await table.ReadAsync(TableQuery.All.WithRange(new FieldRange("key") { Min = keys[2] }), Token).ToListAsync(Token));
        }
    }

    private static string KeyOf(IngestResult result) => result.Files[0].FileName.Split('/', 4)[3];

    private static (string Min, string Max) BoundsOfPages(DataFileParts file)
    {
        var index = file.ColumnIndex(0);
        return (Encoding.UTF8.GetString(index.MinValues[0]), Encoding.UTF8.GetString(index.MaxValues[^1]));
    }

    private sealed record Property(string Name, string? Default, Use Use, string[] Wrong);
}
