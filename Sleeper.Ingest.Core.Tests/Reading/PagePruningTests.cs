using System.Globalization;
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

    private static readonly Schema Three = Schema.Create()
        .RowKey("a", FieldType.Int).RowKey("b", FieldType.String).RowKey("c", FieldType.Long).Value("v", FieldType.String).Build();

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
    public async Task Random_boxes_of_any_row_keys_give_the_rows_of_the_whole_file_that_are_in_them()
    {
        int leftOut = 0;
        for (int seed = 0; seed < 15; seed++)
        {
            var random = new Random(seed);
            List<Row> rows =
            [
                .. Enumerable.Range(0, random.Next(1, 3000)).Select(_ => new Row(Three, random.Next(1 << random.Next(8)), $"b{random.Next(30):00}", random.NextInt64(500), "v"))
                    .OrderBy(r => r.GetInt(0)).ThenBy(r => r[1].AsString(), StringComparer.Ordinal).ThenBy(r => r.GetLong(2)),
            ];
            var store = new ReaderCountingStore(new InMemoryObjectStore());
            await store.PutAsync(FileName, SmallDataFile.Write(Three, rows, rowGroupRowCount: random.Next(200, 4000), pageRowCount: random.Next(1, 100)), Token);
            for (int i = 0; i < 8; i++)
            {
                FieldRange[][] boxes = [.. Enumerable.Range(0, random.Next(1, 4)).Select(_ => RandomBox(random))];
                List<FieldValue[]> keys = random.Next(3) == 0 ? [KeyOf(rows[random.Next(rows.Count)], random.Next(1, 4))] : [];

                List<Row> read = await ReadAsync(store, Three, random, KeyFilter.Any(Three, KeyOrder.Bytes, keys, boxes));

                Assert.Equal(rows.Where(row => boxes.Any(box => box.All(range => IsIn(row, range))) || keys.Any(key => key.Index().All(k => row[k.Index] == k.Item))), read);
                leftOut += read.Count < rows.Count ? 1 : 0;
            }
        }

        Assert.InRange(leftOut, 60, 120);
    }

    [Theory]
    [InlineData(false, 330_000)]
    [InlineData(true, 60_000)]
    public async Task Pages_are_left_out_by_a_later_row_key_too(bool isExact, int mostBytes)
    {
        // 8 values of the first row key; with each the second rises from 0 to 9,999. A page has a thousand rows, so its second key says what the first cannot.
        var schema = Schema.Create().RowKey("a", FieldType.Int).RowKey("b", FieldType.Long).Value("v", FieldType.String).Build();
        var random = new Random(3);
        List<Row> rows = [.. Enumerable.Range(0, 80_000).Select(i => new Row(schema, i / 10_000, (long)(i % 10_000), random.NextInt64().ToString("x", CultureInfo.InvariantCulture)))];
        byte[] file = SmallDataFile.Write(schema, rows, pageRowCount: 1000);
        Assert.InRange(file.Length, 1_000_000, 3_000_000);
        var store = new ReaderCountingStore(new InMemoryObjectStore());
        await store.PutAsync(FileName, file, Token);
        FieldRange range = new("b") { Min = 4500L, Max = 4510L };
        KeyFilter filter = isExact ? KeyFilter.Exactly(schema, KeyOrder.Bytes, [5, 4500L]) : KeyFilter.Any(schema, KeyOrder.Bytes, [], [[range]]);

        List<Row> read = await ReadAsync(store, schema, random, filter);

        Assert.Equal(rows.Where(row => isExact ? row.GetInt(0) == 5 && row.GetLong(1) == 4500 : row.GetLong(1) is >= 4500 and < 4510), read);

        // Beside the 64 KiB with the footer: one page of each column, or eight.
        Assert.InRange(store.BytesRead, 64 << 10, (64 << 10) + mostBytes);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Chosen_fields_of_a_small_file_save_bytes_where_requests_cost_nothing_and_requests_where_bytes_do(bool isLocal)
    {
        // Eight columns of 80 KB; between the two that are wanted lie six that are not.
        var schema = new Schema([new Field("k", FieldType.Long)], null, [.. Enumerable.Range(0, 7).Select(i => new Field($"v{i}", FieldType.Long))]);
        var random = new Random(4);
        List<Row> rows = [.. Enumerable.Range(0, 10_000).Select(i => new Row(schema, [(long)i << 40, .. Enumerable.Range(0, 7).Select(_ => (FieldValue)random.NextInt64())]))];
        byte[] file = SmallDataFile.Write(schema, rows);
        using var folder = new TemporaryFolder();
        var store = new ReaderCountingStore(isLocal ? new LocalObjectStore(folder.Path) : new InMemoryObjectStore());
        await store.PutAsync(FileName, file, Token);
        var state = new TableState(1, PartitionTree.Single(schema), [new FileReference(FileName, "root", rows.Count)], []);
        var context = new ReadContext(store, "t", name => name, schema) { Projection = FieldProjection.Of(schema, ["v6"]) };

        List<Row> read = await new TableReader(context).ReadAsync(state, KeyFilter.Everything, Token).ToListAsync(Token);

        Assert.Equal(rows.Select(row => row[7]), read.Select(row => row[0]));
        Assert.InRange(file.Length, 560_000, 700_000);
        Assert.InRange(store.BytesRead, 1, isLocal ? 180_000 : file.Length + (64 << 10));
        Assert.Equal(isLocal ? 3 : 2, store.Reads);
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

    private static FieldValue[] KeyOf(Row row, int count) => [.. Enumerable.Range(0, count).Select(key => row[key])];

    private static FieldRange[] RandomBox(Random random)
    {
        var ranges = new List<FieldRange>();
        if (random.Next(2) == 0)
        {
            ranges.Add(new FieldRange("a") { Min = random.Next(100), Max = random.Next(100, 130), IncludeMax = random.Next(2) == 0 });
        }

        if (random.Next(2) == 0)
        {
            int min = random.Next(30);
            ranges.Add(new FieldRange("b") { Min = random.Next(4) == 0 ? FieldValue.Null : $"b{min:00}", Max = random.Next(4) == 0 ? FieldValue.Null : $"b{min + random.Next(5):00}", ExcludeMin = random.Next(2) == 0 });
        }

        if (ranges.Count == 0 || random.Next(2) == 0)
        {
            long min = random.Next(500);
            ranges.Add(new FieldRange("c") { Min = min, Max = min + random.Next(1, 60) });
        }

        return [.. ranges];
    }

    private static bool IsIn(Row row, FieldRange range)
    {
        FieldValue value = row[Three.IndexOf(range.FieldName)];
        int toMin = range.Min.IsNull ? 1 : Compare(value, range.Min);
        int toMax = range.Max.IsNull ? -1 : Compare(value, range.Max);
        return (toMin > 0 || (toMin == 0 && !range.ExcludeMin)) && (toMax < 0 || (toMax == 0 && range.IncludeMax));
    }

    private static int Compare(FieldValue left, FieldValue right) => left.Kind switch
    {
        FieldValueKind.Int => left.AsInt().CompareTo(right.AsInt()),
        FieldValueKind.Long => left.AsLong().CompareTo(right.AsLong()),
        _ => string.CompareOrdinal(left.AsString(), right.AsString()),
    };

    private static Task<List<Row>> ReadAsync(IObjectStore store, Random random, long? min, long? max) =>
        ReadAsync(store, Nested, random, KeyFilter.Between(Nested, KeyOrder.Bytes, min is { } from ? from : FieldValue.Null, max is { } to ? to : FieldValue.Null));

    private static async Task<List<Row>> ReadAsync(IObjectStore store, Schema schema, Random random, KeyFilter filter)
    {
        var partitions = new PartitionTree([new Partition("root", null, [], Region.Everything(schema), -1)]);
        var state = new TableState(1, partitions, [new FileReference(FileName, "root", 0, CountApproximate: true)], []);
        var context = new ReadContext(store, "t", name => name, schema) { SmallRowGroupBytes = 0, FileShareBytes = random.Next(2) == 0 ? 8 << 20 : random.Next(1, 50_000), StretchRowCount = random.Next(1, 500) };
        return await new TableReader(context).ReadAsync(state, filter, Token).ToListAsync(Token);
    }
}
