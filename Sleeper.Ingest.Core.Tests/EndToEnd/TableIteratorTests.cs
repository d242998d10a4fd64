using Sleeper.Ingest.Core.ObjectStores;
using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.Schemas;
using Sleeper.Ingest.Core.StateStores;
using Sleeper.Ingest.Core.Tests.Support;

namespace Sleeper.Ingest.Core.Tests.EndToEnd;

/// <summary>Filters, aggregations and iterators of own tables: asked for once, applied at every ingest.</summary>
public sealed class TableIteratorTests
{
    private const string AgeOffIterator = "sleeper.core.iterator.AgeOffIterator";

    private static readonly Schema Counts = Schema.Create().RowKey("key", FieldType.String).SortKey("time", FieldType.Long).Value("count", FieldType.Long).Build();

    private static readonly DateTimeOffset Now = new(2026, 11, 28, 12, 0, 0, TimeSpan.Zero);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private static long NowMillis => Now.ToUnixTimeMilliseconds();

    [Fact]
    public async Task Later_ingests_apply_what_the_table_was_made_with()
    {
        var store = new InMemoryObjectStore();
        await IngestAsync(store, f => f.WithSchema(Counts).WithFilters("ageOff(time, 1000)").WithAggregations("sum(count)"), Row("a", 0, 1));

        var second = await IngestAsync(store, f => f, Row("a", 0, 1), Row("b", 0, 5), Row("a", 0, 2), Row("c", -1000, 7), Row("c", -999, 8));

        Assert.Equal(5, second.InputRowCount);
        Assert.Equal(3, second.RowCount);
        Assert.Equal([Row("a", 0, 3), Row("b", 0, 5), Row("c", -999, 8)], await RowsAsync(store, second));
    }

    [Fact]
    public async Task The_filter_comes_first_then_the_aggregation_then_the_iterator()
    {
        var schema = Schema.Create().RowKey("key", FieldType.String).Value("time", FieldType.Long).Build();
        var store = new InMemoryObjectStore();
        var result = await IngestAsync(
            store,
            f => f.WithSchema(schema).WithFilters("ageOff(time,1000)").WithAggregations("sum(time)").WithIterator(AgeOffIterator, $"time,{-NowMillis}"),
            new Row(schema, "a", NowMillis - 1000), new Row(schema, "a", NowMillis), new Row(schema, "a", NowMillis), new Row(schema, "a", 1L),
            new Row(schema, "b", NowMillis), new Row(schema, "b", 2L));

        // Of "a" the first and the last are too old; the others add up to twice now, which the iterator's age of minus now drops, as it does now alone.
        Assert.Equal(IngestOutcome.NothingToCommit, result.Outcome);
        Assert.Equal(6, result.InputRowCount);

        var second = await IngestAsync(store, f => f, new Row(schema, "a", NowMillis), new Row(schema, "a", NowMillis), new Row(schema, "a", NowMillis));
        Assert.Equal([new Row(schema, "a", 3 * NowMillis)], await RowsAsync(store, second, schema));
    }

    [Theory]
    [InlineData(FileWritingStrategy.OneFilePerLeaf)]
    [InlineData(FileWritingStrategy.OneReferencePerLeaf)]
    public async Task An_ingest_of_which_every_row_is_dropped_leaves_no_object_and_no_entry_and_its_id_may_commit_later(FileWritingStrategy strategy)
    {
        var store = new InMemoryObjectStore();
        IngestFactory Settings(IngestFactory f) => f.WithSchema(Counts).WithFilters("ageOff(time,1000)").WithSplitPoints("m").WithFileStrategy(strategy).WithIngestId("id");
        await IngestAsync(store, f => f.WithSchema(Counts).WithFilters("ageOff(time,1000)").WithSplitPoints("m"));
        var before = await TableFixture.ObjectsAsync(store, "");

        var nothing = await IngestAsync(store, Settings, Row("a", -1000, 1), Row("z", -5000, 1));

        Assert.Equal(IngestOutcome.NothingToCommit, nothing.Outcome);
        Assert.Equal((2, 0), (nothing.InputRowCount, nothing.RowCount));
        Assert.Empty(nothing.Files);
        Assert.Equal(before, await TableFixture.ObjectsAsync(store, ""));

        var something = await IngestAsync(store, Settings, Row("a", -1000, 1), Row("z", 0, 1));
        Assert.Equal(IngestOutcome.Committed, something.Outcome);
        var reference = Assert.Single(Assert.Single(something.Files).References);
        Assert.Equal((1, true), (reference.RowCount, reference.OnlyContainsDataForThisPartition));
    }

    [Fact]
    public async Task A_leaf_of_which_every_row_is_dropped_gets_no_file()
    {
        var store = new InMemoryObjectStore();
        var result = await IngestAsync(
            store,
            f => f.WithSchema(Counts).WithFilters("ageOff(time,1000)").WithSplitPoints("g", "p"),
            Row("a", 0, 1), Row("h", -1000, 1), Row("z", 0, 1), Row("b", -1000, 3));

        Assert.Equal([1, 1], result.Files.Select(f => f.References[0].RowCount));
        Assert.Equal(4, (await IngestedTable.DataObjectsAsync(store)).Count);
    }

    [Fact]
    public async Task Times_are_compared_with_the_clock_as_it_was_when_the_ingest_was_opened()
    {
        var store = new InMemoryObjectStore();
        var clock = new ManualClock(Now);
        await using var writer = await IngestFactory.Create().UseObjectStore(store).UseClock(clock).WithSchema(Counts).WithFilters("ageOff(time,1000)").OpenAsync(Token);
        clock.Advance(TimeSpan.FromHours(1));
        await writer.WriteAsync(Row("a", -999, 1), Token);
        Assert.Equal(1, (await writer.CompleteAsync(Token)).RowCount);
    }

