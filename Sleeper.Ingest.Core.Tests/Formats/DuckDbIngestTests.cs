using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.Schemas;
using Sleeper.Ingest.Core.Tests.Support;

namespace Sleeper.Ingest.Core.Tests.Formats;

/// <summary>Files that DuckDB wrote, ingested: the table holds the rows that DuckDB reads from them.</summary>
/// <remarks>All columns of such a file are optional, its lists are <c>list.element</c>, its integers are annotated: the Java original takes none of them.</remarks>
public sealed class DuckDbIngestTests : IDisposable
{
    private const string MadeUpRows = """
        SELECT
            ((hash(r, 1) % 500)::BIGINT - 250) AS key,
            'text ' || (r % 7) || CASE WHEN r % 11 = 0 THEN chr(128512) ELSE '' END AS sort,
            r::INTEGER AS widened,
            (r % 100)::TINYINT AS tiny,
            ((r % 30000) - 15000)::SMALLINT AS short,
            CASE WHEN r % 3 > 0 THEN r * 1000003 END AS l,
            CASE WHEN hash(r, 3) % 7 > 0 THEN repeat(chr((97 + hash(r, 4) % 26)::INTEGER), (hash(r, 5) % 40)::INTEGER) || r END AS s,
            unhex(md5(r::VARCHAR)) AS b,
            CASE WHEN r % 5 > 0 THEN TIMESTAMP '1969-12-31 23:59:59.999999' + to_microseconds(r * 86400000007) END AS ts,
            DATE '1969-12-30' + (r % 20000)::INTEGER AS d,
            CASE WHEN hash(r, 6) % 9 > 0 THEN list_transform(range((hash(r, 7) % 6)::BIGINT), x -> (x * r)::INTEGER) END AS li,
            list_transform(range((r % 4)::BIGINT), x -> 'item ' || x) AS ls,
            CASE WHEN r % 4 > 0 THEN map_from_entries(list_transform(range((r % 5)::BIGINT), x -> {'k': 'k' || x, 'v': x + r})) END AS m,
            (r % 1000)::DOUBLE / 7 AS not_a_field
        FROM range(5000) AS made(r)
        """;

