using Sleeper.Ingest.Core.ObjectStores;
using Sleeper.Ingest.Core.Parquet;
using Sleeper.Ingest.Core.Parquet.Metadata;
using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.Schemas;
using Sleeper.Ingest.Core.Tests.Support;

namespace Sleeper.Ingest.Core.Tests.Reading;

/// <summary>Look-ups of single keys in a table with many files of the same range in one leaf: with filters, the files without the key are hardly read.</summary>
public sealed class BloomFilterLookUpTests
{
    private const int Files = 20;
    private const int RowsOfFile = 4_000;

    private static readonly Schema Table2 = Schema.Create()
        .RowKey("key", FieldType.String).RowKey("part", FieldType.Long).Value("text", FieldType.String).Build();

    /// <summary>The table with filters. Tests of one class run one after the other, so each counts its own bytes.</summary>
    private static readonly Lazy<Task<ReaderCountingStore>> Filtered = new(() => IngestAsync(filters: true));

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Files_without_the_key_are_read_no_further_than_footer_and_filter()
    {
        var plain = await IngestAsync(filters: false);
        var filtered = await Filtered.Value;
        var plainTable = await Table.OpenAsync(plain, "default", Token);
        var filteredTable = await Table.OpenAsync(filtered, "default", Token);

        long plainBytes = 0;
        long filteredBytes = 0;
        for (int i = 0; i < 10; i++)
        {
            int file = (i * 7) % Files;
            int row = 100 + (i * 391);
            var wanted = RowOf(file, row);
            plainBytes += await ReadAsync(plain, plainTable, [wanted[0]], [wanted]);
            filteredBytes += await ReadAsync(filtered, filteredTable, [wanted[0]], [wanted]);
        }

        // A footer comes with the last 64 KiB of its file, a filter's answer with at most 160 bytes for each row group that statistics leave.
        long footers = Files * (64 << 10);
        long oneFile = plainBytes / 10 / Files;
        Assert.True(filteredBytes / 10 < footers + (Files * 2 * 160) + (2 * oneFile), $"{filteredBytes / 10:N0} bytes a look-up with filters, {plainBytes / 10:N0} without");
        Assert.InRange(filteredBytes / 10, 0, 2_000_000);
        Assert.True(plainBytes / 10 > footers + (Files * oneFile / 4), $"{plainBytes / 10:N0} bytes a look-up without filters");
    }

    [Fact]
    public async Task Absent_keys_give_nothing_and_read_no_row_group()
    {
        var store = await Filtered.Value;
        var table = await Table.OpenAsync(store, "default", Token);
        long absent = 0;
        for (int i = 0; i < 20; i++)
        {
            absent += await ReadAsync(store, table, [$"key {i * 3991:D6} absent"], []);
        }

        Assert.True(absent / 20 < Files * (65 << 10), $"{absent / 20:N0} bytes");
    }

    [Fact]
    public async Task The_second_row_key_is_asked_for_too_where_it_is_given()
    {
        var store = await Filtered.Value;
        var table = await Table.OpenAsync(store, "default", Token);
        var wanted = RowOf(3, 1234);

        await ReadAsync(store, table, [wanted[0], wanted[1]], [wanted]);
        await ReadAsync(store, table, [wanted[0], (int)wanted[1].AsLong()], [wanted]);
        await ReadAsync(store, table, [wanted[0], 77_777_777L], []);
    }

    [Fact]
    public async Task A_damaged_filter_is_an_error_that_names_the_file_and_leaves_none_open()
    {
        var memory = new InMemoryObjectStore();
        var table = await IngestedTable.IngestAsync(Table2, Enumerable.Range(0, 50).Select(i => RowOf(0, i)), f => f.WithRowKeyBloomFilters(), store: memory);
        byte[] bytes = await table.BytesAsync();
        var parts = await table.PartsAsync();
        bytes[(int)parts.Chunk(0).BloomFilterOffset!] = 0x1F;
        await memory.DeleteAsync(table.PathOf(), Token);
        await memory.PutAsync(table.PathOf(), bytes, Token);
        var store = new ReaderCountingStore(memory);

        var fault = await Assert.ThrowsAsync<TableReadException>(
            async () => await (await Table.OpenAsync(store, "default", Token)).ReadAsync(RowOf(0, 7)[0], Token).ToListAsync(Token));

        Assert.Contains("column 'key'", fault.Message, StringComparison.Ordinal);
        Assert.Contains(table.Result.Files[0].FileName, fault.Message, StringComparison.Ordinal);
        Assert.Equal(0, store.Open);
    }