    [Fact]
    public async Task Rows_that_age_between_two_runs_of_an_ingest_do_not_make_it_another_ingest()
    {
        var store = new InMemoryObjectStore();
        IngestFactory Settings(IngestFactory f) => f.WithSchema(Counts).WithFilters("ageOff(time,1000)").WithIngestId("id");
        var first = await IngestAsync(store, Settings, Row("a", -900, 1), Row("b", 0, 1));
        var again = await IngestAsync(store, f => Settings(f).UseClock(new ManualClock(Now.AddMilliseconds(500))), Row("a", -900, 1), Row("b", 0, 1));

        Assert.Equal(IngestOutcome.AlreadyCommitted, again.Outcome);
        Assert.Equal((2, 2), (again.InputRowCount, again.RowCount));
        Assert.Equal(first.CommitNumber, again.CommitNumber);
    }

    [Fact]
    public async Task Settings_that_are_not_the_tables_are_refused_and_the_tables_own_are_taken_however_they_are_written()
    {
        var store = new InMemoryObjectStore();
        await IngestAsync(store, f => f.WithSchema(Counts).WithFilters("ageOff(time,1000)").WithAggregations("sum(count)"));

        await IngestAsync(store, f => f.WithSchema(Counts).WithFilters(" AGEOFF( time , 1000 ) "));
        await IngestAsync(store, f => f.WithAggregations("map_SUM(count)"));
        var error = await Assert.ThrowsAsync<TableIteratorMismatchException>(() => IngestAsync(store, f => f.WithFilters("ageOff(time,1001)")));
        Assert.Contains("sleeper.table.filters = 'ageOff(time,1000)'", error.Message, StringComparison.Ordinal);
        Assert.Contains("ageOff(time,1001)", error.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<TableIteratorMismatchException>(() => IngestAsync(store, f => f.WithSchema(Counts).WithAggregations("max(count)")));
        await Assert.ThrowsAsync<TableIteratorMismatchException>(() => IngestAsync(store, f => f.WithIterator(AgeOffIterator, "time,5")));
    }

    [Fact]
    public async Task A_table_with_a_java_class_that_is_not_known_is_refused_before_any_row()
    {
        var given = IngestCase.Load(IngestCase.KeptFolder, "iterator-addition");
        var store = new InMemoryObjectStore();
        var error = Assert.Throws<ArgumentException>(() => { given.ApplyTo(IngestFactory.Create().UseObjectStore(store).WithSchema(given.Schema)).Build(); });
        Assert.Contains("sleeper.example.iterator.AdditionIterator", error.Message, StringComparison.Ordinal);
        Assert.Contains("sleeper.table.iterator.class.name", error.Message, StringComparison.Ordinal);

        await TableFixture.MakeAsync(store, given.Schema, new() { ["sleeper.table.iterator.class.name"] = "sleeper.example.iterator.AdditionIterator" });
        var refused = await Assert.ThrowsAsync<UnsupportedTableException>(() => IngestFactory.Create().UseObjectStore(store).OpenAsync(Token));
        Assert.Contains("sleeper.example.iterator.AdditionIterator", refused.Message, StringComparison.Ordinal);
        Assert.Contains("sleeper.table.iterator.class.name", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Lists_cannot_be_aggregated_in_a_new_table()
    {
        var schema = Schema.Create().RowKey("key", FieldType.String).Value("tags", FieldType.List(FieldType.String)).Build();
        var error = Assert.Throws<ArgumentException>(
            () => IngestFactory.Create().UseObjectStore(new InMemoryObjectStore()).WithSchema(schema).WithAggregations("sum(tags)").Build());
        Assert.Contains("'tags'", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Lists_that_meet_in_a_table_that_asks_for_it_nevertheless_fail_the_ingest_by_name()
    {
        var schema = Schema.Create().RowKey("key", FieldType.String).Value("tags", FieldType.List(FieldType.String)).Build();
        var store = new InMemoryObjectStore();
        await TableFixture.MakeAsync(store, schema, new() { ["sleeper.table.aggregations"] = "sum(tags)" });
        var one = new Row(schema, "a", FieldValue.FromList(["x"]));
        var two = new Row(schema, "b", FieldValue.FromList(["y", "z"]));
        Assert.Equal([one, two], await RowsAsync(store, await IngestAsync(store, f => f, one, two), schema));

        var objects = await TableFixture.ObjectsAsync(store, "");
        var error = await Assert.ThrowsAsync<IngestException>(() => IngestAsync(store, f => f, one, two, one));
        Assert.Contains("'tags'", error.Message, StringComparison.Ordinal);
        Assert.Equal(objects, await TableFixture.ObjectsAsync(store, ""));
    }

    private static Row Row(string key, long millisFromNow, long count) => new(Counts, key, NowMillis + millisFromNow, count);

    private static async Task<IngestResult> IngestAsync(IObjectStore store, Func<IngestFactory, IngestFactory> settings, params Row[] rows)
    {
        using var spill = new TemporaryFolder();
        var factory = settings(IngestFactory.Create().UseObjectStore(store).UseClock(new ManualClock(Now)).WithMemoryBudget(32 << 20).WithSpillFolder(spill.Path));
        await using var writer = await factory.OpenAsync(Token);
        await writer.WriteAsync(rows, Token);
        return await writer.CompleteAsync(Token);
    }

    private static async Task<List<Row>> RowsAsync(IObjectStore store, IngestResult result, Schema? schema = null)
    {
        var rows = new List<Row>();
        foreach (var file in result.Files)
        {
            rows.AddRange(await DataFileRows.ReadAsync(store, "default/" + file.FileName, schema ?? Counts));
        }

        return rows;
    }
}
