using Sleeper.Ingest.Core.Parquet;
using Sleeper.Ingest.Core.Parquet.RowGroups;
using Sleeper.Ingest.Core.Partitioning;
using Sleeper.Ingest.Core.Reading;
using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.Tests.Support;

namespace Sleeper.Ingest.Core.Tests.Reading;

/// <summary>Tables that the Java original wrote, read as files and as tables. The numbers are those of the conformance checklist of data files.</summary>
public sealed class JavaTableReadingTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Items_15_and_44_kept_data_files_give_the_rows_that_the_java_reader_gave_in_file_order() =>
        Assert.True(await CompareFiles(JavaTable.KeptFolder) >= 20);

    [Fact]
    public async Task Items_15_and_44_all_data_files_give_the_rows_that_the_java_reader_gave_in_file_order() =>
        Assert.True(await CompareFiles(AllCases()) >= 200);

    [Fact]
    public async Task Item_44_codec_lz4_is_read()
    {
        var table = JavaTable.Load(JavaTable.KeptFolder, "codecs/lz4");

        var rows = await ReadFile(table.Context(KeyOrder.Bytes), table.DataFiles.Single());

        Assert.Equal(500, rows.Count);
    }

    [Fact]
    public async Task Kept_tables_are_read_in_key_order() => Assert.True(await CompareTables(JavaTable.KeptFolder) >= 8);

    [Fact]
    public async Task All_tables_are_read_in_key_order() => Assert.True(await CompareTables(AllCases()) >= 40);

    [Fact]
    public async Task Page_indexes_of_the_java_writer_are_understood()
    {
        int pages = 0;
        foreach (string path in Directory.EnumerateFiles(Path.Combine(ParquetFixtures.KeptFolder, "pages"), "*.parquet", SearchOption.AllDirectories))
        {
            using var file = await ParquetFileReader.OpenAsync(new BytesSource(path, await File.ReadAllBytesAsync(path, Token)), ParquetReaderLimits.Default, Token);
            for (int group = 0; group < file.RowGroupCount; group++)
            {
                var index = await file.ReadPageIndexAsync(group, [0], [0], Token);
                var bounds = index?.BoundsOf(0);
                Assert.NotNull(bounds);
                Assert.Equal(file.Metadata.RowGroups[group].NumRows, bounds.RowsOf(bounds.PageCount - 1).End);
                pages = Math.Max(pages, bounds.PageCount);
            }
        }

        Assert.InRange(pages, 2, 1000);
    }

    [Fact]
    public async Task Item_26_several_files_for_a_leaf_are_read_as_one_order()
    {
        var table = JavaTable.Load(JavaTable.KeptFolder, "multi-flush/arraylist-file-per-leaf");
        Assert.All(table.Partitions.Leaves, leaf => Assert.Equal(4, table.References.Count(r => r.PartitionId == leaf.Id)));

        var rows = await ReadTable(table, KeyOrder.Bytes);

        Assert.Equal(1500, rows.Count);
        Assert.True(TableModel.IsSorted(rows, table.Schema, KeyOrder.Bytes));
    }

    [Theory]
    [InlineData("string-key-split-arrow")]
    [InlineData("byte-array-key-split-arrow")]
    public async Task Item_26_two_files_for_a_leaf_because_its_keys_are_outside_it_by_bytes_are_not_left_out_in_silence(string name)
    {
        // One transaction with three files for two leaves. Rows were placed by Java's order and sorted by bytes, so leaf 'low' has a second file
        // with rows that come after those of leaf 'high': no order has all of them in their leaf and in line.
        var table = JavaTable.Load(JavaTable.KeptFolder, name);
        Assert.Equal(2, table.References.Count(r => r.PartitionId == "low"));

        var fault = await Assert.ThrowsAsync<TableReadException>(async () => await ReadTable(table, KeyOrder.Bytes));

        Assert.Contains("placed by another order of keys", fault.Message, StringComparison.Ordinal);
        Assert.Equal(("java", table.References.Last(r => r.PartitionId == "low").FileName), (fault.TableName, fault.FileName));
    }

    private static string AllCases()
    {
        string? folder = SketchFixtures.AllDataFileCases();
        Assert.SkipWhen(folder is null, "The whole set of cases does not lie beside the project.");
        return folder!;
    }

    private static async Task<int> CompareFiles(string root)
    {
        int files = 0;
        foreach (string name in JavaTable.Names(root))
        {
            var table = JavaTable.Load(root, name);
            var expected = table.ExpectedRows();
            foreach (string file in table.DataFiles)
            {
                var context = table.Context(KeyOrder.Bytes, stretchRowCount: (files % 4) switch { 0 => 1, 1 => 7, 2 => 333, _ => 4096 });
                AssertSame(expected[Path.GetFileNameWithoutExtension(file)], await ReadFile(context, file), $"{name}/{file}");
                files++;
            }
        }

        return files;
    }

    private static async Task<int> CompareTables(string root)
    {
        int tables = 0;
        foreach (string name in JavaTable.Names(root))
        {
            var table = JavaTable.Load(root, name);
            var expected = table.ExpectedRows();
            var orders = new[] { KeyOrder.Bytes, KeyOrder.Java }.Where(o => expected.All(file => TableModel.IsSorted([.. file], table.Schema, o)));
            foreach (var order in orders)
            {
                var model = TableModel.Read(table.State(), file => expected[Path.GetFileNameWithoutExtension(file)], table.Schema, order);
                if (model.Count == table.References.Sum(r => r.RowCount))
                {
                    AssertSame(model, await ReadTable(table, order), $"{name} in {order} order");
                    await CompareRanges(table, order, model);
                    tables++;
                }
                else
                {
                    // Rows that were placed by Java's order are outside their leaf by bytes: never left out in silence.
                    Assert.Equal(KeyOrder.Bytes, order);
                    await Assert.ThrowsAsync<TableReadException>(async () => await ReadTable(table, order));
                }
            }

            if (!orders.Any())
            {
                // Merged from spills in the other order than they were sorted in: no order at all.
                var fault = await Assert.ThrowsAsync<TableReadException>(async () => await ReadTable(table, KeyOrder.Bytes));
                Assert.Contains("smaller key than the row before it", fault.Message, StringComparison.Ordinal);
            }
        }

        return tables;
    }

    /// <summary>Ranges between keys that are there, and a single key: pages that the Java original's page indexes rule out are left out.</summary>
    private static async Task CompareRanges(JavaTable table, KeyOrder order, List<Row> model)
    {
        for (int i = 0; i < 4 && model.Count > 0; i++)
        {
            var min = model[model.Count * i / 5][0];
            var max = model[model.Count * (i + 1) / 5][0];
            var between = model.Where(row => KeyValueOrder.Compare(min, row[0], order) <= 0 && KeyValueOrder.Compare(row[0], max, order) < 0);
            AssertSame([.. between], await ReadTable(table, order, KeyFilter.Between(table.Schema, order, min, max)), $"range {i} in {order} order");
            var same = model.Where(row => row[0] == min);
            AssertSame([.. same], await ReadTable(table, order, KeyFilter.Exactly(table.Schema, order, [min])), $"key {i} in {order} order");
        }
    }

    private static async Task<List<Row>> ReadTable(JavaTable table, KeyOrder order, KeyFilter? filter = null)
    {
        var rows = new List<Row>();
        await foreach (var row in new TableReader(table.Context(order, stretchRowCount: 100)).ReadAsync(table.State(), filter ?? KeyFilter.Everything, Token))
        {
            rows.Add(row);
        }

        return rows;
    }

    private static async Task<List<Row>> ReadFile(ReadContext context, string name)
    {
        var rows = new List<Row>();
        await using var file = await OpenDataFile.OpenAsync(context, name, Token);
        var fields = file.MakeFieldColumns();
        for (int group = 0; group < file.RowGroupCount; group++)
        {
            var part = new RowGroupPart(group, null, [new RowRange(0, file.RowCountOf(group))]);
            using var reader = await file.OpenRowsAsync(part, part.Runs[0], UnboundedMemory.Instance, Token);
            for (long left = file.RowCountOf(group); left > 0;)
            {
                int count = (int)Math.Min(left, file.StretchRowsOf(group));
                foreach (var field in fields)
                {
                    await field.ReadAsync(reader, count, Token);
                }

                rows.AddRange(Enumerable.Range(0, count).Select(row => new Row(context.Schema, [.. fields.Select(f => f.ValueAt(row))])));
                left -= count;
            }
        }

        return rows;
    }

    private static void AssertSame(IEnumerable<Row> expected, IReadOnlyList<Row> actual, string what)
    {
        var wanted = expected.Select(RowJson.WithSortedMaps).ToList();
        var given = actual.Select(RowJson.WithSortedMaps).ToList();
        int same = wanted.Zip(given).TakeWhile(pair => pair.First.Equals(pair.Second)).Count();
        Assert.True(wanted.Count == given.Count && same == wanted.Count, $"{what}: {given.Count} rows, {wanted.Count} expected, the first {same} are equal.");
    }
}
