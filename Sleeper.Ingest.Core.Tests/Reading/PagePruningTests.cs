using Sleeper.Ingest.Core.Buffers;
using Sleeper.Ingest.Core.ObjectStores;
using Sleeper.Ingest.Core.Parquet;
using Sleeper.Ingest.Core.Parquet.Metadata;
using Sleeper.Ingest.Core.Parquet.Thrift;
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
    public async Task Random_ranges_give_the_rows_of_the_whole_file_that_are_in_them()
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

    [Fact]
    public async Task An_index_that_does_not_agree_with_itself_is_not_used()
    {
        List<Row> rows = [.. Enumerable.Range(0, 1000).Select(i => MakeRow(new Random(i), i))];
        byte[] file = SmallDataFile.Write(Nested, rows, pageRowCount: 50);
        foreach (var change in (Action<OffsetIndex>[])
            [
                index => index.PageLocations[0].FirstRowIndex = 1,
                index => index.PageLocations[3].FirstRowIndex = 10,
                index => index.PageLocations[^1].FirstRowIndex = 1001,
                index => index.PageLocations[2].Offset++,
                index => index.PageLocations[^1].CompressedPageSize--,
                index => index.PageLocations[5].CompressedPageSize = -1,
                index => index.PageLocations = [],
                index => index.PageLocations = [.. index.PageLocations.Skip(1)],
                index => index.PageLocations = [.. index.PageLocations.SkipLast(1)],
            ])
        {
            var store = new ReaderCountingStore(new InMemoryObjectStore());
            await store.PutAsync(FileName, WithIndex(file, 0, change), Token);
            Assert.Equal(rows[300..310], await ReadAsync(store, new Random(1), 300, 310));
        }
    }

    [Fact]
    public async Task An_index_that_counts_rows_wrongly_is_found_by_the_pages()
    {
        List<Row> rows = [.. Enumerable.Range(0, 1000).Select(i => MakeRow(new Random(i), i))];
        byte[] file = SmallDataFile.Write(Nested, rows, pageRowCount: 50);
        var store = new ReaderCountingStore(new InMemoryObjectStore());
        await store.PutAsync(FileName, WithIndex(file, 1, index => index.PageLocations[7].FirstRowIndex--), Token);

        var fault = await Assert.ThrowsAsync<TableReadException>(() => ReadAsync(store, new Random(1), 340, 360));

        Assert.Contains("A page has 50 rows, but the offset index says 49", fault.Message, StringComparison.Ordinal);
        Assert.Contains("page 6", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Damage_in_indexes_ends_in_rows_that_are_there_or_in_the_error_for_damaged_files()
    {
        var random = new Random(8);
        List<Row> rows = [.. Enumerable.Range(0, 1000).Select(i => MakeRow(new Random(i), i))];
        byte[] file = SmallDataFile.Write(Nested, rows, pageRowCount: 100);
        FileMetadata metadata = Footer(file);
        long start = metadata.RowGroups[0].Columns.Min(chunk => Math.Min(chunk.ColumnIndexOffset!.Value, chunk.OffsetIndexOffset!.Value));
        int end = file.Length - 8 - BitConverter.ToInt32(file, file.Length - 8);
        int refused = 0;
        for (int i = 0; i < 400; i++)
        {
            byte[] damaged = [.. file];
            damaged[random.Next((int)start, end)] = (byte)random.Next(256);
            var store = new ReaderCountingStore(new InMemoryObjectStore());
            await store.PutAsync(FileName, damaged, Token);
            try
            {
                Assert.Subset(rows[450..520].ToHashSet(), (await ReadAsync(store, random, 450, 520)).ToHashSet());
            }
            catch (TableReadException)
            {
                refused++;
            }

            Assert.Equal(0, store.Open);
        }

        Assert.InRange(refused, 10, 390);
    }

    private static FileMetadata Footer(byte[] file)
    {
        int length = BitConverter.ToInt32(file, file.Length - 8);
        var reader = new ThriftCompactReader(file.AsSpan(file.Length - 8 - length, length));
        return FileMetadata.Read(ref reader, ParquetReaderLimits.Default);
    }

    /// <summary>The file with another offset index for a column, which lies at the end of the data.</summary>
    private static byte[] WithIndex(byte[] file, int column, Action<OffsetIndex> change)
    {
        FileMetadata metadata = Footer(file);
        ColumnChunkMetadata chunk = metadata.RowGroups[0].Columns[column];
        var reader = new ThriftCompactReader(file.AsSpan((int)chunk.OffsetIndexOffset!, (int)chunk.OffsetIndexLength!));
        OffsetIndex index = OffsetIndex.Read(ref reader);
        change(index);
        var changed = new ByteBuffer();
        changed.Append(file.AsSpan(0, file.Length - 8 - BitConverter.ToInt32(file, file.Length - 8)));
        chunk.OffsetIndexOffset = changed.Length;
        index.Write(new ThriftCompactWriter(changed));
        chunk.OffsetIndexLength = changed.Length - (int)chunk.OffsetIndexOffset;
        int start = changed.Length;
        metadata.Write(new ThriftCompactWriter(changed));
        changed.Append(BitConverter.GetBytes(changed.Length - start));
        changed.Append("PAR1"u8);
        return changed.WrittenSpan.ToArray();
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