    private static readonly Schema MadeUp = new(
        [new Field("key", FieldType.Long)],
        [new Field("sort", FieldType.String)],
        [
            new Field("widened", FieldType.Long),
            new Field("tiny", FieldType.Int),
            new Field("short", FieldType.Long),
            new Field("l", FieldType.Long, true),
            new Field("s", FieldType.String, true),
            new Field("b", FieldType.ByteArray),
            new Field("ts", FieldType.Long, true),
            new Field("d", FieldType.Int),
            new Field("li", FieldType.List(FieldType.Int), true),
            new Field("ls", FieldType.List(FieldType.String)),
            new Field("m", FieldType.Map(FieldType.String, FieldType.Long), true),
        ]);

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("uncompressed", "V1", 2_048)]
    [InlineData("snappy", "V2", 122_880)]
    [InlineData("gzip", "V1", 122_880)]
    [InlineData("zstd", "V2", 2_048)]
    [InlineData("brotli", "V1", 2_048)]
    [InlineData("lz4_raw", "V2", 122_880)]
    public async Task The_table_holds_the_rows_that_duckdb_reads(string codec, string version, int rowGroupSize)
    {
        string path = Path.Combine(_folder.Path, $"{codec}.parquet");
        await DuckDb.ExecuteAsync($"COPY ({MadeUpRows}) TO {DuckDb.Quote(path)} (FORMAT parquet, COMPRESSION {codec}, PARQUET_VERSION {version}, ROW_GROUP_SIZE {rowGroupSize})");

        var table = await IngestedTable.IngestAsync(
            MadeUp, writer => writer.WriteParquetAsync(path, TestContext.Current.CancellationToken), f => f.WithSplitPoints(-100L, 0L, 100L));

        var expected = (await RowText.ReadByDuckDbAsync(path, MadeUp, SqlOf)).Order(StringComparer.Ordinal).ToList();
        var actual = (await table.AllRowsAsync()).Select(RowText.Of).Order(StringComparer.Ordinal).ToList();
        Assert.Equal(5_000, expected.Count);
        for (int i = 0; i < expected.Count; i++)
        {
            Assert.True(expected[i] == actual[i], $"{actual[i]}\n{expected[i]} is what DuckDB reads");
        }

        Assert.Equal(5_000, actual.Count);
    }

    [Theory]
    [InlineData("TIMESTAMP_MS", "epoch_ms(v)")]
    [InlineData("TIMESTAMP", "epoch_us(v)")]
    [InlineData("TIMESTAMP_NS", "epoch_ns(v)")]
    [InlineData("TIMESTAMPTZ", "epoch_us(v)")]
    public async Task A_timestamp_is_the_number_that_it_holds(string type, string number)
    {
        string path = await CopyAsync($"SELECT r AS key, (TIMESTAMP '1960-01-01 00:00:00.123' + to_days((r * 700)::INTEGER))::{type} AS v FROM range(100) AS t(r)");
        var schema = Schema.Create().RowKey("key", FieldType.Long).Value("v", FieldType.Long).Build();

        var table = await IngestedTable.IngestAsync(schema, writer => writer.WriteParquetAsync(path, TestContext.Current.CancellationToken));

        Assert.Equal(await RowText.ReadByDuckDbAsync(path, schema, f => f.Name == "v" ? number : "key"), (await table.AllRowsAsync()).Select(RowText.Of));
    }

    [Theory]
    [InlineData("NULL::BIGINT", "v", "null")]
    [InlineData("NULL::INTEGER[]", "list", "null")]
    [InlineData("[1, NULL, 2]::INTEGER[]", "list", "element 1")]
    [InlineData("MAP {'a': NULL::BIGINT}", "map", "null")]
    public async Task A_null_where_none_may_be_names_file_row_and_field(string value, string field, string words)
    {
        string fine = field switch { "v" => "7::BIGINT", "list" => "[1]::INTEGER[]", _ => "MAP {'a': 1::BIGINT}" };
        string path = await CopyAsync($"SELECT r AS key, CASE WHEN r = 2500 THEN {value} ELSE {fine} END AS {Quoted(field)} FROM range(3000) AS t(r)");
        var type = field switch { "v" => FieldType.Long, "list" => FieldType.List(FieldType.Int), _ => FieldType.Map(FieldType.String, FieldType.Long) };
        var schema = Schema.Create().RowKey("key", FieldType.Long).Value(field, type).Build();

        var fault = await Assert.ThrowsAsync<RowRejectedException>(
            () => IngestedTable.IngestAsync(schema, writer => writer.WriteParquetAsync(path, TestContext.Current.CancellationToken)));

        Assert.Equal((2_500L, field), (fault.Error.RowNumber, fault.Error.FieldName));
        Assert.Contains(words, fault.Message, StringComparison.Ordinal);
        Assert.Contains("input.parquet, row group 1, row 452", fault.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("r::DOUBLE")]
    [InlineData("r::HUGEINT")]
    [InlineData("[r]")]
    [InlineData("[[r]]")]
    [InlineData("{'a': r}")]
    [InlineData("r::VARCHAR")]
    public async Task A_column_that_no_long_can_come_from_is_refused_by_name(string value)
    {
        string path = await CopyAsync($"SELECT r AS key, {value} AS v FROM range(10) AS t(r)");
        var schema = Schema.Create().RowKey("key", FieldType.Long).Value("v", FieldType.Long).Build();

        var fault = await Assert.ThrowsAsync<IngestException>(
            () => IngestedTable.IngestAsync(schema, writer => writer.WriteParquetAsync(path, TestContext.Current.CancellationToken)));

        Assert.Contains("field 'v'", fault.Message, StringComparison.Ordinal);
        Assert.Contains("input.parquet", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_list_of_lists_is_refused_and_never_read_as_one_list()
    {
        string path = await CopyAsync("SELECT r AS key, [[r, 1], [2]] AS v FROM range(10) AS t(r)");
        var schema = Schema.Create().RowKey("key", FieldType.Long).Value("v", FieldType.List(FieldType.Long), nullable: true).Build();

        await Assert.ThrowsAsync<IngestException>(
            () => IngestedTable.IngestAsync(schema, writer => writer.WriteParquetAsync(path, TestContext.Current.CancellationToken)));
    }

    private static string SqlOf(Field field) => field.Name switch
    {
        "ts" => "epoch_us(ts)",
        "d" => "date_diff('day', DATE '1970-01-01', d)",
        _ => Quoted(field.Name),
    };

    private static string Quoted(string name) => $"\"{name}\"";

    private async Task<string> CopyAsync(string sql)
    {
        string path = Path.Combine(_folder.Path, "input.parquet");
        await DuckDb.ExecuteAsync($"COPY ({sql}) TO {DuckDb.Quote(path)} (FORMAT parquet, ROW_GROUP_SIZE 2048)");
        return path;
    }
}
