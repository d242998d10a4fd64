using System.Globalization;
using Sleeper.Ingest.Core.Buffers;
using Sleeper.Ingest.Core.ObjectStores;
using Sleeper.Ingest.Core.Partitioning;
using Sleeper.Ingest.Core.Reading;
using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.Schemas;
using Sleeper.Ingest.Core.StateStores;
using Sleeper.Ingest.Core.Tests.Support;

namespace Sleeper.Ingest.Core.Tests.Reading;

/// <summary>Reads whose files do not fit the memory budget together: closed and opened again, or merged by way of the disk.</summary>
public sealed class ReadSpillTests
{
    private static readonly Schema Keys = new([new Field("k", FieldType.Int)], null, [new Field("v", FieldType.String)]);

    private readonly ReaderCountingStore _store = new(new InMemoryObjectStore());
    private readonly InMemorySpillFiles _disk = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(10_000, 4L << 20, true)]
    [InlineData(2_000, 256L << 20, false)]
    public async Task Thousands_of_files_of_one_leaf_are_read_in_order_within_the_budget(int files, long budgetBytes, bool spills)
    {
        // A hundred contents under thousands of names. Each has a row of every key up to 5, so equal keys come from every file, in the order of the references.
        const int Contents = 100;
        byte[][] contents = [.. Enumerable.Range(0, Contents).Select(c => SmallDataFile.Write(Keys, [.. Enumerable.Range(0, 5).Select(k => new Row(Keys, k, $"content {c}"))]))];
        var references = new List<FileReference>();
        for (int i = 0; i < files; i++)
        {
            string name = i.ToString("00000", CultureInfo.InvariantCulture);
            await _store.PutAsync(name, contents[i % Contents], Token);
            references.Add(new FileReference(name, "root", 5));
        }

        var budget = new MemoryBudget(budgetBytes);
        int key = 0;
        int ordinal = 0;
        await foreach (var row in Read(references, KeyFilter.Everything, budget, Keys))
        {
            Assert.Equal((key, ordinal % Contents), (row.GetInt(0), int.Parse(row.GetString(1)[8..], CultureInfo.InvariantCulture)));
            ordinal++;
            if (ordinal == files)
            {
                (key, ordinal) = (key + 1, 0);
            }

        }

        Assert.Equal((5, 0), (key, ordinal));
        Assert.InRange(budget.PeakBytes, 1, budgetBytes);
        Assert.Equal(spills, _disk.WriteCount > 0);
        Assert.InRange(_store.MostOpen, spills ? 1 : files, spills ? files / 5 : files);
        Assert.InRange(_store.Opened, files, spills ? 3 * files : files);
        AssertNothingIsLeft(budget);
    }

    [Fact]
    public async Task Files_behind_one_another_are_closed_until_their_turn_and_nothing_goes_to_disk()
    {
        // The leaf of all is the root, so all footers are read for their bounds; then one file after the other.
        var references = new List<FileReference>();
        for (int i = 0; i < 500; i++)
        {
            string name = i.ToString("000", CultureInfo.InvariantCulture);
            await _store.PutAsync(name, SmallDataFile.Write(Keys, [.. Enumerable.Range(10 * i, 10).Select(k => new Row(Keys, k, "v"))]), Token);
            references.Add(new FileReference(name, "root", 10));
        }

        var budget = new MemoryBudget(256 << 10);
        Assert.Equal(Enumerable.Range(0, 5000), await Read(references, KeyFilter.Everything, budget, Keys).Select(row => row.GetInt(0)).ToListAsync(Token));

        Assert.Equal(0, _disk.WriteCount);
        Assert.InRange(_store.MostOpen, 2, 200);
        Assert.InRange(_store.Opened, 500, 1000);
        AssertNothingIsLeft(budget);
    }

    [Fact]
    public async Task Random_tables_give_the_same_rows_whatever_the_budget_or_say_what_one_file_needs()
    {
        int spilled = 0;
        int refused = 0;
        for (int seed = 0; seed < 24; seed++)
        {
            var random = new RandomRows(seed);
            var schema = random.Schema();
            var references = new List<FileReference>();
            var all = new List<Row>();
            int files = random.Random.Next(2, 40);
            for (int i = 0; i < files; i++)
            {
                List<Row> rows = [.. random.Rows(schema, random.Random.Next(1, 200)).Order(Comparer<Row>.Create(RowOrder.Compare))];
                all.AddRange(rows);
                string name = $"{seed}-{i}";
                await _store.PutAsync(name, SmallDataFile.Write(schema, rows, random.Random.Next(5, 300), random.Random.Next(1, 80)), Token);
                references.Add(new FileReference(name, "root", rows.Count));
            }

            List<Row> expected = [.. all.Order(Comparer<Row>.Create(RowOrder.Compare))];
            var budget = new MemoryBudget(1L << random.Random.Next(15, 23));
            int writes = _disk.WriteCount;
            int least = 1;
            try
            {
                Assert.Equal(expected, await Read(references, KeyFilter.Everything, budget, schema).ToListAsync(Token));
                spilled += _disk.WriteCount > writes ? 1 : 0;
            }
            catch (IngestException fault)
            {
                Assert.Matches("needs? [0-9,]+ bytes", fault.Message);
                Assert.InRange(budget.LimitBytes, 1, 1 << 20);
                refused++;
                least = 0; // The file that is opened first may already need more than there is.
            }

            Assert.InRange(budget.PeakBytes, least, budget.LimitBytes);
            AssertNothingIsLeft(budget);
        }

        Assert.InRange(spilled, 3, 24);
        Assert.InRange(refused, 1, 15);
    }

    [Fact]
    public async Task Files_of_many_row_groups_that_fit_at_first_and_not_later_go_on_where_they_stood()
    {
        // Small rows first, then large ones: all files begin, and then none can go on beside the others.
        var references = new List<FileReference>();
        var random = new Random(5);
        var all = new List<Row>();
        byte[] text = new byte[2000];
        for (int i = 0; i < 20; i++)
        {
            List<Row> rows = [];
            for (int k = 0; k < 200; k++)
            {
                random.NextBytes(text);
                rows.Add(new Row(Keys, k, k < 100 ? $"{i}" : $"{i} {Convert.ToHexString(text)}"));
            }

            all.AddRange(rows);
            await _store.PutAsync($"f{i}", SmallDataFile.Write(Keys, rows, rowGroupRowCount: 50), Token);
            references.Add(new FileReference($"f{i}", "root", rows.Count));
        }

        var budget = new MemoryBudget(2 << 20);
        List<Row> read = await Read(references, KeyFilter.Everything, budget, Keys).ToListAsync(Token);

        Assert.Equal([.. all.OrderBy(row => row.GetInt(0))], read);
        Assert.InRange(_disk.WriteCount, 1, int.MaxValue);
        Assert.InRange(budget.PeakBytes, 1, budget.LimitBytes);
        AssertNothingIsLeft(budget);
    }

    [Fact]
    public async Task A_read_that_is_left_or_cancelled_in_the_middle_of_its_runs_leaves_nothing()
    {
        List<FileReference> references = await MakeLargeFilesAsync();
        for (int stop = 0; stop < 400; stop += 133)
        {
            var budget = new MemoryBudget(2 << 20);
            using var cancel = new CancellationTokenSource();
            int seen = 0;
            try
            {
                await foreach (var row in Read(references, KeyFilter.Everything, budget, Keys, cancel.Token))
                {
                    if (seen++ == stop)
                    {
                        Assert.InRange(_disk.Files.Count, 1, 1000);
                        if (stop % 2 == 0)
                        {
                            break;
                        }

                        await cancel.CancelAsync();
                    }
                }
            }
            catch (OperationCanceledException)
            {
                Assert.Equal(1, stop % 2);
            }

            Assert.Equal(stop + 1, seen);
            AssertNothingIsLeft(budget);
        }
    }

    [Fact]
    public async Task A_disk_that_is_full_or_gives_other_bytes_ends_the_read_with_its_error_and_leaves_nothing()
    {
        List<FileReference> references = await MakeLargeFilesAsync();
        var budget = new MemoryBudget(2 << 20);
        _disk.OnWrite = write => _ = write == 3 ? throw InMemorySpillFiles.Error(28) : 0;
        await Assert.ThrowsAsync<SpillDiskFullException>(async () => await Read(references, KeyFilter.Everything, budget, Keys).ToListAsync(Token));
        AssertNothingIsLeft(budget);

        _disk.OnWrite = null;
        _disk.OnRead = (read, bytes) => bytes[bytes.Length / 2] ^= read > 2 ? (byte)1 : (byte)0;
        budget = new MemoryBudget(2 << 20);
        await Assert.ThrowsAsync<SpillCorruptException>(async () => await Read(references, KeyFilter.Everything, budget, Keys).ToListAsync(Token));
        AssertNothingIsLeft(budget);
    }

    [Fact]
    public async Task A_file_with_other_rows_than_the_state_counts_is_an_error_by_way_of_the_disk_too()
    {
        List<FileReference> references = await MakeLargeFilesAsync();
        references[7] = references[7] with { RowCount = 99 };
        var budget = new MemoryBudget(2 << 20);

        var fault = await Assert.ThrowsAsync<TableReadException>(async () => await Read(references, KeyFilter.Everything, budget, Keys).ToListAsync(Token));

        Assert.Contains("counts 99 rows of it in partition 'root', but 100 rows", fault.Message, StringComparison.Ordinal);
        Assert.InRange(_disk.WriteCount, 1, int.MaxValue);
        AssertNothingIsLeft(budget);
    }

    [Fact]
    public async Task Ranges_and_chosen_fields_are_read_by_way_of_the_disk_too()
    {
        List<FileReference> references = await MakeLargeFilesAsync();
        var budget = new MemoryBudget(2 << 20);
        var filter = KeyFilter.Between(Keys, KeyOrder.Bytes, 20, 90);
        var context = Context(Keys) with { Projection = FieldProjection.Of(Keys, ["v"]), MemoryBudgetBytes = budget.LimitBytes };

        List<Row> read = await new TableReader(context).ReadAsync(State(references, Keys), filter, budget, Token).ToListAsync(Token);

        Assert.Equal(Enumerable.Range(20, 70).SelectMany(k => Enumerable.Range(0, 30).Select(f => $"{f}:{k}")), read.Select(row => row.GetString(0)[..row.GetString(0).IndexOf(' ', StringComparison.Ordinal)]));
        Assert.All(read, row => Assert.Single(row.Schema.AllFields));
        Assert.InRange(_disk.WriteCount, 1, int.MaxValue);
        AssertNothingIsLeft(budget);
    }

    [Fact]
    public async Task A_query_puts_its_runs_into_the_folder_that_it_names()
    {
        using var folder = new TemporaryFolder();
        using var bed = await new IngestBed().WithTableAsync(Keys);
        var random = new Random(2);
        byte[] text = new byte[20_000];
        for (int i = 0; i < 12; i++)
        {
            await using var writer = await bed.Factory(Keys).OpenAsync();
            for (int k = 0; k < 30; k++)
            {
                random.NextBytes(text);
                await writer.WriteAsync(new Row(Keys, k, Convert.ToHexString(text)));
            }

            await writer.CompleteAsync();
        }

        var table = await Table.OpenAsync(bed.Memory, "default", Token);
        int files = 0;
        int rows = 0;
        await foreach (var row in table.ReadAsync(TableQuery.All.WithMemoryBudget(6 << 20).WithSpillFolder(folder.Path), Token))
        {
            Assert.Equal(rows++ / 12, row.GetInt(0));
            files = Math.Max(files, folder.Files.Count());
        }

        Assert.Equal(360, rows);
        Assert.InRange(files, 2, 100);
        Assert.Empty(folder.Files);
    }

    /// <summary>30 files of 100 rows of 2 KB each: 6 MB.</summary>
    private async Task<List<FileReference>> MakeLargeFilesAsync()
    {
        var references = new List<FileReference>();
        var random = new Random(1);
        byte[] text = new byte[1000];
        for (int i = 0; i < 30; i++)
        {
            var rows = new List<Row>();
            for (int k = 0; k < 100; k++)
            {
                random.NextBytes(text);
                rows.Add(new Row(Keys, k, $"{i}:{k} {Convert.ToHexString(text)}"));
            }

            await _store.PutAsync($"f{i}", SmallDataFile.Write(Keys, rows, pageRowCount: 20), Token);
            references.Add(new FileReference($"f{i}", "root", rows.Count));
        }

        return references;
    }

    private static TableState State(List<FileReference> references, Schema schema) => new(1, PartitionTree.Single(schema), references, []);

    private ReadContext Context(Schema schema) => new(_store, "t", name => name, schema) { FilesAhead = 4, SpillFolder = "/spill", SpillFiles = _disk };

    private IAsyncEnumerable<Row> Read(List<FileReference> references, KeyFilter filter, MemoryBudget budget, Schema schema, CancellationToken cancellationToken = default) =>
        new TableReader(Context(schema) with { MemoryBudgetBytes = budget.LimitBytes })
            .ReadAsync(State(references, schema), filter, budget, cancellationToken == default ? Token : cancellationToken);

    private void AssertNothingIsLeft(MemoryBudget budget)
    {
        Assert.Equal((0, 0L), (_store.Open, budget.UsedBytes));
        Assert.Empty(_disk.Files);
    }
}
