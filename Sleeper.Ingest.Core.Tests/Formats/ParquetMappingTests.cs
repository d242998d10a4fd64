using Sleeper.Ingest.Core.DataFiles;
using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.Schemas;
using Sleeper.Ingest.Core.Tests.Support;

namespace Sleeper.Ingest.Core.Tests.Formats;

/// <summary>Columns of DuckDB's types become fields: alone where nothing is lost, by a mapping where the caller asks; values are those of DuckDB's own casts.</summary>
public sealed class ParquetMappingTests : IDisposable
{
    private const string Rows = """
        SELECT
            r AS key,
            (r * 7 % 256)::UTINYINT AS u8, (r * 977 % 65536)::USMALLINT AS u16, (4294967295 - r)::UINTEGER AS u32, (9223372036854775807 - r)::UBIGINT AS u64,
            r % 3 = 0 AS bool, CASE WHEN r % 4 > 0 THEN ((r - 50) * 0.25)::FLOAT END AS f, ((r - 50) * 1.5)::DOUBLE AS d, (r * 1000)::DOUBLE AS whole,
            ((r - 50) * 1.37)::DECIMAL(9, 2) AS d9, ((r - 50) * 123456789.125)::DECIMAL(18, 3) AS d18, ((r - 50) * 3.5)::DECIMAL(38, 1) AS d38, (r - 50)::DECIMAL(18, 0) AS d0,
            DATE '1969-12-01' + r::INTEGER AS day, TIME '23:00:00' + to_microseconds(r) AS time,
            TIMESTAMP '1969-12-31 23:59:59.123456' + to_microseconds(r * 777) AS ts, (TIMESTAMP '1960-01-01 00:00:00' + to_microseconds(r * 1001))::TIMESTAMP_NS AS ns,
            uuid() AS id, r::BIGINT AS big,
            CASE WHEN r % 5 > 0 THEN {'zip': r::INTEGER, 'city': CASE WHEN r % 3 > 0 THEN {'name': 'city ' || r, 'tags': ['a' || r, 'b']} END} END AS address,
            list_transform(range(r % 4), x -> (x * 1.25)::DECIMAL(9, 2)) AS prices,
            map_from_entries(list_transform(range(r % 3), x -> {'k': (x + 4000000000)::UINTEGER, 'v': x + 0.5})) AS m
        FROM range(100) AS t(r)
        """;

    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("u8", "int", "u8")]
    [InlineData("u8", "long", "u8")]
    [InlineData("u16", "int", "u16")]
    [InlineData("u32", "long", "u32")]
    [InlineData("u64", "long", "u64")]
    [InlineData("bool", "int", "bool::INTEGER")]
    [InlineData("bool", "long", "bool::INTEGER")]
    [InlineData("d0", "long", "d0::BIGINT")]
    [InlineData("day", "long", "day - DATE '1970-01-01'")]
    [InlineData("time", "long", "epoch_us(time)")]
    [InlineData("id", "bytes", "unhex(replace(id::VARCHAR, '-', ''))")]
    public Task What_loses_nothing_is_taken_unasked(string column, string type, string sql) => CheckAsync(column, type, ParquetConversion.Exact, sql);

    [Theory]
    [InlineData("big", "int", ParquetConversion.Checked, "big")]
    [InlineData("whole", "int", ParquetConversion.Checked, "whole::BIGINT")]
    [InlineData("f", "long", ParquetConversion.Truncated, "trunc(f)::BIGINT")]
    [InlineData("f", "int", ParquetConversion.Rounded, "round_even(f, 0)::BIGINT")]
    [InlineData("d", "long", ParquetConversion.Rounded, "round_even(d, 0)::BIGINT")]
    [InlineData("d9", "long", ParquetConversion.Unscaled, "(d9 * 100)::BIGINT")]
    [InlineData("d9", "int", ParquetConversion.Truncated, "trunc(d9)::BIGINT")]
    [InlineData("d18", "long", ParquetConversion.Unscaled, "(d18::DECIMAL(38, 3) * 1000)::BIGINT")]
    [InlineData("d38", "long", ParquetConversion.Unscaled, "(d38 * 10)::BIGINT")]
    [InlineData("d38", "long", ParquetConversion.Rounded, "round_even(d38::DOUBLE, 0)::BIGINT")]
    [InlineData("ts", "long", ParquetConversion.Milliseconds, "(epoch_us(ts) - ((epoch_us(ts) % 1000) + 1000) % 1000) // 1000")]
    [InlineData("ts", "long", ParquetConversion.Nanoseconds, "epoch_us(ts) * 1000")]
    [InlineData("ns", "long", ParquetConversion.Microseconds, "epoch_us(ns::TIMESTAMP)")]
    [InlineData("d9", "text", ParquetConversion.Text, "d9::VARCHAR")]
    [InlineData("d38", "text", ParquetConversion.Text, "d38::VARCHAR")]
    [InlineData("bool", "text", ParquetConversion.Text, "bool::VARCHAR")]
    [InlineData("u64", "text", ParquetConversion.Text, "u64::VARCHAR")]
    [InlineData("id", "text", ParquetConversion.Text, "id::VARCHAR")]
    [InlineData("day", "text", ParquetConversion.Text, "day::VARCHAR")]
    [InlineData("ts", "text", ParquetConversion.Text, "strftime(ts, '%Y-%m-%dT%H:%M:%S.%fZ')")]
    [InlineData("time", "text", ParquetConversion.Text, "strftime(DATE '2000-01-01' + time, '%H:%M:%S.%f')")]
    public Task What_is_asked_for_is_done(string column, string type, ParquetConversion how, string sql) => CheckAsync(column, type, how, sql);

    [Theory]
    [InlineData("f", "long", "Rounded")]
    [InlineData("d", "text", "Text")]
    [InlineData("d9", "int", "Unscaled")]
    [InlineData("d38", "bytes", "Unscaled")]
    [InlineData("big", "int", "Checked")]
    [InlineData("u64", "int", "Checked")]
    [InlineData("id", "text", "")]
    [InlineData("ts", "text", "Text")]
    [InlineData("address", "long", "group")]
    public async Task What_could_lose_something_is_refused_by_name_and_says_what_to_ask_for(string column, string type, string advice)
    {
        string path = await WriteAsync();
        var schema = SchemaOf(type);
        var mapping = ParquetMapping.ByName.Take("v", column);
        string problem = Assert.Single(Assert.Single(await ParquetFiles.CheckAsync([path], schema, mapping, cancellationToken: Token)).Problems);
        Assert.Contains("'v'", problem, StringComparison.Ordinal);
        Assert.Contains(advice, problem, StringComparison.Ordinal);
        var error = await Assert.ThrowsAsync<IngestException>(() => IngestAsync(schema, path, mapping));
        Assert.Contains(problem, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Members_of_structs_elements_and_entries_are_taken_and_converted()
    {
        string path = await WriteAsync();
        var schema = new Schema(
            [new Field("number", FieldType.Long)],
            [],
            [
                new Field("zip", FieldType.Long, true), new Field("city", FieldType.String, true), new Field("tags", FieldType.List(FieldType.String), true),
                new Field("prices", FieldType.List(FieldType.Long)), new Field("m", FieldType.Map(FieldType.Long, FieldType.Long), true),
            ]);
        var mapping = ParquetMapping.ByName.Take("number", "key").Take("zip", "address.zip").Take("city", "address.city.name").Take("tags", "address.city.tags")
            .Take("prices", conversion: ParquetConversion.Unscaled).Take("m", conversion: ParquetConversion.Truncated);
        var table = await IngestAsync(schema, path, mapping);
        var expected = await RowText.ReadByDuckDbAsync(path, schema, f => f.Name switch
        {
            "number" => "key",
            "zip" => "address.zip",
            "city" => "address.city.name",
            "tags" => "address.city.tags",
            "prices" => "list_transform(prices, x -> (x * 100)::BIGINT)",
            _ => "map_from_entries(list_transform(map_entries(m), e -> {'k': e.key::BIGINT, 'v': trunc(e.value)::BIGINT}))",
        });
        Assert.Equal(expected, (await table.AllRowsAsync()).Select(RowText.Of));
    }

    [Fact]
    public async Task A_value_that_does_not_fit_is_a_fault_of_its_row()
    {
        string path = Path.Combine(_folder.Path, "values.parquet");
        await DuckDb.ExecuteAsync(
            $"COPY (SELECT r AS key, CASE r WHEN 3 THEN 2147483648 WHEN 5 THEN 4294967295 ELSE r END::UINTEGER AS v FROM range(8) AS t(r)) TO {DuckDb.Quote(path)}");
        var schema = SchemaOf("int");
        var errors = new List<RowError>();
        var table = await IngestedTable.IngestAsync(
            schema, writer => writer.WriteParquetAsync(path, Token), f => f.WithRowErrors(error => errors.Add(error)));
        Assert.Equal([0, 1, 2, 4, 6, 7], (await table.AllRowsAsync()).Select(row => row[0].AsLong()));
        Assert.Equal([3, 5], errors.Select(e => e.RowNumber));
        Assert.All(errors, e => Assert.Equal("v", e.FieldName));
        await Assert.ThrowsAsync<RowRejectedException>(() => IngestAsync(schema, path, ParquetMapping.ByName));
    }

    [Fact]
    public async Task A_mapping_that_names_what_is_not_there_is_refused_with_all_its_faults()
    {
        string path = await WriteAsync();
        var mapping = ParquetMapping.ByName.Take("v", "nowhere").Take("unknown", "u8");
        var problems = Assert.Single(await ParquetFiles.CheckAsync([path], SchemaOf("int"), mapping, cancellationToken: Token)).Problems;
        Assert.Equal(2, problems.Count);
        Assert.Contains(problems, p => p.Contains("'unknown'", StringComparison.Ordinal));
        Assert.Contains(problems, p => p.Contains("'nowhere'", StringComparison.Ordinal));
        Assert.Throws<ArgumentException>(() => mapping.Take("v", "u16"));
        Assert.Throws<ArgumentException>(() => mapping.Take("w", ""));
    }

    [Fact]
    public async Task A_folder_is_checked_file_by_file_from_the_footers()
    {
        string good = await WriteAsync();
        string below = Directory.CreateDirectory(Path.Combine(_folder.Path, "below")).FullName;
        File.Copy(good, Path.Combine(below, "copy.parquet"));
        await File.WriteAllTextAsync(Path.Combine(below, "broken.parquet"), "this is no Parquet file at all", Token);
        await File.WriteAllTextAsync(Path.Combine(below, "notes.txt"), "not looked at", Token);
        var checks = await ParquetFiles.CheckAsync([_folder.Path, Path.Combine(_folder.Path, "missing"), good], SchemaOf("int"), ParquetMapping.ByName.Take("v", "u16"), cancellationToken: Token);
        Assert.Equal(
            [(Path.Combine(_folder.Path, "all.parquet"), true), (Path.Combine(below, "broken.parquet"), false), (Path.Combine(below, "copy.parquet"), true),
             (Path.Combine(_folder.Path, "missing"), false), (good, true)],
            checks.Select(c => (c.Path, c.Fits)));
        Assert.Equal(100, checks[0].RowCount);
        Assert.Contains("u8", checks[0].UnusedColumns);
        Assert.DoesNotContain("u16", checks[0].UnusedColumns);
    }

    private static Schema SchemaOf(string type) => Schema.Create().RowKey("key", FieldType.Long).Value(
        "v",
        type switch
        {
            "int" => FieldType.Int,
            "long" => FieldType.Long,
            "text" => FieldType.String,
            _ => FieldType.ByteArray,
        },
        nullable: true).Build();

    private static Task<IngestedTable> IngestAsync(Schema schema, string path, ParquetMapping mapping) =>
        IngestedTable.IngestAsync(schema, writer => writer.WriteParquetAsync(path, Token), f => f.WithParquetMapping(mapping));

    private async Task CheckAsync(string column, string type, ParquetConversion how, string sql)
    {
        string path = await WriteAsync();
        var schema = SchemaOf(type);
        var table = await IngestAsync(schema, path, ParquetMapping.ByName.Take("v", column, how));
        Assert.Equal(await RowText.ReadByDuckDbAsync(path, schema, f => f.Name == "v" ? sql : "key"), (await table.AllRowsAsync()).Select(RowText.Of));
    }

    private async Task<string> WriteAsync()
    {
        string path = Path.Combine(_folder.Path, "all.parquet");
        await DuckDb.ExecuteAsync($"COPY ({Rows}) TO {DuckDb.Quote(path)} (FORMAT parquet)");
        return path;
    }
}
