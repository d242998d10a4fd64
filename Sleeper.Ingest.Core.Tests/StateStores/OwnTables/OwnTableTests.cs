using System.Text;
using Sleeper.Ingest.Core.ObjectStores;
using Sleeper.Ingest.Core.Schemas;
using Sleeper.Ingest.Core.StateStores;
using Sleeper.Ingest.Core.StateStores.OwnTables;
using Sleeper.Ingest.Core.Tests.Support;
using static Sleeper.Ingest.Core.Tests.Support.TableFixture;

namespace Sleeper.Ingest.Core.Tests.StateStores.OwnTables;

public sealed class OwnTableTests
{
    private readonly InMemoryObjectStore _memory = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_table_is_made_opened_and_keeps_its_id_schema_and_tree()
    {
        using var made = await CreateAsync(_memory);
        using var opened = await OpenAsync(_memory, 2);
        Assert.Equal(made.TableId, opened.TableId);
        Assert.Matches("^[0-9a-f]{8}$", opened.TableId);
        Assert.Equal(TableSchema, opened.Schema);
        Assert.Equal(Tree("m").Leaves, (await opened.StateStore.LoadPartitionsAsync(Token)).Leaves);
        Assert.Equal(["events/log/partitions/00000000000000000001.json", "events/table.properties"], await ObjectsAsync(_memory));
    }

    [Fact]
    public async Task It_exists_once_its_first_partitions_do()
    {
        Assert.False(await OwnTable.ExistsAsync(_memory, Name, Token));
        using var prepared = await OwnTable.PrepareAsync(_memory, Name, TableSchema, Options(), null, Token);
        Assert.False(await OwnTable.ExistsAsync(_memory, Name, Token));
        await Assert.ThrowsAsync<TableNotFoundException>(() => OpenAsync(_memory, 2));
        await Assert.ThrowsAsync<InvalidOperationException>(() => prepared.StateStore.LoadPartitionsAsync(Token));
        await prepared.StateStore.InitialisePartitionsAsync(Tree(), Token);
        Assert.True(await OwnTable.ExistsAsync(_memory, Name, Token));
    }

    [Fact]
    public async Task Of_writers_that_make_a_table_at_once_all_get_one_id_and_one_tree()
    {
        for (int round = 0; round < 20; round++)
        {
            string name = $"t{round}";
            var tables = await Task.WhenAll(Enumerable.Range(0, 8).Select(writer => Task.Run(async () =>
                await OwnTable.CreateOrOpenAsync(_memory, name, TableSchema, Tree($"split-{writer}"), Options((100 * round) + writer), null, Token))));
            var trees = await Task.WhenAll(tables.Select(t => t.StateStore.LoadPartitionsAsync(Token)));
            Assert.Single(tables.Select(t => t.TableId).Distinct());
            Assert.Single(trees.Select(t => t.Leaves[1].Region).Distinct());
        }
    }

    [Fact]
    public async Task Another_schema_is_refused_naming_the_first_difference()
    {
        using var made = await CreateAsync(_memory);
        var other = Schema.Create().RowKey("key", FieldType.String).Value("value", FieldType.Int).Build();
        var refused = await Assert.ThrowsAsync<SchemaMismatchException>(
            () => OwnTable.CreateOrOpenAsync(_memory, Name, other, Tree(), Options(), null, Token));
        Assert.Contains("value field 0 is [value Long] in the table and [value Int] in the schema given", refused.Message);
        Assert.Contains(TableSchema.ToString(), refused.Message);
        Assert.Contains(other.ToString(), refused.Message);
        await Assert.ThrowsAsync<SchemaMismatchException>(() => OwnTable.OpenAsync(_memory, Name, Options(), other, Token));
    }

    [Fact]
    public async Task A_table_from_the_future_is_refused_by_name()
    {
        using var made = await CreateAsync(_memory);
        string text = Encoding.UTF8.GetString(await ReadAsync(_memory, "events/table.properties"));
        await _memory.PutAsync("events/table.properties", Encoding.UTF8.GetBytes(text.Replace("table.format=1", "table.format=2", StringComparison.Ordinal)), Token);
        var refused = await Assert.ThrowsAsync<UnsupportedTableException>(() => OpenAsync(_memory, 2));
        Assert.Contains("events/table.properties", refused.Message);
        Assert.Contains("format 2", refused.Message);
    }

