using System.Text;
using System.Text.Json;
using Sleeper.Ingest.Core.StateStores;
using Sleeper.Ingest.Core.StateStores.DynamoDb.Instances;
using Sleeper.Ingest.Core.StateStores.OwnTables;
using Sleeper.Ingest.Core.Tests.Support;

namespace Sleeper.Ingest.Core.Tests.StateStores.DynamoDb.Instances;

/// <summary>Properties of instances and tables: read as the Java system reads them, or refused by name. Numbers are those of the conformance list.</summary>
public sealed class PropertiesTests
{
    /// <summary>Not in the file of an instance that was never deployed.</summary>
    private const string Deployed = """
        sleeper.version=0.36.2-SNAPSHOT
        sleeper.data.bucket=data
        sleeper.tables.name.index.dynamo.table=names
        sleeper.tables.id.index.dynamo.table=ids
        sleeper.tables.online.index.dynamo.table=online
        sleeper.statestore.transactionlog.dynamo.file.log.table=files
        sleeper.statestore.transactionlog.dynamo.partition.log.table=partitions
        sleeper.statestore.transactionlog.dynamo.latest.snapshots.table=snapshots

        """;

    private const string Minimal = """
        sleeper.table.id=1f2e3d4c
        sleeper.table.name=events
        sleeper.table.schema={"rowKeyFields":[{"name":"k","type":"LongType"}]}

        """;

    [Theory]
    [InlineData("instance-default", null)]
    [InlineData("instance-many", null)]
    [InlineData("table-default", "instance-default")]
    [InlineData("table-many", "instance-many")]
    public void Item_5_every_known_property_has_the_value_that_the_original_reads(string name, string? instanceName)
    {
        var instance = InstanceProperties.Parse(Text((instanceName ?? name) + ".properties"), "the instance");
        PropertyValues values = instanceName is null ? instance : LiveTableProperties.Parse(Text(name + ".properties"), "the table", instance);
        var known = instanceName is null ? InstanceProperty.All : TableProperty.All;
        using var effective = JsonDocument.Parse(Text(name + ".effective.json"));

        foreach (var property in known)
        {
            string? expected = effective.RootElement.TryGetProperty(property.Name, out var value) ? value.GetString() : null;
            Assert.Equal((property.Name, expected), (property.Name, values.Get(property)));
        }

        Assert.True(known.Count(p => effective.RootElement.TryGetProperty(p.Name, out _)) > 20);
        Assert.Equal(known.Count, known.Select(p => p.Name).Distinct().Count());
    }

    [Fact]
    public void Item_5_the_defaults_of_empty_files()
    {
        var table = LiveTableProperties.Parse("", "the table", InstanceProperties.Parse("", "the instance"));

        Assert.Equal(10, table.Int(TableProperty.MaxAttempts));
        Assert.Equal(200, table.Int(TableProperty.FirstWaitMillis));
        Assert.Equal(30000, table.Int(TableProperty.MaxWaitMillis));
        Assert.Equal(10, table.Int(TableProperty.SnapshotMinAhead));
        Assert.Equal(60, table.Int(TableProperty.SnapshotCheckSeconds));
        Assert.Equal(0, table.Int(TableProperty.TransactionCheckMillis));
        Assert.True(table.CommitsAsynchronously);
        Assert.Equal("one_reference_per_leaf", table.Get(TableProperty.FileWritingStrategy));
        Assert.True(table.Instance.ConsistentIndexReads);
    }

