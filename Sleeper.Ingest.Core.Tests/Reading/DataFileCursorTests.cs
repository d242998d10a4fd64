using Sleeper.Ingest.Core.ObjectStores;
using Sleeper.Ingest.Core.Partitioning;
using Sleeper.Ingest.Core.Reading;
using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.Schemas;
using Sleeper.Ingest.Core.StateStores;
using Sleeper.Ingest.Core.Tests.Support;

namespace Sleeper.Ingest.Core.Tests.Reading;

/// <summary>Data files that are not what the table's state says: each ends in an error that names table, file and what to do, never in wrong rows.</summary>
public sealed class DataFileCursorTests
{
    private const string FileName = "data/partition_root/f-0.parquet";
    private static readonly Schema Keys = new([new Field("k", FieldType.String)], [new Field("n", FieldType.Long)], [new Field("v", FieldType.String, true)]);
    private readonly ReaderCountingStore _store = new(new InMemoryObjectStore("bucket of the test"));

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private static List<Row> SomeRows { get; } = [.. Enumerable.Range(0, 400).Select(i => new Row(Keys, $"key {i:D4}", (long)i, i % 3 == 0 ? FieldValue.Null : $"v{i * 7919L}"))];

    [Fact]
    public async Task A_missing_file()
    {
        string message = await Fault(Count(SomeRows.Count));

        Assert.Contains("there is no object 't/data/partition_root/f-0.parquet' in 'bucket of the test'", message, StringComparison.Ordinal);
        Assert.Contains("put it back from a copy", message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_that_is_cut_at_any_place()
    {
        byte[] whole = SmallDataFile.Write(Keys, SomeRows, rowGroupRowCount: 100);
        for (int length = 0; length < whole.Length; length += 97)
        {
            await Put(whole[..length]);
            Assert.Contains("is damaged", await Fault(Count(SomeRows.Count)), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_file_with_a_byte_changed_gives_an_error_or_its_own_rows()
    {
        byte[] whole = SmallDataFile.Write(Keys, SomeRows, rowGroupRowCount: 100);
        for (int place = 4; place < whole.Length; place += 13)
        {
            byte[] damaged = [.. whole];
            damaged[place] ^= 0x10;
            await Put(damaged);
            try
            {
                Assert.Equal(SomeRows, await Read(Count(SomeRows.Count)));
            }
            catch (TableReadException)
            {
                Assert.Equal(0, _store.Open);
            }
        }
    }

    [Fact]
    public async Task A_file_of_another_schema()
    {
        var other = new Schema([new Field("k", FieldType.Long)], [new Field("n", FieldType.Long)]);
        await Put(SmallDataFile.Write(other, [new Row(other, 1L, 2L)]));

        string message = await Fault(Count(1));

        Assert.Contains("columns do not fit the table's schema", message, StringComparison.Ordinal);
        Assert.Contains("'k'", message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_without_order_inside_a_row_group_or_between_two()
    {
        foreach (int swapped in (int[])[51, 100])
        {
            var rows = SomeRows.ToList();
            (rows[swapped - 1], rows[swapped]) = (rows[swapped], rows[swapped - 1]);
            await Put(SmallDataFile.Write(Keys, rows, rowGroupRowCount: 100));

            string message = await Fault(Count(rows.Count));

            Assert.Contains($"row {swapped % 100} of row group {swapped / 100} has a smaller key than the row before it", message, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(1)]
    public async Task A_file_with_more_or_fewer_rows_than_the_state_counts(int difference)
    {
        await Put(SmallDataFile.Write(Keys, SomeRows));

        string message = await Fault(Count(SomeRows.Count + difference));

        Assert.Contains($"counts {SomeRows.Count + difference} rows of it in partition 'root', but {SomeRows.Count} rows of it are in", message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_count_that_is_an_estimate_is_not_held_against_the_file()
    {
        await Put(SmallDataFile.Write(Keys, SomeRows));

        Assert.Equal(SomeRows, await Read(new FileReference(FileName, "root", 7, CountApproximate: true)));
    }

    [Fact]
    public async Task Null_in_a_field_that_is_not_nullable()
    {
        var loose = new Schema(Keys.RowKeyFields, null, [new Field("n", FieldType.Long, true), new Field("v", FieldType.String, true)]);
        await Put(SmallDataFile.Write(loose, [new Row(loose, "a", 1L, "x"), new Row(loose, "b", FieldValue.Null, "x")]));

        Assert.Contains("Key field 'n' holds null", await Fault(Count(2)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Wide_rows_are_decoded_a_few_at_a_time()
    {
        var rows = Enumerable.Range(0, 300).Select(i => new Row(Keys, $"{i:D3}", 1L, new string((char)('a' + (i % 26)), 200_000))).ToList();
        await Put(SmallDataFile.Write(Keys, rows, rowGroupRowCount: 150));

        Assert.Equal(rows, await Read(Count(rows.Count)));
    }

    private static FileReference Count(int rows) => new(FileName, "root", rows);

    private Task Put(byte[] file) => _store.PutAsync("t/" + FileName, file, Token);

    private async Task<string> Fault(FileReference reference)
    {
        var fault = await Assert.ThrowsAsync<TableReadException>(() => Read(reference));
        Assert.Equal(("flights", FileName), (fault.TableName, fault.FileName));
        Assert.StartsWith($"Table 'flights', data file '{FileName}': ", fault.Message, StringComparison.Ordinal);
        Assert.Equal(0, _store.Open);
        return fault.Message;
    }

    private async Task<List<Row>> Read(FileReference reference)
    {
        var context = new ReadContext(_store, "flights", name => "t/" + name, Keys);
        var state = new TableState(1, PartitionTree.Single(Keys), [reference], []);
        var rows = new List<Row>();
        await foreach (var row in new TableReader(context).ReadAsync(state, KeyFilter.Everything, Token))
        {
            rows.Add(row);
        }

        return rows;
    }
}
