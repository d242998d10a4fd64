using System.Globalization;
using Sleeper.Ingest.Core.DataFiles;
using Sleeper.Ingest.Core.ObjectStores;
using Sleeper.Ingest.Core.Parquet;
using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.Schemas;
using Sleeper.Ingest.Core.Tests.Support;

namespace Sleeper.Ingest.Core.Tests.Formats;

/// <summary>Our files in the hands of two readers that share no code with us: every value, every statistic they use, and the order of rows.</summary>
public sealed class RefereeTests : IDisposable
{
    private static readonly Schema EveryType = new(
        [new Field("id", FieldType.Long), new Field("name", FieldType.String)],
        [new Field("bytes", FieldType.ByteArray), new Field("small", FieldType.Int)],
        [
            new Field("kind", FieldType.String),
            new Field("i", FieldType.Int, true),
            new Field("l", FieldType.Long, true),
            new Field("s", FieldType.String, true),
            new Field("b", FieldType.ByteArray, true),
            new Field("list_i", FieldType.List(FieldType.Int)),
            new Field("list_l", FieldType.List(FieldType.Long), true),
            new Field("list_s", FieldType.List(FieldType.String), true),
            new Field("list_b", FieldType.List(FieldType.ByteArray)),
            new Field("map_sl", FieldType.Map(FieldType.String, FieldType.Long), true),
            new Field("map_is", FieldType.Map(FieldType.Int, FieldType.String)),
            new Field("map_lb", FieldType.Map(FieldType.Long, FieldType.ByteArray), true),
        ]);

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(DataFileCodec.Zstd, FileWritingStrategy.OneFilePerLeaf)]
    [InlineData(DataFileCodec.Snappy, FileWritingStrategy.OneReferencePerLeaf)]
    [InlineData(DataFileCodec.Gzip, FileWritingStrategy.OneFilePerLeaf)]
    [InlineData(DataFileCodec.Lz4Raw, FileWritingStrategy.OneReferencePerLeaf)]
    [InlineData(DataFileCodec.Brotli, FileWritingStrategy.OneFilePerLeaf)]
    [InlineData(DataFileCodec.None, FileWritingStrategy.OneReferencePerLeaf)]
    public async Task DuckDb_and_hyparquet_read_every_value_of_every_type(DataFileCodec codec, FileWritingStrategy strategy)
    {
        var rows = Rows(1_200, seed: 100 + (int)codec);
        var table = await IngestAsync(EveryType, rows, f => f.WithCompression(codec).WithFileStrategy(strategy)
            .WithSplitPoints(-1L, 1L).WithRowGroups(350, 1 << 20).WithPages(60, 4_096));

        var expected = RowOrder.Sort(rows);
        var byDuckDb = new List<string>();
        var byHyparquet = new List<string>();
        for (int file = 0; file < table.Result.Files.Count; file++)
        {
            byDuckDb.AddRange(await RowText.ReadByDuckDbAsync(FullPath(table, file), EveryType));
            var read = await Hyparquet.ReadAsync(FullPath(table, file));
            Assert.Equal(EveryType.AllFields.Select(f => f.Name), read.Columns);
            byHyparquet.AddRange(read.Rows.Select(row => RowText.OfHyparquet(row, EveryType)));
        }

        AssertSame(expected.Select(RowText.Of), byDuckDb, "DuckDB");
        AssertSame(expected.Select(RowText.OfWithSortedMaps), byHyparquet, "hyparquet");
    }

    [Fact]
    public async Task DuckDb_reads_random_schemas()
    {
        for (int seed = 0; seed < 12; seed++)
        {
            var random = new RandomRows(7_000 + seed);
            var schema = random.Schema();
            var rows = random.Rows(schema, 300);
            var table = await IngestAsync(schema, rows, f => f.WithTable($"random{seed}").WithRowGroups(80, 1 << 20).WithPages(17, 1_024)
                .WithCompression((DataFileCodec)(seed % 6)), $"random{seed}");

            AssertSame(RowOrder.Sort(rows).Select(RowText.Of), await RowText.ReadByDuckDbAsync(FullPath(table, 0, $"random{seed}"), schema), $"seed {7_000 + seed}, {schema}");
        }
    }

    [Fact]
    public async Task DuckDb_finds_the_schema_that_a_live_instance_demands()
    {
        var schema = new Schema(
            [new Field("key", FieldType.String)],
            [new Field("sort", FieldType.Long)],
            [new Field("bytes", FieldType.ByteArray), new Field("n", FieldType.Int, true), new Field("tags", FieldType.List(FieldType.String)), new Field("m", FieldType.Map(FieldType.Int, FieldType.Long), true)]);
        var table = await IngestAsync(schema, new RandomRows(1).Rows(schema, 10));

        var nodes = await DuckDb.QueryAsync($"SELECT name, type, repetition_type, num_children, converted_type FROM parquet_schema({DuckDb.Quote(FullPath(table))})");

        Assert.Equal(
            [
                "key BYTE_ARRAY REQUIRED  UTF8",
                "sort INT64 REQUIRED  ",
                "bytes BYTE_ARRAY REQUIRED  ",
                "n INT32 OPTIONAL  ",
                "tags  REQUIRED 1 LIST",
                "list  REPEATED 1 ",
                "tags BYTE_ARRAY REQUIRED  UTF8",
                "m  OPTIONAL 1 MAP",
                "key_value  REPEATED 2 ",
                "key INT32 REQUIRED  ",
                "value INT64 REQUIRED  ",
            ],
            nodes.Skip(1).Select(node => string.Join(' ', node)));
        Assert.Equal("record", nodes[0][0]);
    }

    [Fact]
    public async Task DuckDb_finds_the_statistics_codec_and_encodings_of_each_row_group()
    {
        var schema = Schema.Create().RowKey("id", FieldType.Long).Value("kind", FieldType.String).Value("text", FieldType.String, nullable: true).Build();
        var rows = Enumerable.Range(0, 4_000).Select(i => new Row(schema, (i * 7919L % 4_000) - 2_000, $"kind {i % 4}", i % 10 == 0 ? FieldValue.Null : $"text {i} of its own")).ToList();
        var table = await IngestAsync(schema, rows, f => f.WithRowGroups(1_000, 8 << 20));
        string path = DuckDb.Quote(FullPath(table));

        var ids = await DuckDb.QueryAsync($"SELECT row_group_num_rows, stats_min_value, stats_max_value, stats_null_count, compression, encodings FROM parquet_metadata({path}) WHERE path_in_schema = 'id' ORDER BY row_group_id");
        var others = await DuckDb.QueryAsync($"SELECT path_in_schema, encodings, stats_null_count, stats_min_value FROM parquet_metadata({path}) WHERE path_in_schema <> 'id' ORDER BY row_group_id, path_in_schema");

        Assert.Equal(4, ids.Count);
        for (int group = 0; group < 4; group++)
        {
            Assert.Equal($"1000 {-2_000 + (1_000 * group)} {-1_001 + (1_000 * group)} 0 ZSTD", string.Join(' ', ids[group][..5]));
            Assert.Contains("DELTA_BINARY_PACKED", ids[group][5], StringComparison.Ordinal);
            Assert.Equal(("kind", "0", "kind 0"), (others[2 * group][0]!, others[2 * group][2]!, others[2 * group][3]!));
            Assert.Contains("RLE_DICTIONARY", others[2 * group][1], StringComparison.Ordinal);
            var nulls = rows.Count(r => r[2].IsNull && (r.GetLong(0) + 2_000) / 1_000 == group);
            Assert.Equal(("text", nulls.ToString(CultureInfo.InvariantCulture)), (others[(2 * group) + 1][0]!, others[(2 * group) + 1][2]!));
        }
    }

    [Fact]
    public async Task DuckDb_finds_rows_in_order_and_with_pruning_the_rows_of_a_full_scan()
    {
        var schema = new Schema([new Field("s", FieldType.String), new Field("b", FieldType.ByteArray)], [new Field("l", FieldType.Long)], [new Field("n", FieldType.Int)]);
        var random = new RandomRows(55);
        var rows = random.Rows(schema, 2_000);
        var table = await IngestAsync(schema, rows, f => f.WithRowGroups(100, 1 << 20).WithPages(30, 1_024));
        string file = $"read_parquet({DuckDb.Quote(FullPath(table))}, file_row_number = true)";

        Assert.Equal(0, await DuckDb.CountAsync(
            $"SELECT count(*) FROM (SELECT row(s, b, l) AS k, lag(row(s, b, l)) OVER (ORDER BY file_row_number) AS before FROM {file}) AS pairs WHERE before > k"));
        for (int i = 0; i < 25; i++)
        {
            var key = rows[random.Random.Next(rows.Count)];
            string text = $"decode(unhex('{Convert.ToHexString(System.Text.Encoding.UTF8.GetBytes(key.GetString(0)))}'))";
            string bytes = $"unhex('{Convert.ToHexString(key.GetBytes(1).Span)}')";
            long pruned = await DuckDb.CountAsync($"SELECT count(*) FROM {file} WHERE s = {text} AND b <= {bytes}");
            long full = await DuckDb.CountAsync($"SELECT count(*) FROM {file} WHERE concat(s, '') = {text} AND unhex(hex(b)) <= {bytes}");
            int given = rows.Count(r => r.GetString(0) == key.GetString(0) && RowOrder.Compare(r[1], key[1], KeyOrder.Bytes) <= 0);
            Assert.True(pruned == given && full == given, $"{key}: {pruned} with pruning, {full} without, {given} were given");
            long range = await DuckDb.CountAsync($"SELECT count(*) FROM {file} WHERE s >= {text} AND l > {key.GetLong(2)}");
            Assert.Equal(rows.Count(r => RowOrder.Compare(r[0], key[0], KeyOrder.Bytes) >= 0 && r.GetLong(2) > key.GetLong(2)), range);
        }
    }

    [Fact]
    public async Task Both_read_a_file_of_zero_rows()
    {
        var columns = SchemaColumns.ToParquet(EveryType);
        var builder = new ParquetFileBuilder(columns, new DataFileOptions().ToParquet(EveryType, columns, KeyOrder.Bytes));
        string path = Path.Combine(_folder.Path, "empty.parquet");
        await File.WriteAllBytesAsync(path, [.. ParquetFileBuilder.Header.ToArray(), .. builder.Finish().ToArray()], TestContext.Current.CancellationToken);

        Assert.Equal(0, await DuckDb.CountAsync($"SELECT count(*) FROM read_parquet({DuckDb.Quote(path)})"));
        Assert.Equal(EveryType.AllFields.Select(f => f.Name), (await Hyparquet.ReadAsync(path)).Columns);
    }

    private static List<Row> Rows(int count, int seed)
    {
        var random = new RandomRows(seed);
        return [.. Enumerable.Range(0, count).Select(i => WithFewKinds(random.Row(EveryType), i))];

        static Row WithFewKinds(Row row, int number)
        {
            var values = row.Values.ToArray();
            values[4] = $"kind {number % 3}";
            return new Row(row.Schema, values);
        }
    }

    private Task<IngestedTable> IngestAsync(Schema schema, IEnumerable<Row> rows, Action<IngestFactory>? settings = null, string table = "default") =>
        IngestedTable.IngestAsync(schema, rows, f =>
        {
            settings?.Invoke(f.WithTable(table));
        }, store: new LocalObjectStore(_folder.Path, new LocalObjectStoreOptions { Durable = false }));

    private string FullPath(IngestedTable table, int file = 0, string name = "default") => Path.Combine(_folder.Path, name, table.Result.Files[file].FileName);

    private static void AssertSame(IEnumerable<string> expected, List<string> actual, string context)
    {
        int row = 0;
        foreach (string line in expected)
        {
            Assert.True(row < actual.Count, $"{context}: {actual.Count} rows, more were given");
            Assert.True(line == actual[row], $"{context}, row {row}:\n{actual[row]}\n{line} was given");
            row++;
        }

        Assert.Equal(row, actual.Count);
    }
}