    [Fact]
    public void Item_6_asynchronous_commits_by_all_combinations()
    {
        string[] lines = File.ReadAllLines(PathOf("async-commit-rule.jsonl"));
        foreach (string line in lines)
        {
            using var json = JsonDocument.Parse(line);
            var set = json.RootElement.EnumerateObject().Where(p => !p.Name.StartsWith("effective", StringComparison.Ordinal)).ToList();
            var instance = InstanceProperties.Parse(Lines(set.Where(p => p.Name.StartsWith("sleeper.default.", StringComparison.Ordinal))), "the instance");
            var table = LiveTableProperties.Parse(Lines(set.Where(p => p.Name.StartsWith("sleeper.table.", StringComparison.Ordinal))), "the table", instance);

            Assert.Equal((line, json.RootElement.GetProperty("effective").GetBoolean()), (line, table.CommitsAsynchronously));
            Assert.Equal((line, json.RootElement.GetProperty("effectiveEnabled").GetBoolean()), (line, table.IsAsyncCommitEnabled));
        }

        Assert.Equal(324, lines.Length);
    }

    [Fact]
    public void Item_3_a_file_with_everything_that_the_format_allows()
    {
        const string text = """
            #
            #Fri Jan 02 03:04:05 UTC 2026
            sleeper.table.id=1f2e3d4c
            sleeper.table.name=events
            sleeper.table.online=true
            sleeper.table.schema={"rowKeyFields"\:[{"name"\:"area","type"\:"StringType"},{"name"\:"id","type"\:"LongType"}],"sortKeyFields"\:[],"valueFields"\:[]}
            sleeper.table.splits.file=
               ! indented comment
            user.note.raw=caf\u00e9 = café \
                continued
            user\ key : \ leading space, back\\slash, tab\there
            """ + "  \nuser.dup=first\nuser.dup=second\n";

        var read = PropertiesText.Read(text);

        Assert.Equal("1f2e3d4c", read["sleeper.table.id"]);
        Assert.Equal("events", read["sleeper.table.name"]);
        Assert.Equal(
            """{"rowKeyFields":[{"name":"area","type":"StringType"},{"name":"id","type":"LongType"}],"sortKeyFields":[],"valueFields":[]}""",
            read["sleeper.table.schema"]);
        Assert.Equal("", read["sleeper.table.splits.file"]);
        Assert.Equal("café = café continued", read["user.note.raw"]);
        Assert.Equal(" leading space, back\\slash, tab\there  ", read["user key"]);
        Assert.Equal("second", read["user.dup"]);
        Assert.Equal(8, read.Count);
    }

    [Fact]
    public void Item_4_an_empty_value_is_none()
    {
        var table = ReadTable(Minimal + "sleeper.table.parquet.page.size=\nsleeper.table.statestore.classname=\n");

        Assert.Equal(131072, table.Bytes(TableProperty.PageBytes));
        Assert.Equal(StateStoreClass.Default, table.StateStore);
    }

    [Theory]
    [InlineData("DynamoDBTransactionLogStateStore", true)]
    [InlineData("DynamoDBTransactionLogStateStoreNoSnapshots", false)]
    [InlineData("sleeper.statestore.transactionlog.DynamoDBTransactionLogStateStore", true)]
    [InlineData("sleeper.statestore.transactionlog.DynamoDBTransactionLogStateStoreNoSnapshots", false)]
    public void Item_1_both_classes_are_taken_simple_or_qualified(string className, bool readsSnapshots)
    {
        var table = ReadTable($"{Minimal}sleeper.table.statestore.classname={className}\n");

        Assert.Equal(readsSnapshots, StateStoreClass.ReadsSnapshots(table.StateStore));
    }

