using Sleeper.Ingest.Core.ObjectStores;
using Sleeper.Ingest.Core.Partitioning;
using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.Schemas;
using Sleeper.Ingest.Core.StateStores;
using Sleeper.Ingest.Core.StateStores.OwnTables;
using Sleeper.Ingest.Core.Tests.Support;

namespace Sleeper.Ingest.Core.Tests.Reading;

/// <summary>What a table asks for is done again when it is read: over the rows of all ingests, by the time of the read.</summary>
public sealed class TableIteratorReadingTests
{
    private static readonly DateTimeOffset Now = new(2026, 11, 28, 12, 0, 0, TimeSpan.Zero);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Rows_of_many_ingests_are_the_models_joined_and_filtered_once_more()
    {
        long now = Now.ToUnixTimeMilliseconds();
        for (int seed = 1; seed <= 12; seed++)
        {
            var random = new RandomRows(seed);
            var schema = Schema.Create().RowKey("key", FieldType.Int).SortKey("time", FieldType.Long)
                .Value("count", FieldType.Int).Value("text", FieldType.String).Value("by", FieldType.Map(FieldType.ByteArray, FieldType.Long)).Value("born", FieldType.Long).Build();
            var model = NaiveIterators.Random(schema, random.Random, now);
            var store = new InMemoryObjectStore();
            using (await OwnTable.CreateOrOpenAsync(
                store, "default", schema, PartitionTree.FromSplitPoints(schema, [-1, 1], () => $"p{random.Random.Next()}"), TableFixture.Options(),
                model.Properties(schema), Token))
            {
            }

            var stored = new List<Row>();
            for (int ingest = 0; ingest < 4; ingest++)
            {
                List<Row> rows = [.. random.Rows(schema, 60).Select(
                    r => new Row(schema, [random.Random.Next(-3, 3), now + random.Random.Next(-2, 2), .. r.Values[2..]]))];
                stored.AddRange(model.Apply(RowOrder.Sort(rows)));
                await IngestAsync(store, rows);
            }

            // Sums of text are in the order of the ingests; what a filter drops at the read may be a sum of what it kept at an ingest.
            var expected = model.Apply(RowOrder.Sort(stored));
            var table = (await Table.OpenAsync(store, "default", Token)).WithClock(new ManualClock(Now));
            var actual = await table.ReadAsync(Token).ToListAsync(Token);
            Assert.Equal(expected.Select(RowText.Of), actual.Select(RowText.Of));

            int[] chosen = [0, 3, 4];
            var some = await table.ReadAsync(TableQuery.All.WithFields("key", "text", "by"), Token).ToListAsync(Token);
            Assert.Equal(actual.Select(r => string.Join('|', chosen.Select(c => r[c]))), some.Select(r => string.Join('|', r.Values.ToArray())));

            var one = await table.ReadAsync((FieldValue)1, Token).ToListAsync(Token);
            Assert.Equal(actual.Where(r => r.GetInt(0) == 1).Select(RowText.Of), one.Select(RowText.Of));
        }
    }

    [Fact]
    public async Task Rows_that_have_aged_since_their_ingest_are_not_given()
    {
        var schema = Schema.Create().RowKey("key", FieldType.String).Value("time", FieldType.Long).Value("note", FieldType.String, nullable: true).Build();
        var store = new InMemoryObjectStore();
        await TableFixture.MakeAsync(store, schema, new() { ["sleeper.table.filters"] = "ageOff(time,1000)" });
        long now = Now.ToUnixTimeMilliseconds();
        await IngestAsync(store, [new Row(schema, "a", now - 999, FieldValue.Null), new Row(schema, "b", now, "b")]);

        var table = await Table.OpenAsync(store, "default", Token);
        Assert.Equal(2, await table.WithClock(new ManualClock(Now)).ReadAsync(Token).CountAsync(Token));
        var later = table.WithClock(new ManualClock(Now.AddMilliseconds(1)));
        Assert.Equal("b", (await later.ReadAsync(Token).SingleAsync(Token)).GetString(0));
        Assert.Equal("b", (await later.ReadAsync(TableQuery.All.WithFields("note"), Token).SingleAsync(Token)).GetString(0));
        Assert.Equal(2, (await later.DescribeAsync(Token)).RowCount);
    }

    [Fact]
    public async Task A_table_with_a_java_class_that_is_not_known_is_described_but_not_read()
    {
        var schema = Schema.Create().RowKey("key", FieldType.String).Build();
        var store = new InMemoryObjectStore();
        await TableFixture.MakeAsync(store, schema, new() { ["sleeper.table.iterator.class.name"] = "com.example.Mine" });

        var table = await Table.OpenAsync(store, "default", Token);
        Assert.Equal(0, (await table.DescribeAsync(Token)).RowCount);
        var error = Assert.Throws<UnsupportedTableException>(() => table.ReadAsync(Token));
        Assert.Contains("'com.example.Mine'", error.Message, StringComparison.Ordinal);
    }

    private static async Task IngestAsync(IObjectStore store, IEnumerable<Row> rows)
    {
        using var spill = new TemporaryFolder();
        await using var writer = await IngestFactory.Create().UseObjectStore(store).UseClock(new ManualClock(Now)).WithMemoryBudget(32 << 20).WithSpillFolder(spill.Path).OpenAsync(Token);
        await writer.WriteAsync(rows, Token);
        await writer.CompleteAsync(Token);
    }
}
