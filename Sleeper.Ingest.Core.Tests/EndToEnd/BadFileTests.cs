using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.Schemas;
using Sleeper.Ingest.Core.Tests.Support;

namespace Sleeper.Ingest.Core.Tests.EndToEnd;

/// <summary>Parquet files that cannot be ingested: the message names the file, the place and the remedy; nothing is left.</summary>
public sealed class BadFileTests : IDisposable
{
    private static readonly Schema Pair = Schema.Create().RowKey("key", FieldType.Int).Value("text", FieldType.String).Build();

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_file_without_fields_of_the_schema_names_all_of_them()
    {
        var schema = Schema.Create().RowKey("key", FieldType.Int).Value("Text", FieldType.String).Value("more", FieldType.Long).Build();
        string message = await FailAsync(Write("a.parquet", Pair, Rows(3)), schema);
        AssertHas(message, "a.parquet", "'Text'", "'more'", "names are case-sensitive");
    }

    [Fact]
    public async Task Columns_of_another_type_are_all_named_with_what_they_are()
    {
        var other = Schema.Create().RowKey("key", FieldType.Long).Value("text", FieldType.List(FieldType.String)).Build();
        var rows = new[] { new Row(other, 1L, FieldValue.FromList(["a"])) };
        string message = await FailAsync(Write("b.parquet", other, rows), Pair);
        AssertHas(message, "b.parquet", "'key'", "Int64", "'text'", "group");
    }

    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    [InlineData(11)]
    [InlineData(12)]
    [InlineData(200)]
    public async Task A_file_cut_short_is_refused_by_name(int length)
    {
        byte[] whole = SmallDataFile.Write(Pair, Rows(500));
        string message = await FailAsync(Save("cut.parquet", whole[..length]), Pair);
        AssertHas(message, "cut.parquet");
    }

    [Fact]
    public async Task A_file_that_is_not_Parquet_is_refused_by_name()
    {
        string message = await FailAsync(Save("notes.parquet", [.. Enumerable.Repeat((byte)'n', 1000)]), Pair);
        AssertHas(message, "notes.parquet", "Parquet");
    }

    [Fact]
    public async Task A_missing_file_is_an_error_with_its_name_and_so_is_a_folder()
    {
        AssertHas(await FailAsync(Path.Combine(_folder.Path, "missing.parquet"), Pair), "missing.parquet");
        AssertHas(await FailAsync(Path.Combine(_folder.Path, "no", "such", "folder.parquet"), Pair), "folder.parquet");
        Directory.CreateDirectory(Path.Combine(_folder.Path, "sub"));
        AssertHas(await FailAsync(Path.Combine(_folder.Path, "sub"), Pair), "sub");
    }

    [Fact]
    public async Task A_missing_object_is_an_error_with_its_name()
    {
        using var bed = await new IngestBed().WithTableAsync(Pair);
        var error = await bed.AssertFailsAsync<IngestException>(w => w.WriteParquetAsync(bed.Memory, "in/none.parquet"), schema: Pair);
        AssertHas(error.Message, "in/none.parquet", "memory");
    }

    [Fact]
    public async Task Flipped_bytes_in_pages_are_found_and_the_file_is_named()
    {
        byte[] whole = SmallDataFile.Write(Pair, Rows(2000), rowGroupRowCount: 700);
        for (int at = 60; at < whole.Length - 2000; at += whole.Length / 12)
        {
            byte[] damaged = [.. whole];
            damaged[at] ^= 0x10;
            string message = await FailAsync(Save($"flip{at}.parquet", damaged), Pair);
            AssertHas(message, $"flip{at}.parquet");
        }
    }