    [Theory]
    [InlineData("S3StateStore")]
    [InlineData("dynamodbtransactionlogstatestore")]
    [InlineData("DynamoDBTransactionLogStateStore.")]
    [InlineData("sleeper.statestore.dynamodb.DynamoDBStateStore")]
    public void Item_1_any_other_class_is_refused(string className)
    {
        var error = Assert.Throws<UnsupportedTableException>(() => ReadTable($"{Minimal}sleeper.table.statestore.classname={className}\n"));

        Assert.Contains($"'{className}'", error.Message, StringComparison.Ordinal);
        Assert.Contains("DynamoDBTransactionLogStateStoreNoSnapshots", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("sleeper.table.parquet.compression.codec", "lz4", "zstd, snappy, gzip or uncompressed")]
    [InlineData("sleeper.table.parquet.compression.codec", "lzo", "zstd, snappy, gzip or uncompressed")]
    [InlineData("sleeper.table.parquet.compression.codec", "brotli", "zstd, snappy, gzip or uncompressed")]
    [InlineData("sleeper.table.parquet.compression.codec", "lz4_raw", "zstd, snappy, gzip or uncompressed")]
    [InlineData("sleeper.table.parquet.page.size", "1023", "1024")]
    [InlineData("sleeper.table.parquet.page.size", "3G", "2147483647")]
    [InlineData("sleeper.table.parquet.page.size", "64 K", "K, M, G")]
    [InlineData("sleeper.table.parquet.rowgroup.size", "9999999999999999999", "1024")]
    [InlineData("sleeper.table.parquet.rowgroup.size", "16E", "1024")]
    [InlineData("sleeper.table.parquet.rowgroup.rows.max", "0", "1 or more")]
    [InlineData("sleeper.table.parquet.rowgroup.rows.max", "3000000000", "1 or more")]
    [InlineData("sleeper.table.parquet.columnindex.truncate.length", "-1", "1 or more")]
    [InlineData("sleeper.table.parquet.statistics.truncate.length", "1.5", "1 or more")]
    [InlineData("sleeper.table.parquet.writer.version", "v3", "v1 or v2")]
    [InlineData("sleeper.table.data.engine", "spark", "java, datafusion or datafusion_experimental")]
    [InlineData("sleeper.table.ingest.file.writing.strategy", "one_file", "one_reference_per_leaf or one_file_per_leaf")]
    [InlineData("sleeper.table.ingest.row.batch.type", "heap", "arrow or arraylist")]
    [InlineData("sleeper.table.ingest.partition.file.writer.type", "buffered", "async or direct")]
    [InlineData("sleeper.table.statestore.transactionlog.add.transaction.max.attempts", "0", "1 or more")]
    [InlineData("sleeper.table.statestore.transactionlog.add.transaction.first.retry.wait.ceiling.ms", "-5", "0 or more")]
    [InlineData("sleeper.table.statestore.transactionlog.time.between.snapshot.checks.seconds", "soon", "0 or more")]
    public void A_value_that_a_table_may_not_have_is_refused_by_name(string property, string value, string allowed)
    {
        var error = Assert.Throws<UnsupportedTableException>(() => ReadTable($"{Minimal}{property}={value}\n"));

        Assert.Contains($"'{property}' is '{value}'", error.Message, StringComparison.Ordinal);
        Assert.Contains(allowed, error.Message, StringComparison.Ordinal);
        Assert.Contains("table-1f2e3d4c", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_wrong_default_of_the_instance_is_named_with_both_properties_and_only_where_it_counts()
    {
        const string wrong = "sleeper.default.table.parquet.compression.codec=lzo\n";

        var error = Assert.Throws<UnsupportedTableException>(() => ReadTable(Minimal, wrong));
        var own = ReadTable(Minimal + "sleeper.table.parquet.compression.codec=GZIP\n", wrong);

        Assert.Contains("'sleeper.table.parquet.compression.codec' is 'lzo' (by 'sleeper.default.table.parquet.compression.codec' of the instance)", error.Message, StringComparison.Ordinal);
        Assert.Equal("GZIP", own.Get(TableProperty.Codec));
    }

    [Fact]
    public void All_faults_of_a_file_are_named_at_once()
    {
        var error = Assert.Throws<UnsupportedTableException>(() => ReadTable("sleeper.table.id=1f2e3d4c\nsleeper.table.parquet.page.size=x\nsleeper.table.data.engine=y\n"));

        foreach (string part in (string[])["'sleeper.table.name' is missing", "'sleeper.table.schema' is missing", "'sleeper.table.parquet.page.size' is 'x'", "'sleeper.table.data.engine' is 'y'"])
        {
            Assert.Contains(part, error.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_schema_that_cannot_be_read_is_an_error_of_the_table()
    {
        var error = Assert.Throws<UnsupportedTableException>(() => ReadTable("sleeper.table.id=1f2e3d4c\nsleeper.table.name=a\nsleeper.table.schema={\"rowKeyFields\":[]}\n"));

        Assert.Contains("sleeper.table.schema", error.Message, StringComparison.Ordinal);
        Assert.Contains("table-1f2e3d4c", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("sleeper.version=0.37.0\n", "0.37.0")]
    [InlineData("sleeper.version=0.35.9\n", "0.35.9")]
    [InlineData("sleeper.version=0.360\n", "0.360")]
    [InlineData("sleeper.version=1.0\n", "1.0")]
    [InlineData("sleeper.version=\n", "sleeper.version")]
    public void An_instance_of_another_version_is_refused_unless_asked_for(string line, string named)
    {
        byte[] bytes = Encoding.UTF8.GetBytes($"sleeper.id=x\n{Deployed}{line}");

        var error = Assert.Throws<UnsupportedTableException>(() => InstanceProperties.Read(bytes, "instance.properties", anyVersion: false));

        Assert.Contains(named, error.Message, StringComparison.Ordinal);
        Assert.Contains("0.36", error.Message, StringComparison.Ordinal);
        Assert.Equal("x", InstanceProperties.Read(bytes, "instance.properties", anyVersion: true).Id);
    }

    [Fact]
    public void An_instance_without_what_everything_needs_is_refused()
    {
        var error = Assert.Throws<UnsupportedTableException>(
            () => InstanceProperties.Read("sleeper.version=0.36.2\nsleeper.filesystem=hdfs://\nsleeper.ingest.memory.max.batch.size=0\n"u8.ToArray(), "instance.properties", anyVersion: false));

        foreach (var property in InstanceProperty.All.Where(p => p.IsRequired))
        {
            Assert.Contains($"'{property.Name}' is missing", error.Message, StringComparison.Ordinal);
        }

        Assert.Contains("'sleeper.filesystem' is 'hdfs://', but this library takes s3a:// or s3://", error.Message, StringComparison.Ordinal);
        Assert.Contains("'sleeper.ingest.memory.max.batch.size' is '0'", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Properties_that_are_not_known_are_kept()
    {
        var table = ReadTable(Minimal + "sleeper.table.of.tomorrow=1\nmine=2\n");

        Assert.Equal("1", table.All["sleeper.table.of.tomorrow"]);
        Assert.Equal("2", table.All["mine"]);
    }

    [Theory]
    [InlineData("0", 0)]
    [InlineData("131072", 131072)]
    [InlineData("64K", 65536)]
    [InlineData("64k", 65536)]
    [InlineData("1M", 1 << 20)]
    [InlineData("2G", 2L << 30)]
    [InlineData("7E", 7L << 60)]
    public void Bytes_may_have_a_unit(string text, long expected)
    {
        Assert.True(PropertyRule.TryParseBytes(text, out long bytes));
        Assert.Equal(expected, bytes);
    }

    [Theory]
    [InlineData("")]
    [InlineData("K")]
    [InlineData("-1")]
    [InlineData("8E")]
    [InlineData("1KB")]
    [InlineData("1.5M")]
    [InlineData(" 1")]
    public void What_is_no_number_of_bytes(string text) => Assert.False(PropertyRule.TryParseBytes(text, out _));

    private static LiveTableProperties ReadTable(string text, string instance = "") => LiveTableProperties.Read(
        Encoding.UTF8.GetBytes(text), "'tables/table-1f2e3d4c.properties' in 'config'", InstanceProperties.Parse(instance, "the instance"));

    private static string Lines(IEnumerable<JsonProperty> properties) => string.Concat(properties.Select(p => $"{p.Name}={p.Value.GetString()}\n"));

    private static string Text(string name) => File.ReadAllText(PathOf(name));

    private static string PathOf(string name) => RepositoryFolder.Combine("Sleeper.Ingest.Core.Tests", "Fixtures", "properties", name);
}
