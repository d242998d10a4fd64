using Sleeper.Ingest.Core.ObjectStores;
using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.Schemas;
using Sleeper.Ingest.Core.Tests.Support;

namespace Sleeper.Ingest.Core.Tests.Formats;

/// <summary>Rows that are handed over as Parquet files: read by our reader and by two that share no code with us, in the columns of the original, and ingested.</summary>
public sealed class ParquetOutputTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Random_rows_are_read_back_in_the_order_given_by_us_and_by_DuckDb()
    {
        using var folder = new TemporaryFolder();
        for (int seed = 0; seed < 8; seed++)
        {
            var random = new RandomRows(8_800 + seed);
            var schema = random.Schema();
            var rows = random.Rows(schema, random.Random.Next(0, 900));
            string path = Path.Combine(folder.Path, $"{seed}.parquet");
            var options = new ParquetFileOptions { RowGroupRowCount = random.Random.Next(1, 500), RowGroupBytes = random.Random.Next(1_024, 100_000) };

            Assert.Equal(rows.Count, await ParquetFiles.WriteAsync(path, schema, rows, options, Token));

            var store = new LocalObjectStore(folder.Path);
            Assert.Equal(rows, await DataFileRows.ReadAsync(store, $"{seed}.parquet", schema));
            Assert.Equal(rows.Select(RowText.Of), await RowText.ReadByDuckDbAsync(path, schema));
            Assert.Empty((await ParquetFiles.CheckAsync([path], schema, cancellationToken: Token)).SelectMany(c => c.Problems));
        }
    }

    [Fact]
    public async Task Columns_are_those_of_the_java_original_and_hyparquet_reads_them()
    {
        using var folder = new TemporaryFolder();
        var given = IngestCase.Load(IngestCase.KeptFolder, "nullable");
        string path = Path.Combine(folder.Path, "rows.parquet");
        List<Row> rows = [.. given.Input];

        await ParquetFiles.WriteAsync(path, given.Schema, rows, cancellationToken: Token);

        var ours = await DataFileParts.OpenAsync(await File.ReadAllBytesAsync(path, Token));
        var javas = await DataFileParts.OpenAsync(given.ReadDataFile(given.Table.DataFiles[0]));
        Assert.Equal(ParquetMessage.Text(javas.Schema), ParquetMessage.Text(ours.Schema));
        Assert.Null(ours.Metadata.KeyValueMetadata);
        var read = await Hyparquet.ReadAsync(path);
        Assert.Equal(rows.Select(RowText.OfWithSortedMaps), read.Rows.Select(row => RowText.OfHyparquet(row, given.Schema)));
    }

    [Fact]
    public async Task Keys_in_no_order_are_found_by_statistics_and_page_indexes()
    {
        using var folder = new TemporaryFolder();
        var schema = Schema.Create().RowKey("key", FieldType.Int).Value("text", FieldType.String).Build();
        var random = new Random(5);
        List<Row> rows = [.. Enumerable.Range(0, 60_000).Select(i => new Row(schema, random.Next(50_000), $"row {i}"))];
        string path = Path.Combine(folder.Path, "rows.parquet");
        await ParquetFiles.WriteAsync(path, schema, rows, new ParquetFileOptions { RowGroupRowCount = 45_000 }, Token);

        var parts = await DataFileParts.OpenAsync(await File.ReadAllBytesAsync(path, Token));
        Assert.Equal([45_000L, 15_000L], parts.Metadata.RowGroups.Select(g => g.NumRows));
        Assert.NotEqual(Core.Parquet.Metadata.BoundaryOrder.Ascending, parts.ColumnIndex(0).BoundaryOrder);
        foreach (int key in (int[])[rows[0].GetInt(0), rows[59_999].GetInt(0), 49_999, -1])
        {
            Assert.Equal(rows.Count(r => r.GetInt(0) == key), await DuckDb.CountAsync($"SELECT count(*) FROM read_parquet({DuckDb.Quote(path)}) WHERE key = {key}"));
        }
    }

    [Fact]
    public async Task Objects_of_the_callers_type_are_written_and_ingested()
    {
        var schema = Schema.Create().RowKey("name", FieldType.String).Value("length", FieldType.Int).Build();
        var mapping = RowMapping.For<string>(schema).String("name", s => s).Int("length", s => s.Length).Build();
        var inbox = new InMemoryObjectStore();
        Assert.Equal(3, await ParquetFiles.WriteAsync(inbox, "in/rows.parquet", ["b", "", "ccc"], mapping, cancellationToken: Token));

        var table = await IngestedTable.IngestAsync(schema, writer => writer.WriteParquetAsync(inbox, "in/rows.parquet", Token));
        Assert.Equal([("", 0), ("b", 1), ("ccc", 3)], (await table.RowsAsync()).Select(r => (r.GetString(0), r.GetInt(1))));
    }

    [Fact]
    public async Task A_file_without_rows_is_one_that_DuckDb_reads_and_that_an_ingest_takes()
    {
        using var folder = new TemporaryFolder();
        string path = Path.Combine(folder.Path, "a", "none.parquet");
        Assert.Equal(0, await ParquetFiles.WriteAsync(path, IngestBed.Sample, [], cancellationToken: Token));

        Assert.Equal(0, await DuckDb.CountAsync($"SELECT count(*) FROM read_parquet({DuckDb.Quote(path)})"));
        var table = await IngestedTable.IngestAsync(IngestBed.Sample, writer => writer.WriteParquetAsync(path, Token));
        Assert.Equal(IngestOutcome.NothingToCommit, table.Result.Outcome);
    }

    [Fact]
    public async Task A_bad_row_leaves_no_file_and_is_named_or_is_handed_over()
    {
        var store = new InMemoryObjectStore();
        Row[] rows = [IngestBed.Good(1), IngestBed.With("count", FieldValue.Null), IngestBed.Good(2), IngestBed.With("time", "x"), IngestBed.Good(3)];

        var error = await Assert.ThrowsAsync<RowRejectedException>(() => ParquetFiles.WriteAsync(store, "rows.parquet", IngestBed.Sample, rows, cancellationToken: Token));
        Assert.Equal((1, "count"), (error.Error.RowNumber, error.Error.FieldName));
        Assert.Contains("'rows.parquet' was not written", error.Message, StringComparison.Ordinal);
        Assert.Empty(await TableFixture.ObjectsAsync(store));

        var errors = new List<RowError>();
        Assert.Equal(3, await ParquetFiles.WriteAsync(store, "rows.parquet", IngestBed.Sample, rows, new ParquetFileOptions { OnRowError = errors.Add }, Token));
        Assert.Equal([(1L, "count"), (3L, "time")], errors.Select(e => (e.RowNumber, e.FieldName!)));
        Assert.Equal([rows[0], rows[2], rows[4]], await DataFileRows.ReadAsync(store, "rows.parquet", IngestBed.Sample));
        await Assert.ThrowsAsync<ObjectExistsException>(() => ParquetFiles.WriteAsync(store, "rows.parquet", IngestBed.Sample, rows[..1], cancellationToken: Token));
    }

    [Fact]
    public async Task A_source_that_fails_leaves_no_file_and_large_rows_pass()
    {
        var store = new InMemoryObjectStore();
        await Assert.ThrowsAsync<InvalidDataException>(() => ParquetFiles.WriteAsync(store, "rows.parquet", IngestBed.Sample, Failing(), cancellationToken: Token));
        Assert.Empty(await TableFixture.ObjectsAsync(store));

        var schema = Schema.Create().RowKey("key", FieldType.Int).Value("bytes", FieldType.ByteArray).Build();
        Row[] rows = [new Row(schema, 1, new byte[15 << 20]), new Row(schema, 0, Array.Empty<byte>()), new Row(schema, 2, new byte[9 << 20])];
        await ParquetFiles.WriteAsync(store, "large.parquet", schema, rows, cancellationToken: Token);
        Assert.Equal(rows, await DataFileRows.ReadAsync(store, "large.parquet", schema));

        static async IAsyncEnumerable<Row> Failing()
        {
            for (int i = 0; i < 9_000; i++)
            {
                yield return IngestBed.Good(i);
            }

            await Task.Yield();
            throw new InvalidDataException("The source broke.");
        }
    }

    [Fact]
    public async Task Options_out_of_range_are_refused()
    {
        var store = new InMemoryObjectStore();
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(
            async () => await ParquetFiles.WriteAsync(store, "a.parquet", IngestBed.Sample, [], new ParquetFileOptions { RowGroupRowCount = 0 }, Token));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(
            async () => await ParquetFiles.WriteAsync(store, "a.parquet", IngestBed.Sample, [], new ParquetFileOptions { RowGroupBytes = 1 }, Token));
        Assert.Empty(await TableFixture.ObjectsAsync(store));
    }
}