    [Fact]
    public async Task A_file_of_another_writer_with_filters_is_looked_up_by_them()
    {
        using var folder = new TemporaryFolder();
        string path = Path.Combine(folder.Path, "duckdb.parquet");
        await DuckDb.ExecuteAsync($"""
            COPY (SELECT printf('key %06d', r // 10 * 10) AS key, r AS part, md5(r::VARCHAR) || md5((r + 1)::VARCHAR) AS text FROM range(40000) AS made(r) ORDER BY r)
            TO {DuckDb.Quote(path)} (FORMAT parquet, ROW_GROUP_SIZE 8192)
            """);
        var memory = new InMemoryObjectStore();
        var rows = Enumerable.Range(0, 40_000).Select(i => new Row(Table2, $"key {i / 10 * 10:D6}", (long)i, "to be replaced"));
        var ours = await IngestedTable.IngestAsync(Table2, rows, store: memory);
        await memory.DeleteAsync(ours.PathOf(), Token);
        await memory.PutAsync(ours.PathOf(), await File.ReadAllBytesAsync(path, Token), Token);
        var store = new ReaderCountingStore(memory);
        var table = await Table.OpenAsync(store, "default", Token);

        foreach (int key in (int[])[0, 10, 8_190, 12_340, 39_990])
        {
            var found = await table.ReadAsync($"key {key:D6}", Token).ToListAsync(Token);
            Assert.Equal(Enumerable.Range(key, 10).Select(i => (long)i), found.Select(row => row[1].AsLong()));
        }

        long before = store.BytesRead;
        for (int key = 5; key < 40_000; key += 4_000)
        {
            Assert.Empty(await table.ReadAsync($"key {key:D6}", Token).ToListAsync(Token));
        }

        Assert.True(store.BytesRead - before < 10 * (66 << 10), $"{store.BytesRead - before:N0} bytes for ten keys that are not there");
        Assert.Equal(0, store.Open);
    }

    [Fact]
    public async Task Filters_change_nothing_of_a_file_but_their_own_bytes_and_places()
    {
        var rows = Enumerable.Range(0, 300).Select(i => RowOf(1, i)).ToList();
        var without = await (await IngestedTable.IngestAsync(Table2, rows)).PartsAsync();
        var with = await (await IngestedTable.IngestAsync(Table2, rows, f => f.WithRowKeyBloomFilters())).PartsAsync();

        Assert.Equal(3, with.Chunks.Count());
        Assert.Equal([true, true, false], with.Chunks.Select(chunk => chunk.BloomFilterOffset is not null));
        Assert.Equivalent(
            without.Chunks,
            with.Chunks.Select(chunk => chunk with { BloomFilterOffset = null, BloomFilterLength = null }),
            strict: true);
    }

    private static Row RowOf(int file, int row)
    {
        // No two files have a key in common, but all of them the same range.
        int number = (row * Files) + file;
        return new Row(Table2, $"key {number:D6}", number * 11L, string.Create(null, $"{(ulong)number * 0x9E3779B97F4A7C15:X16}{(ulong)number * 0xC2B2AE3D27D4EB4F:X16}"));
    }

    private static async Task<ReaderCountingStore> IngestAsync(bool filters)
    {
        var store = new ReaderCountingStore(new InMemoryObjectStore());
        for (int file = 0; file < Files; file++)
        {
            int number = file;
            await IngestedTable.IngestAsync(
                Table2,
                Enumerable.Range(0, RowsOfFile).Select(row => RowOf(number, row)),
                f => _ = filters ? f.WithRowKeyBloomFilters() : f,
                store: store);
        }

        return store;
    }

    /// <summary>Reads one row key and returns the bytes that this took.</summary>
    private static async Task<long> ReadAsync(ReaderCountingStore store, Table table, FieldValue[] rowKey, Row[] expected)
    {
        long before = store.BytesRead;
        Assert.Equal(expected, await table.ReadAsync(RowKeyRange.Exactly(rowKey), Token).ToListAsync(Token));
        Assert.Equal(0, store.Open);
        return store.BytesRead - before;
    }
}
