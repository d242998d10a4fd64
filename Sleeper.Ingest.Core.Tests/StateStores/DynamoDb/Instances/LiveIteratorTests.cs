using Sleeper.Ingest.Core.ObjectStores;
using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.Schemas;
using Sleeper.Ingest.Core.StateStores;
using Sleeper.Ingest.Core.StateStores.DynamoDb.Instances;
using Sleeper.Ingest.Core.Tests.Emulators;
using Sleeper.Ingest.Core.Tests.Support;

namespace Sleeper.Ingest.Core.Tests.StateStores.DynamoDb.Instances;

/// <summary>
/// Tables with filters, aggregations and iterators from their making to their reading, in an instance and as own tables, against what the original gave for the same
/// rows and properties.
/// </summary>
public sealed class LiveIteratorTests
{
    private static readonly Lazy<Task<LiveInstanceDump>> Deployed = new(() => LiveInstanceDump.LoadAsync("01-deployed"));

    private static readonly Schema Events = Schema.Create().RowKey("key", FieldType.String).Value("time", FieldType.Long).Build();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("filters")]
    [InlineData("aggregations")]
    [InlineData("filters-and-aggregations")]
    [InlineData("iterator-age-off")]
    public async Task A_live_table_keeps_and_gives_what_the_original_kept_and_an_own_table_does_the_same(string name)
    {
        var given = IngestCase.Load(IngestCase.KeptFolder, name);
        var live = await Deployed.Value;
        using var instance = await SleeperInstance.OpenAsync(live.ConfigBucket, LiveInstanceTests.OptionsOf(live), Token);
        var inInstance = await Table.CreateAsync(instance, name, given.Schema, properties: given.IteratorProperties, cancellationToken: Token);
        await CompareAsync(given, inInstance, () => LiveInstanceTests.IngestAsync(instance, name, given.Input));

        var store = new InMemoryObjectStore();
        var own = await Table.CreateAsync(store, name, given.Schema, null, given.Options, Token);
        await CompareAsync(given, own, () => IngestOwnAsync(store, name, given.Input));
    }

    /// <summary>A file of the second day has rows that the first day's rows are joined with, and some of the first day's are too old by now: only a reader can know.</summary>
    [Fact]
    public async Task Rows_that_age_after_they_were_committed_are_not_read_and_later_commits_are_joined_with_them_by_the_reader()
    {
        var live = await Deployed.Value;
        using var instance = await SleeperInstance.OpenAsync(live.ConfigBucket, LiveInstanceTests.OptionsOf(live), Token);
        var schema = Schema.Create().RowKey("key", FieldType.String).SortKey("time", FieldType.Long).Value("count", FieldType.Long).Build();
        var clock = new ManualClock(new DateTimeOffset(2026, 11, 28, 12, 0, 0, TimeSpan.Zero));
        long now = clock.GetUtcNow().ToUnixTimeMilliseconds();
        var properties = new Dictionary<string, string> { ["sleeper.table.filters"] = "ageOff(time,1000)", ["sleeper.table.aggregations"] = "sum(count)" };
        var table = await Table.CreateAsync(instance, "ageing", schema, ["m"], properties, Token);
        var factory = IngestFactory.Create().UseSleeperInstance(instance).WithTable("ageing").UseClock(clock);

        var first = await IngestAsync(factory, new Row(schema, "a", now, 1L), new Row(schema, "z", now - 600, 10L), new Row(schema, "z", now - 1000, 100L));
        clock.Advance(TimeSpan.FromMilliseconds(500));
        var second = await IngestAsync(factory, new Row(schema, "a", now, 2L), new Row(schema, "b", now + 5, 3L));

        Assert.Equal((3, 2), (first.InputRowCount, first.RowCount));
        Assert.Equal((2, 2), (second.InputRowCount, second.RowCount));
        Assert.Equal([new Row(schema, "a", now, 3L), new Row(schema, "b", now + 5, 3L)], await table.WithClock(clock).ReadAsync(TableQuery.All, Token).ToListAsync(Token));
        clock.Advance(TimeSpan.FromMilliseconds(500));
        Assert.Equal([new Row(schema, "b", now + 5, 3L)], await table.WithClock(clock).ReadAsync(TableQuery.All.WithRowKeys(["a", "b", "z"]), Token).ToListAsync(Token));
    }

    [Theory]
    [InlineData("sleeper.table.filters", "ageOff(time", "no filter that is known")]
    [InlineData("sleeper.table.filters", "ageOff(nothing,1)", "'nothing'")]
    [InlineData("sleeper.table.filters", "ageOff(key,1)", "Long")]
    [InlineData("sleeper.table.aggregations", "avg(time)", "'avg(time)'")]
    [InlineData("sleeper.table.aggregations", "sum(key)", "key")]
    [InlineData("sleeper.table.iterator.class.name", "com.example.TheirIterator", "com.example.TheirIterator")]
    [InlineData("sleeper.table.iterator.class.name", "sleeper.core.iterator.AgeOffIterator", "sleeper.table.iterator.config")]
    public async Task What_cannot_be_done_with_rows_is_refused_when_the_table_is_made_and_nothing_is_written(string property, string value, string reason)
    {
        var live = await Deployed.Value;
        using var instance = await SleeperInstance.OpenAsync(live.ConfigBucket, LiveInstanceTests.OptionsOf(live), Token);
        var store = new InMemoryObjectStore();
        string name = $"no-{property}-{value.Length}";
        var options = property switch
        {
            "sleeper.table.filters" => new TableOptions { Filters = value },
            "sleeper.table.aggregations" => new TableOptions { Aggregations = value },
            _ => new TableOptions { IteratorClassName = value },
        };

        var ofInstance = await Assert.ThrowsAsync<UnsupportedTableException>(
            () => Table.CreateAsync(instance, name, Events, properties: new Dictionary<string, string> { [property] = value }, cancellationToken: Token));
        var own = await Assert.ThrowsAsync<ArgumentException>(() => Table.CreateAsync(store, name, Events, null, options, Token));

        foreach (string message in (string[])[ofInstance.Message, own.Message])
        {
            Assert.Contains($"'{name}'", message, StringComparison.Ordinal);
            Assert.Contains(property, message, StringComparison.Ordinal);
            Assert.Contains(reason, message, StringComparison.Ordinal);
        }

        Assert.DoesNotContain(name, await instance.ListTablesAsync(Token).ToListAsync(Token));
        Assert.Empty(await TableFixture.ObjectsAsync(store, ""));
    }

    [Fact]
    public async Task Lists_are_refused_where_rows_shall_be_joined()
    {
        var schema = Schema.Create().RowKey("key", FieldType.String).Value("tags", FieldType.List(FieldType.String)).Build();
        var store = new InMemoryObjectStore();

        var error = await Assert.ThrowsAsync<ArgumentException>(() => Table.CreateAsync(store, "lists", schema, null, new TableOptions { Aggregations = "sum(tags)" }, Token));

        Assert.Contains("'tags'", error.Message, StringComparison.Ordinal);
        Assert.Empty(await TableFixture.ObjectsAsync(store, ""));
    }

    [Fact]
    public async Task A_table_that_is_there_is_opened_by_who_asks_for_the_same_and_for_nothing_but_not_for_something_else()
    {
        var store = new InMemoryObjectStore();
        await Table.CreateAsync(store, "events", Events, ["m"], new TableOptions { Filters = "ageOff(time,1000)" }, Token);

        Assert.Equal(2, (await (await Table.CreateAsync(store, "events", Events, null, new TableOptions { Filters = " AGEOFF(time, 1000)" }, Token)).DescribeAsync(Token)).Leaves.Count);
        await Table.CreateAsync(store, "events", Events, cancellationToken: Token);
        var error = await Assert.ThrowsAsync<TableIteratorMismatchException>(() => Table.CreateAsync(store, "events", Events, null, new TableOptions { Filters = "ageOff(time,1001)" }, Token));
        Assert.Contains("ageOff(time,1000)", error.Message, StringComparison.Ordinal);
        Assert.Contains("ageOff(time,1001)", error.Message, StringComparison.Ordinal);
    }

    /// <summary>One ingest gives the rows of the original; a second one of the same rows is joined with them when they are read.</summary>
    private static async Task CompareAsync(IngestCase given, Table table, Func<Task<IngestResult>> ingestAsync)
    {
        List<Row> expected = [.. given.Table.ExpectedRows().SelectMany(file => file).Select(RowJson.WithSortedMaps)];

        var result = await ingestAsync();
        var read = await table.ReadAsync(TableQuery.All, Token).ToListAsync(Token);

        Assert.Equal((given.Input.Count(), expected.Count), (result.InputRowCount, result.RowCount));
        Assert.InRange(result.RowCount, 1, result.InputRowCount - 1);
        AssertSame(expected, read);

        await ingestAsync();
        var twice = new NaiveIterators(0) { Operations = given.Operations }.Apply(expected.SelectMany(row => (Row[])[row, row]));
        AssertSame(twice, await table.ReadAsync(TableQuery.All, Token).ToListAsync(Token));
        string some = given.Schema.RowKeyFields[0].Name;
        var query = TableQuery.All.WithRowKeys([expected[0][some], expected[^1][some]]);
        AssertSame(twice.Where(row => row[some] == expected[0][some] || row[some] == expected[^1][some]), await table.ReadAsync(query, Token).ToListAsync(Token));
    }

    /// <summary>Rows with equal keys may stand in any order.</summary>
    private static void AssertSame(IEnumerable<Row> expected, List<Row> read)
    {
        Assert.True(TableModel.IsSorted(read, read[0].Schema, KeyOrder.Bytes));
        Assert.Equal(expected.Select(RowText.OfWithSortedMaps).Order(StringComparer.Ordinal), read.Select(RowText.OfWithSortedMaps).Order(StringComparer.Ordinal));
    }

    private static Task<IngestResult> IngestOwnAsync(IObjectStore store, string table, IEnumerable<Row> rows) =>
        IngestAsync(IngestFactory.Create().UseObjectStore(store).WithTable(table), [.. rows]);

    private static async Task<IngestResult> IngestAsync(IngestFactory factory, params Row[] rows)
    {
        await using var writer = await factory.OpenAsync(Token);
        await writer.WriteAsync(rows, Token);
        return await writer.CompleteAsync(Token);
    }
}
