using Sleeper.Ingest.Core.ObjectStores;
using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.Schemas;
using Sleeper.Ingest.Core.StateStores;
using Sleeper.Ingest.Core.Tests.Support;

namespace Sleeper.Ingest.Core.Tests.EndToEnd;

/// <summary>Tables made, described, read and dropped through the public type.</summary>
public sealed class TableTests : IDisposable
{
    private static readonly Schema Flights = new(
        [new Field("origin", FieldType.String), new Field("day", FieldType.Int)],
        [new Field("time", FieldType.Long)],
        [new Field("delay", FieldType.Int, true), new Field("tags", FieldType.List(FieldType.String))]);

    private readonly string _folder = Path.Combine(Path.GetTempPath(), $"sleeper-table-{Guid.NewGuid():N}");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        if (Directory.Exists(_folder))
        {
            Directory.Delete(_folder, recursive: true);
        }
    }

    [Fact]
    public async Task Rows_of_several_ingests_come_in_key_order_and_equal_keys_in_commit_order()
    {
        var store = new InMemoryObjectStore();
        var table = await Table.CreateAsync(store, "flights", Flights, ["H", "S"], Token);
        await HandMadeIngest.CommitAsync(store, "flights", "one", [Flight("SEA", 1, 5, 1), Flight("ATL", 1, 7, 2), Flight("SEA", 1, 5, 3)]);
        await HandMadeIngest.CommitAsync(store, "flights", "two", [Flight("SEA", 1, 5, 4), Flight("JFK", 2, 0, 5), Flight("", -1, 0, 6)], oneFile: true);
        await HandMadeIngest.CommitAsync(store, "flights", "three", [Flight("SEA", 1, 4, 7), Flight("SEA", 0, 9, 8)]);

        var rows = await table.ReadAsync(Token).ToListAsync(Token);

        Assert.Equal([6, 2, 5, 8, 7, 1, 3, 4], rows.Select(row => row.GetInt(3)));
        Assert.All(rows, row => Assert.Equal(Flights, row.Schema));
    }

    [Fact]
    public async Task One_row_key_the_first_of_its_fields_and_ranges_are_found()
    {
        var store = new InMemoryObjectStore();
        var table = await Table.CreateAsync(store, "flights", Flights, ["D", "H", "S"], Token);
        var rows = (from origin in (string[])["A", "C", "D", "H", "T"] from day in Enumerable.Range(0, 3) select Flight(origin, day, 0, day)).ToList();
        await HandMadeIngest.CommitAsync(store, "flights", "one", rows);

        Assert.Equal(rows.Where(r => r.GetString(0) == "D"), await table.ReadAsync("D", Token).ToListAsync(Token));
        Assert.Equal(rows.Where(r => r.GetString(0) == "D" && r.GetInt(1) == 1), await table.ReadAsync(RowKeyRange.Exactly("D", 1), Token).ToListAsync(Token));
        Assert.Equal(rows.Where(r => r.GetString(0) is "C" or "D"), await table.ReadAsync(RowKeyRange.Between("B", "H"), Token).ToListAsync(Token));
        Assert.Equal(rows.Where(r => r.GetString(0) is "H" or "T"), await table.ReadAsync(RowKeyRange.From("H"), Token).ToListAsync(Token));
        Assert.Equal(rows.Where(r => r.GetString(0) is "A" or "C"), await table.ReadAsync(RowKeyRange.Below("D"), Token).ToListAsync(Token));
        Assert.Empty(await table.ReadAsync(RowKeyRange.Between("H", "D"), Token).ToListAsync(Token));
        Assert.Empty(await table.ReadAsync("B", Token).ToListAsync(Token));
        Assert.Throws<ArgumentException>(() => table.ReadAsync(5, Token));
        Assert.Throws<ArgumentException>(() => RowKeyRange.Exactly());
    }

    [Fact]
    public async Task A_read_stays_at_the_state_of_its_start()
    {
        var store = new InMemoryObjectStore();
        var table = await Table.CreateAsync(store, "flights", Flights, ["H"], Token);
        await HandMadeIngest.CommitAsync(store, "flights", "one", [Flight("A", 1, 0, 1), Flight("Z", 1, 0, 2)]);

        var seen = new List<int>();
        await foreach (var row in table.ReadAsync(Token))
        {
            seen.Add(row.GetInt(3));
            await HandMadeIngest.CommitAsync(store, "flights", $"later-{seen.Count}", [Flight("M", 1, 0, 3)]);
        }

        Assert.Equal([1, 2], seen);
        Assert.Equal(4, await table.ReadAsync(Token).CountAsync(Token));
    }

    [Fact]
    public async Task A_table_is_opened_with_its_own_schema_from_a_folder_and_from_a_copy_of_it()
    {
        var store = new LocalObjectStore(_folder, new LocalObjectStoreOptions { Durable = false });
        await Table.CreateAsync(store, "default", Flights, ["H"], Token);
        await HandMadeIngest.CommitAsync(store, "default", "one", [Flight("SEA", 1, 0, 1)]);
        string copy = Path.Combine(_folder, "copy");
        foreach (string file in Directory.GetFiles(Path.Combine(_folder, "default"), "*", SearchOption.AllDirectories))
        {
            string target = Path.Combine(copy, Path.GetRelativePath(_folder, file));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(file, target);
        }

        foreach (string folder in (string[])[_folder, copy])
        {
            var table = await Table.OpenAsync(folder, cancellationToken: Token);
            Assert.Equal(("default", Flights), (table.Name, table.Schema));
            Assert.Equal([Flight("SEA", 1, 0, 1)], await table.ReadAsync(Token).ToListAsync(Token));
        }
    }

    [Fact]
    public async Task Creating_a_table_that_is_there_opens_it_with_its_own_leaves_and_another_schema_is_refused()
    {
        var store = new InMemoryObjectStore();
        await Table.CreateAsync(store, "flights", Flights, ["H"], Token);

        var again = await Table.CreateAsync(store, "flights", Flights, ["A", "B", "C"], Token);

        Assert.Equal(2, (await again.DescribeAsync(Token)).Leaves.Count);
        await Assert.ThrowsAsync<SchemaMismatchException>(() => Table.CreateAsync(store, "flights", new Schema([new Field("k", FieldType.Int)]), null, Token));
    }

    [Fact]
    public async Task Tables_are_listed_and_dropped()
    {
        var store = new InMemoryObjectStore();
        await Table.CreateAsync(store, "b", Flights, null, Token);
        await Table.CreateAsync(store, "a", Flights, null, Token);
        await HandMadeIngest.CommitAsync(store, "b", "one", [Flight("SEA", 1, 0, 1)]);
        Assert.Equal(["a", "b"], await Table.ListAsync(store, Token).ToListAsync(Token));

        await Table.DropAsync(store, "b", Token);

        Assert.Equal(["a"], await Table.ListAsync(store, Token).ToListAsync(Token));
        Assert.Empty(await store.ListAsync("b/", null, Token).ToListAsync(Token));
        await Assert.ThrowsAsync<TableNotFoundException>(() => Table.OpenAsync(store, "b", Token));
        await Table.DropAsync(store, "b", Token);
    }

    [Fact]
    public async Task A_folder_without_the_table_is_an_error_and_stays_as_it_is()
    {
        await Assert.ThrowsAsync<TableNotFoundException>(() => Table.OpenAsync(_folder, "flights", Token));

        Assert.False(Directory.Exists(_folder));
    }

    [Fact]
    public async Task A_description_counts_leaves_rows_files_and_bytes()
    {
        var store = new InMemoryObjectStore();
        var table = await Table.CreateAsync(store, "flights", Flights, ["H"], Token);
        Assert.Equal((0, 0, 0L), await Totals());
        await HandMadeIngest.CommitAsync(store, "flights", "one", [Flight("A", 1, 0, 1), Flight("Z", 1, 0, 2), Flight("Z", 2, 0, 2)]);
        var second = await HandMadeIngest.CommitAsync(store, "flights", "two", [Flight("A", 1, 0, 1), Flight("Z", 1, 0, 2), Flight("Z", 1, 0, 2)], oneFile: true);

        var description = await table.DescribeAsync(Token);

        long bytes = (await store.ListAsync("flights/data/", null, Token).ToListAsync(Token)).Sum(o => o.LengthBytes);
        Assert.Equal(("flights", second.TransactionNumber, 6, 3, bytes), (description.Name, description.TransactionNumber, description.RowCount, description.FileCount, description.LengthBytes));
        Assert.Equal([(2, 2), (2, 4)], description.Leaves.Select(l => (l.FileCount, (int)l.RowCount)));
        Assert.InRange(bytes - description.Leaves.Sum(l => l.LengthBytes), 0, 1);
        Assert.Equal(["two", "one"], description.RecentCommits.Select(c => c.IngestId));
        Assert.Equal((0, false), (description.RowCountAboveLeaves, description.IsRowCountApproximate));
        Assert.Empty(description.MissingFiles);

        await store.DeleteAsync("flights/" + second.Files[0].FileName, Token);
        Assert.Equal([second.Files[0].FileName], (await table.DescribeAsync(Token)).MissingFiles);
        var fault = await Assert.ThrowsAsync<TableReadException>(async () => await table.ReadAsync(Token).CountAsync(Token));
        Assert.Equal(("flights", second.Files[0].FileName), (fault.TableName, fault.FileName));

        async Task<(int Rows, int Files, long Bytes)> Totals()
        {
            var empty = await table.DescribeAsync(Token);
            return ((int)empty.RowCount, empty.FileCount, empty.LengthBytes);
        }
    }

    [Fact]
    public async Task An_ingest_is_resolved_by_its_id()
    {
        var store = new InMemoryObjectStore();
        var table = await Table.CreateAsync(store, "flights", Flights, null, Token);
        await HandMadeIngest.CommitAsync(store, "flights", "one", [Flight("A", 1, 0, 1)]);

        Assert.Equal(1, (await table.ResolveAsync("one", Token)).Committed!.RowCount);
        Assert.Null((await table.ResolveAsync("other", Token)).Committed);
    }

    private static Row Flight(string origin, int day, long time, int delay) =>
        new(Flights, origin, day, time, delay, FieldValue.FromList([$"{origin}-{delay}"]));
}
