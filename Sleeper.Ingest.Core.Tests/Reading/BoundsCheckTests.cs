using System.Buffers.Binary;
using System.Text;
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

/// <summary>A bound that was changed would hide rows in silence: where it contradicts another one, the read ends.</summary>
public sealed class BoundsCheckTests
{
    private static readonly Schema Numbers = Schema.Create().RowKey("k", FieldType.Long).RowKey("l", FieldType.Long).Value("v", FieldType.Int).Build();
    private static readonly Schema Texts = Schema.Create().RowKey("k", FieldType.String).Value("v", FieldType.Int).Build();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(0, true, 5000L, "lower bound of row group 1 is above its upper bound")]
    [InlineData(0, true, 250L, "keys of row group 1 lie below keys of a row group before it")]
    [InlineData(0, false, 900L, "keys of row group 2 lie below keys of a row group before it")]
    public Task Statistics_of_a_row_group_that_contradict_others_are_an_error(int column, bool isMin, long value, string words) =>
        RefusedAsync(Change(NumberFile(), footer => SetBound(footer.RowGroups[1].Columns[column].Metadata!.Statistics!, isMin, value)), Numbers, 320, words);

    [Theory]
    [InlineData(0, 1, true, 5000L, "lower bound of page 1 is above its upper bound")]
    [InlineData(0, 1, true, 310L, "keys of page 1 lie below keys of a page before it")]
    [InlineData(0, 1, false, 425L, "keys of page 2 lie below keys of a page before it")]
    [InlineData(0, 0, true, 299L, "bounds of page 0 reach beyond")]
    [InlineData(0, 0, true, 301L, "no page reach as far")]
    [InlineData(1, 2, false, 99_999L, "bounds of page 2 reach beyond")]
    public Task Bounds_of_a_page_that_contradict_others_are_an_error(int column, int page, bool isMin, long value, string words) =>
        RefusedAsync(ChangeIndex(NumberFile(), 1, column, index => Set(index, page, isMin, Plain(value))), Numbers, 330, words);

    [Fact]
    public async Task Bounds_of_texts_that_contradict_others_are_an_error_and_cut_ones_are_none()
    {
        // Two keys in three begin alike for longer than bounds are: cut upper bounds lie above the keys that follow.
        List<Row> rows = [.. Enumerable.Range(0, 900).Select(i => new Row(Texts, (i % 3 == 0 ? $"a{i:0000}" : "a" + $"{i:0000}" + new string('x', 100)), i))];
        byte[] file = SmallDataFile.Write(Texts, rows, rowGroupRowCount: 300, pageRowCount: 30);
        Assert.Equal(rows[420..421], await ReadAsync(file, Texts, KeyFilter.Exactly(Texts, KeyOrder.Bytes, [rows[420][0]])));

        byte[] changed = ChangeIndex(file, 1, 0, index => Set(index, 4, true, Encoding.UTF8.GetBytes("b")));
        var fault = await Assert.ThrowsAsync<TableReadException>(() => ReadAsync(changed, Texts, KeyFilter.Exactly(Texts, KeyOrder.Bytes, [rows[420][0]])));
        Assert.Contains("page 4", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Of_random_changes_of_bounds_most_are_found_and_a_read_of_all_rows_never_loses_one()
    {
        byte[] file = NumberFile();
        List<Row> rows = NumberRows();
        var random = new Random(1);
        int found = 0;
        for (int i = 0; i < 200; i++)
        {
            int page = random.Next(5);
            bool isMin = random.Next(2) == 0;
            long value = random.NextInt64(-1000, 2000);
            byte[] changed = ChangeIndex(file, 1, 0, index => Set(index, page, isMin, Plain(value)));
            try
            {
                await ReadAsync(changed, Numbers, KeyFilter.Exactly(Numbers, KeyOrder.Bytes, [340L]));
            }
            catch (TableReadException)
            {
                found++;
            }

            Assert.Equal(rows, await ReadAsync(changed, Numbers, KeyFilter.Everything));
        }

        Assert.InRange(found, 180, 200);
    }

    private static List<Row> NumberRows() => [.. Enumerable.Range(0, 900).Select(i => new Row(Numbers, (long)i, (long)(i * 7919 % 1000), i))];

    /// <summary>Keys 0 to 899 in three row groups of five pages each.</summary>
    private static byte[] NumberFile() => SmallDataFile.Write(Numbers, NumberRows(), rowGroupRowCount: 300, pageRowCount: 60);

    private static void SetBound(Statistics statistics, bool isMin, long value)
    {
        if (isMin)
        {
            statistics.MinValue = Plain(value);
        }
        else
        {
            statistics.MaxValue = Plain(value);
        }
    }

    private static void Set(ColumnIndex index, int page, bool isMin, byte[] value)
    {
        if (isMin)
        {
            index.MinValues = [.. index.MinValues.Select((bound, i) => i == page ? value : bound)];
        }
        else
        {
            index.MaxValues = [.. index.MaxValues.Select((bound, i) => i == page ? value : bound)];
        }
    }

    private static async Task RefusedAsync(byte[] file, Schema schema, long key, string words)
    {
        // Both keys are bounded, so both indexes are read.
        FieldRange[] box = [new("k") { Min = key, Max = key + 1 }, new("l") { Min = 0L, Max = 1_000_000L }];
        var fault = await Assert.ThrowsAsync<TableReadException>(() => ReadAsync(file, schema, KeyFilter.Any(schema, KeyOrder.Bytes, [], [box])));
        Assert.Contains(words, fault.Message, StringComparison.Ordinal);
    }

    private static async Task<List<Row>> ReadAsync(byte[] file, Schema schema, KeyFilter filter)
    {
        var store = new InMemoryObjectStore();
        await store.PutAsync("f", file, Token);
        var state = new TableState(1, PartitionTree.Single(schema), [new FileReference("f", "root", 900)], []);
        return await new TableReader(new ReadContext(store, "t", name => name, schema) { SmallRowGroupBytes = 0 }).ReadAsync(state, filter, Token).ToListAsync(Token);
    }

    private static byte[] Plain(long value)
    {
        byte[] bytes = new byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, value);
        return bytes;
    }

    private static FileMetadata Footer(byte[] file)
    {
        int length = BitConverter.ToInt32(file, file.Length - 8);
        var reader = new ThriftCompactReader(file.AsSpan(file.Length - 8 - length, length));
        return FileMetadata.Read(ref reader, ParquetReaderLimits.Default);
    }

    private static byte[] Change(byte[] file, Action<FileMetadata> change) => WithFooter(file, (_, footer) => change(footer));

    /// <summary>The file with another column index, which lies at the end of the data.</summary>
    private static byte[] ChangeIndex(byte[] file, int group, int column, Action<ColumnIndex> change) => WithFooter(file, (bytes, footer) =>
    {
        ColumnChunkMetadata chunk = footer.RowGroups[group].Columns[column];
        var reader = new ThriftCompactReader(file.AsSpan((int)chunk.ColumnIndexOffset!, (int)chunk.ColumnIndexLength!));
        var index = ColumnIndex.Read(ref reader);
        change(index);
        chunk.ColumnIndexOffset = bytes.Length;
        index.Write(new ThriftCompactWriter(bytes));
        chunk.ColumnIndexLength = bytes.Length - (int)chunk.ColumnIndexOffset;
    });

    private static byte[] WithFooter(byte[] file, Action<ByteBuffer, FileMetadata> change)
    {
        FileMetadata footer = Footer(file);
        var bytes = new ByteBuffer();
        bytes.Append(file.AsSpan(0, file.Length - 8 - BitConverter.ToInt32(file, file.Length - 8)));
        change(bytes, footer);
        int start = bytes.Length;
        footer.Write(new ThriftCompactWriter(bytes));
        bytes.Append(BitConverter.GetBytes(bytes.Length - start));
        bytes.Append("PAR1"u8);
        return bytes.WrittenSpan.ToArray();
    }
}