    [Theory]
    [InlineData("sleeper.table.schema", "sleeper.table.schem")]
    [InlineData("sleeper.table.id=", "sleeper.table.id=x")]
    [InlineData("rowKeyFields", "rowFields")]
    public async Task Damaged_properties_are_named(string part, string replacement)
    {
        using var made = await CreateAsync(_memory);
        string text = Encoding.UTF8.GetString(await ReadAsync(_memory, "events/table.properties"));
        await _memory.PutAsync("events/table.properties", Encoding.UTF8.GetBytes(text.Replace(part, replacement, StringComparison.Ordinal)), Token);
        Assert.Contains("events/table.properties", (await Assert.ThrowsAsync<TableDamagedException>(() => OpenAsync(_memory, 2))).ObjectName);
    }

    [Fact]
    public async Task A_store_that_ignores_the_condition_is_refused_and_nothing_stays()
    {
        var careless = new ScriptedObjectStore(_memory) { Fault = (_, _) => ScriptedFault.OverwritesInstead };
        var refused = await Assert.ThrowsAsync<UnsupportedTableException>(() => CreateAsync(careless));
        Assert.Contains("overwrote", refused.Message);
        Assert.Empty(await ObjectsAsync(_memory));
    }

    [Theory]
    [InlineData("After")]
    [InlineData("Before")]
    public async Task A_lost_answer_to_the_first_put_makes_no_second_table(string fault)
    {
        var scripted = new ScriptedObjectStore(_memory);
        int left = 1;
        scripted.Fault = (verb, _) => verb == "put-if-absent" && left-- > 0 ? Enum.Parse<ScriptedFault>(fault) : ScriptedFault.None;
        if (fault == "Before")
        {
            Assert.True((await Assert.ThrowsAsync<IngestException>(() => CreateAsync(scripted))).IsRetryable);
        }

        using var table = await CreateAsync(scripted);
        using var opened = await OpenAsync(_memory, 2);
        Assert.Equal(table.TableId, opened.TableId);
    }

    [Theory]
    [InlineData("")]
    [InlineData(".")]
    [InlineData("..")]
    [InlineData("a/b")]
    [InlineData("a b")]
    [InlineData("é")]
    [InlineData("a\0")]
    [InlineData("a.")]
    [InlineData("a\\b")]
    public async Task Names_that_are_none_are_refused(string name)
    {
        await Assert.ThrowsAsync<ArgumentException>(() => OwnTable.CreateOrOpenAsync(_memory, name, TableSchema, Tree(), Options(), null, Token));
        await Assert.ThrowsAsync<ArgumentException>(() => TableCatalog.DropAsync(_memory, name, Token));
    }

    [Fact]
    public async Task Names_of_all_characters_and_of_128_are_taken()
    {
        foreach (string name in (string[])["A.b_c-9", new string('x', 128), "..a", "-"])
        {
            using var table = await OwnTable.CreateOrOpenAsync(_memory, name, TableSchema, Tree(), Options(), null, Token);
            Assert.True(await OwnTable.ExistsAsync(_memory, name, Token));
        }

        await Assert.ThrowsAsync<ArgumentException>(() => OwnTable.ExistsAsync(_memory, new string('x', 129), Token));
    }

    [Fact]
    public async Task Tables_are_listed_whatever_else_lies_in_the_store()
    {
        foreach (string name in (string[])["b", "a", "a-b", "a.b", "a0", "c"])
        {
            using var table = await OwnTable.CreateOrOpenAsync(_memory, name, TableSchema, Tree("m"), Options(), null, Token);
            await CommitAsync(table.StateStore, "id");
        }

        using var prepared = await OwnTable.PrepareAsync(_memory, "half", TableSchema, Options(), null, Token);
        await _memory.PutAsync("file", new byte[1], Token);
        await _memory.PutAsync("no table/x", new byte[1], Token);
        await TableCatalog.DropAsync(_memory, "c", Token);
        var names = new List<string>();
        await foreach (string name in TableCatalog.ListAsync(_memory, Token))
        {
            names.Add(name);
        }

        Assert.Equal(["a", "a-b", "a.b", "a0", "b"], names);
    }

