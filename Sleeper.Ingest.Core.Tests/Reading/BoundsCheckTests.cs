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

    /// <summary>
    /// Statistics without an order mean nothing by the format, and those of the older kind were written by other orders and by faulty writers: neither they nor
    /// page bounds of such a file may hide a row.
    /// </summary>
    [Theory]
    [InlineData("older kind")]
    [InlineData("no orders")]
    [InlineData("order of a later version")]
    public async Task Bounds_that_must_not_be_trusted_are_not_looked_at(string why)
    {
        byte[] file = ChangeIndex(NumberFile(), 1, 0, index => Set(index, 1, false, Plain(361)));
        file = Change(file, footer =>
        {
            var bounds = footer.RowGroups[1].Columns[0].Metadata!.Statistics!;
            bounds.Max = bounds.MaxValue = Plain(303);
            if (why == "older kind")
            {
                (bounds.MinValue, bounds.MaxValue) = (null, null);
                footer.RowGroups[1].Columns[0].ColumnIndexOffset = null;
            }
            else
            {
                footer.ColumnOrders = why == "no orders" ? null : [(ColumnOrder)7, ColumnOrder.TypeDefined, ColumnOrder.TypeDefined];
            }
        });

        Assert.Equal(NumberRows()[410..411], await ReadAsync(file, Numbers, KeyFilter.Exactly(Numbers, KeyOrder.Bytes, [410L])));
    }

    /// <summary>A bit of each byte, from the first index on; with SLEEPER_SOAK all bits, those of the pages too.</summary>
    [Fact]
    public async Task No_changed_bit_of_a_file_hides_a_row_from_a_look_up()
    {
        var schema = Schema.Create().RowKey("k", FieldType.Long).RowKey("t", FieldType.String).Value("v", FieldType.Int).Build();
        List<Row> rows = [.. Enumerable.Range(0, 24).Select(i => new Row(schema, 1000L + (37 * i), $"t{i * 7 % 24:00}", i))];
        byte[] file = SmallDataFile.Write(schema, rows, rowGroupRowCount: 12, pageRowCount: 4);

        // First and last key of each page, of which three quarters fit between their neighbours when one of their bits is changed.
        List<Row> wanted = [.. rows.Where((_, i) => i % 4 is 0 or 3)];
        KeyFilter[] filters =
        [
            KeyFilter.Any(schema, KeyOrder.Bytes, [.. wanted.Select(row => new[] { row[0], row[1] })], []),
            KeyFilter.Any(schema, KeyOrder.Bytes, [], [.. wanted.Select(row => new FieldRange[] { new("t") { Min = row[1], Max = row[1].AsString() + "0" } })]),
        ];
        bool isSoak = Environment.GetEnvironmentVariable("SLEEPER_SOAK") is not null;
        int start = isSoak ? 0 : (int)Footer(file).RowGroups[0].Columns[0].ColumnIndexOffset!;
        int bits = 0;
        foreach (KeyFilter filter in filters)
        {
            Assert.Equal(wanted, await ReadAsync(file, schema, filter, rows.Count));
        }

        int refused = 0;
        var silent = new List<string>();
        for (int bit = 8 * start; bit < 8 * file.Length; bit += isSoak ? 1 : 7)
        {
            file[bit / 8] ^= (byte)(1 << (bit % 8));
            bits++;
            foreach (KeyFilter filter in filters)
            {
                try
                {
                    List<Row> read = await ReadAsync(file, schema, filter, rows.Count);
                    if (!read.SequenceEqual(wanted))
                    {
                        silent.Add($"byte {bit / 8} of {file.Length}, bit {bit % 8}: {read.Count} of {wanted.Count} rows");
                    }
                }
                catch (TableReadException)
                {
                    refused++;
                }
            }

            file[bit / 8] ^= (byte)(1 << (bit % 8));
        }

        Assert.True(silent.Count == 0, $"{silent.Count} silent, {refused} refused of {2 * bits}:\n{string.Join('\n', silent)}");
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

    private static async Task<List<Row>> ReadAsync(byte[] file, Schema schema, KeyFilter filter, int rowCount = 900)
    {
        var store = new InMemoryObjectStore();
        await store.PutAsync("f", file, Token);
        var state = new TableState(1, PartitionTree.Single(schema), [new FileReference("f", "root", rowCount)], []);
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
        bytes.Append(file.AsSpan(0, file.Length - 8 - BitConverter.ToInt32(file, file.Length - 8) - FooterSeal.Length));
        change(bytes, footer);
        int start = bytes.Length;
        footer.Write(new ThriftCompactWriter(bytes));
        bytes.Append(BitConverter.GetBytes(bytes.Length - start));
        bytes.Append("PAR1"u8);
        return bytes.WrittenSpan.ToArray();
    }
}
