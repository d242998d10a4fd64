using Sleeper.Ingest.Core.ObjectStores;
using Sleeper.Ingest.Core.Partitioning;
using Sleeper.Ingest.Core.Reading;
using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.Schemas;
using Sleeper.Ingest.Core.StateStores;
using Sleeper.Ingest.Core.Tests.Support;

namespace Sleeper.Ingest.Core.Tests.Reading;

/// <summary>Of a file with page indexes only the pages are read that may have the wanted keys; that they are the right rows the model of <see cref="TableReaderTests"/> checks, too.</summary>
public class PagePruningTests
{
    private const string FileName = "data/partition_root/f-0.parquet";

    private static readonly Schema Uniform = Schema.Create().RowKey("key", FieldType.String).SortKey("timestamp", FieldType.Long).Value("value", FieldType.String).Build();

    private static readonly Schema Nested = Schema.Create()
        .RowKey("k", FieldType.Long).SortKey("s", FieldType.String)
        .Value("n", FieldType.Int, nullable: true).Value("list", FieldType.List(FieldType.String), nullable: true).Value("map", FieldType.Map(FieldType.Int, FieldType.String)).Build();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_look_up_in_a_leaf_file_of_eighty_thousand_rows_reads_less_than_400_KB()
    {
        // A leaf of S128 with 10 million rows: keys of ten letters of which the first two are given by the leaf.
        var random = new Random(1);
        string Letters(int count) => string.Create(count, random, (span, r) =>
        {
            for (int i = 0; i < span.Length; i++)
            {
                span[i] = (char)('a' + r.Next(26));
            }
        });
        using var bed = await new IngestBed().WithTableAsync(Uniform);
        Row[] rows = [.. Enumerable.Range(0, 80_000).Select(_ => new Row(Uniform, "ab" + Letters(8), random.NextInt64(10_000_000_000), Letters(10)))];
        await using (var writer = await bed.Factory(Uniform).OpenAsync())
        {
            await writer.WriteAsync(rows);
            await writer.CompleteAsync();
        }

        var store = new ReaderCountingStore(bed.Memory);
        var table = await Table.OpenAsync(store, "default", default);
        long fileBytes = Assert.Single(await bed.Memory.ListAsync("default/data/", null, Token).Where(o => o.Path.EndsWith(".parquet", StringComparison.Ordinal)).ToListAsync(Token)).LengthBytes;
        Assert.InRange(fileBytes, 800_000, 3_000_000);
        foreach (int row in Enumerable.Range(0, 20).Select(i => i * 3999))
        {
            long before = store.BytesRead;
            Assert.Equal([rows[row]], await table.ReadAsync(rows[row][0], Token).ToListAsync(Token));
            Assert.InRange(store.BytesRead - before, 1, 400_000);
        }

        long start = store.BytesRead;
        Assert.Empty(await table.ReadAsync("ab", Token).ToListAsync(Token));
        Assert.InRange(store.BytesRead - start, 1, 200_000);
    }

    [Fact]
    public async Task Random_ranges_give_the_rows_of_the_whole_file_that_are_in_them_and_fewer_bytes()
    {
        for (int seed = 0; seed < 25; seed++)
        {
            var random = new Random(seed);
            List<Row> rows = [.. Enumerable.Range(0, random.Next(1, 3000)).Select(_ => MakeRow(random)).OrderBy(r => r[0].AsLong()).ThenBy(r => r[1].AsString(), StringComparer.Ordinal)];
            var store = new ReaderCountingStore(new InMemoryObjectStore());
            byte[] file = SmallDataFile.Write(Nested, rows, rowGroupRowCount: random.Next(200, 4000), pageRowCount: random.Next(1, 200));
            await store.PutAsync(FileName, file, Token);
            List<Row> whole = await ReadAsync(store, random, null, null);
            Assert.Equal(rows, whole);
            for (int i = 0; i < 12; i++)
            {
                long? min = random.Next(5) == 0 ? null : random.Next(-10, 1010);
                long? max = random.Next(5) == 0 ? null : (min ?? -10) + random.Next(1, 60);
                Assert.Equal(
                    rows.Where(row => !(row[0].AsLong() < min) && !(row[0].AsLong() >= max)),
                    await ReadAsync(store, random, min, max));
            }
        }
    }

    [Fact]
    public async Task A_file_out_of_order_is_still_refused_where_its_pages_are_read()
    {
        List<Row> rows = [.. Enumerable.Range(0, 2000).Select(i => MakeRow(new Random(i), i))];
        (rows[700], rows[701]) = (rows[701], rows[700]);
        var store = new ReaderCountingStore(new InMemoryObjectStore());
        await store.PutAsync(FileName, SmallDataFile.Write(Nested, rows, pageRowCount: 100), Token);

        Assert.Equal(rows[1500..1600], await ReadAsync(store, new Random(1), 1500, 1600));
        var fault = await Assert.ThrowsAsync<TableReadException>(() => ReadAsync(store, new Random(1), 690, 800));
        Assert.Contains("row 701 of row group 0 has a smaller key", fault.Message, StringComparison.Ordinal);
    }

    private static Row MakeRow(Random random, long? key = null) => new(
        Nested,
        key ?? random.Next(1000),
        $"s{random.Next(50)}",
        random.Next(3) == 0 ? FieldValue.Null : random.Next(),
        random.Next(4) == 0 ? FieldValue.Null : FieldValue.FromList(Enumerable.Range(0, random.Next(5)).Select(_ => (FieldValue)$"item {random.Next(1000)}")),
        FieldValue.FromMap(Enumerable.Range(0, random.Next(4)).Select(i => KeyValuePair.Create((FieldValue)i, (FieldValue)$"m{random.Next(100)}"))));

    private static async Task<List<Row>> ReadAsync(IObjectStore store, Random random, long? min, long? max)
    {
        var partitions = new PartitionTree([new Partition("root", null, [], Region.Everything(Nested), -1)]);
        var state = new TableState(1, partitions, [new FileReference(FileName, "root", 0, CountApproximate: true)], []);
        var context = new ReadContext(store, "t", name => name, Nested) { SmallRowGroupBytes = 0, FileShareBytes = random.Next(2) == 0 ? 8 << 20 : random.Next(1, 50_000), StretchRowCount = random.Next(1, 500) };
        var filter = KeyFilter.Between(Nested, KeyOrder.Bytes, min is { } from ? from : FieldValue.Null, max is { } to ? to : FieldValue.Null);
        return await new TableReader(context).ReadAsync(state, filter, Token).ToListAsync(Token);
    }
}