    [Fact]
    public async Task A_dropped_table_is_gone_and_its_name_is_free()
    {
        using var first = await CreateAsync(_memory);
        await CommitAsync(first.StateStore, "id");
        await _memory.PutAsync("events/data/partition_root/a.parquet", new byte[3], Token);
        await _memory.PutAsync("events-2/table.properties", new byte[3], Token);
        Assert.True(await TableCatalog.DropAsync(_memory, Name, Token));
        Assert.Equal(["events-2/table.properties"], await ObjectsAsync(_memory));
        Assert.False(await TableCatalog.DropAsync(_memory, Name, Token));
        using var second = await CreateAsync(_memory, Options(9));
        Assert.NotEqual(first.TableId, second.TableId);
        Assert.Empty((await second.StateStore.LoadStateAsync(Token)).References);
    }

    [Fact]
    public async Task A_drop_that_stops_anywhere_leaves_no_readable_table_and_can_be_finished()
    {
        for (int n = 1; n <= 4; n++)
        {
            var store = new InMemoryObjectStore();
            var scripted = new ScriptedObjectStore(store);
            using var table = await CreateAsync(store);
            await CommitAsync(table.StateStore, "id");
            await store.PutAsync("events/data/partition_root/a.parquet", new byte[3], Token);
            int deletes = 0;
            scripted.Fault = (verb, _) => verb == "delete" && ++deletes == n ? ScriptedFault.Before : ScriptedFault.None;
            await Assert.ThrowsAsync<IOException>(() => TableCatalog.DropAsync(scripted, Name, Token));

            Assert.Equal(n == 1, await OwnTable.ExistsAsync(store, Name, Token));
            await TableCatalog.DropAsync(store, Name, Token);
            Assert.Empty(await ObjectsAsync(store));
        }
    }

    [Fact]
    public async Task Nothing_is_built_on_what_a_half_dropped_table_left()
    {
        using var first = await CreateAsync(_memory);
        await CommitAsync(first.StateStore, "id");
        await _memory.DeleteAsync("events/table.properties", Token);
        var refused = await Assert.ThrowsAsync<IngestException>(() => CreateAsync(_memory, Options(9)));
        Assert.Contains("left over", refused.Message);
        Assert.False(await OwnTable.ExistsAsync(_memory, Name, Token));
        await TableCatalog.DropAsync(_memory, Name, Token);
        using var second = await CreateAsync(_memory, Options(9));
    }

    [Fact]
    public async Task A_copied_folder_is_a_table_of_its_own()
    {
        using var original = await CreateAsync(_memory);
        await CommitAsync(original.StateStore, "one");
        foreach (string path in await ObjectsAsync(_memory))
        {
            await _memory.PutAsync("copy/" + path["events/".Length..], await ReadAsync(_memory, path), Token);
        }

        using var copy = await OwnTable.OpenAsync(_memory, "copy", Options(2), null, Token);
        Assert.Equal(2, (await CommitAsync(copy.StateStore, "two")).TransactionNumber);
        Assert.NotNull(await copy.StateStore.FindCommitAsync("one", Token));
        Assert.Equal(1, (await original.StateStore.LoadStateAsync(Token)).TransactionNumber);
    }

    [Fact]
    public async Task Opening_a_table_without_a_snapshot_costs_eight_requests_at_most_and_one_for_each_entry()
    {
        using var table = await CreateAsync(_memory);
        for (int i = 0; i < 10; i++)
        {
            await CommitAsync(table.StateStore, $"{i}");
        }

        var counted = new ScriptedObjectStore(_memory);
        using var opened = await OpenAsync(counted, 2);
        await opened.StateStore.FindCommitAsync("x", Token);
        Assert.True(counted.Calls.Count <= 8 + 10 + 1, string.Join('\n', counted.Calls));
    }
}