    [Fact]
    public async Task Null_in_an_optional_column_names_file_row_group_row_and_field()
    {
        var optional = Schema.Create().RowKey("key", FieldType.Int).Value("text", FieldType.String, nullable: true).Build();
        var rows = Enumerable.Range(0, 300).Select(i => new Row(optional, i, i == 250 ? FieldValue.Null : "secret-value")).ToList();
        string path = Write("nulls.parquet", optional, rows, rowGroupRowCount: 100);

        using var bed = await new IngestBed().WithTableAsync(Pair);
        var error = await bed.AssertFailsAsync<RowRejectedException>(w => w.WriteParquetAsync(path), schema: Pair);

        AssertHas(error.Message, "nulls.parquet", "row group 2", "row 50", "'text'", "null", "nullable");
        Assert.Equal((250, "text"), (error.Error.RowNumber, error.Error.FieldName));
        AssertHas(error.Error.Source!, "nulls.parquet", "row group 2", "row 50");
        Assert.DoesNotContain("secret", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Bad_rows_of_a_file_are_handed_over_in_order_and_the_others_are_ingested()
    {
        var optional = Schema.Create().RowKey("key", FieldType.Int).Value("text", FieldType.String, nullable: true).Build();
        var rows = Enumerable.Range(0, 9000).Select(i => new Row(optional, i, i % 1000 == 7 ? FieldValue.Null : $"t{i}")).ToList();
        string path = Write("some.parquet", optional, rows, rowGroupRowCount: 2500);
        using var bed = await new IngestBed().WithTableAsync(Pair, 4500);
        var errors = new List<RowError>();

        await using var writer = await bed.Factory(Pair).WithRowErrors(errors.Add).WithDegreeOfParallelism(3).OpenAsync();
        await writer.WriteAsync(new Row(Pair, -1, "first"));
        await writer.WriteParquetAsync(path);
        var result = await writer.CompleteAsync();

        Assert.Equal(Enumerable.Range(0, 9).Select(i => (1000L * i) + 8), errors.Select(e => e.RowNumber));
        Assert.All(errors, e => Assert.Equal("text", e.FieldName));
        Assert.Equal((8992, 9, 9001), (result.RowCount, result.RejectedRowCount, writer.RowCount));
        await bed.AssertHoldsAsync([new Row(Pair, -1, "first"), .. rows.Where(r => !r.IsNull(1)).Select(r => new Row(Pair, r[0], r[1]))]);
    }

    [Fact]
    public async Task Text_that_is_not_UTF_8_and_keys_that_are_too_long_are_bad_rows()
    {
        var bytes = Schema.Create().RowKey("key", FieldType.ByteArray).Value("text", FieldType.ByteArray).Build();
        var texts = Schema.Create().RowKey("key", FieldType.String).Value("text", FieldType.String).Build();
        Row[] rows =
        [
            new(bytes, "a"u8.ToArray(), "fine"u8.ToArray()), new(bytes, new byte[] { 0xFF }, "x"u8.ToArray()),
            new(bytes, "b"u8.ToArray(), new byte[] { 0xC3 }), new(bytes, new byte[30], "x"u8.ToArray()), new(bytes, "c"u8.ToArray(), "é"u8.ToArray()),
        ];
        string path = Write("bytes.parquet", bytes, rows);
        using var bed = await new IngestBed().WithTableAsync(texts);
        var errors = new List<RowError>();

        await using var writer = await bed.Factory(texts).WithMaxKeyFieldBytes(20).WithRowErrors(errors.Add).OpenAsync();
        await writer.WriteParquetAsync(path);
        await writer.CompleteAsync();

        Assert.Equal([(1, "key"), (2, "text"), (3, "key")], errors.Select(e => (e.RowNumber, e.FieldName!)));
        AssertHas(errors[0].ToString(), "UTF-8", "bytes.parquet");
        AssertHas(errors[2].ToString(), "30 bytes", "limit of 20");
        await bed.AssertHoldsAsync([new Row(texts, "a", "fine"), new Row(texts, "c", "é")]);
    }

    [Fact]
    public async Task A_huge_row_of_a_file_is_a_bad_row()
    {
        var rows = new[] { new Row(Pair, 1, "a"), new Row(Pair, 2, new string('x', 9_000_000)), new Row(Pair, 3, "c") };
        string path = Write("huge.parquet", Pair, rows);
        using var bed = await new IngestBed().WithTableAsync(Pair);
        var errors = new List<RowError>();

        await using var writer = await bed.Factory(Pair).WithRowErrors(errors.Add).OpenAsync();
        await writer.WriteParquetAsync(path);
        await writer.CompleteAsync();

        AssertHas(Assert.Single(errors).ToString(), "huge.parquet", "limit of 4,194,304");
        await bed.AssertHoldsAsync([rows[0], rows[2]]);
    }

    private async Task<string> FailAsync(string path, Schema schema)
    {
        using var bed = await new IngestBed().WithTableAsync(schema);
        var error = await bed.AssertFailsAsync<Exception>(w => w.WriteParquetAsync(path), schema: schema);
        Assert.IsAssignableFrom<IngestException>(error);
        return error.Message;
    }

    private static List<Row> Rows(int count) => [.. Enumerable.Range(0, count).Select(i => new Row(Pair, i * 7919 % 1000, $"text of row {i}"))];

    private string Write(string name, Schema schema, IReadOnlyList<Row> rows, int rowGroupRowCount = int.MaxValue) =>
        Save(name, SmallDataFile.Write(schema, rows, rowGroupRowCount));

    private string Save(string name, byte[] bytes)
    {
        string path = Path.Combine(_folder.Path, name);
        File.WriteAllBytes(path, bytes);
        return path;
    }

    private static void AssertHas(string text, params string[] words) => Assert.All(words, w => Assert.Contains(w, text, StringComparison.Ordinal));
}
