using Sleeper.Ingest.Core.ObjectStores;
using Sleeper.Ingest.Core.Partitioning;
using Sleeper.Ingest.Core.Reading;
using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.Schemas;
using Sleeper.Ingest.Core.StateStores;
using Sleeper.Ingest.Core.Tests.Support;

namespace Sleeper.Ingest.Core.Tests.Reading;

/// <summary>Queries by many keys, by ranges of any row key and by fields: against a plain model, and what they read.</summary>
public sealed class TableQueryTests
{
    private const int Seeds = 120;

    private static readonly Schema Flights = Schema.Create()
        .RowKey("area", FieldType.String).RowKey("day", FieldType.Int).SortKey("time", FieldType.Long)
        .Value("text", FieldType.String).Value("count", FieldType.Int, nullable: true).Build();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_query_gives_the_rows_of_the_table_that_it_wants_once_each_and_in_order()
    {
        int first = SampleRows.NextSeed() & 0xFFFFFF;
        int found = 0;
        for (int seed = first; seed < first + Seeds; seed++)
        {
            var table = new RandomTable(seed, seed % 3 == 0 ? KeyOrder.Java : KeyOrder.Bytes);
            var whole = table.Expected();
            var query = new QueryModel(table, whole, new Random(seed));
            var expected = whole.Where(query.IsWanted).ToList();
            var filter = KeyFilter.Any(table.Schema, table.Order, query.RowKeys, query.Ranges);
            try
            {
                Assert.Equal(expected, await new TableReader(table.Context()).ReadAsync(table.State, filter, Token).ToListAsync(Token));

                var context = table.Context() with { Projection = FieldProjection.Of(table.Schema, query.Fields) };
                var projected = await new TableReader(context).ReadAsync(table.State, filter, Token).ToListAsync(Token);
                Assert.Equal(expected.Select(query.Project), projected.Select(row => row.Values.ToArray().ToList()));
                Assert.All(projected, row => Assert.Equal(table.Schema.AllFields.Where(f => query.Fields.Contains(f.Name)), row.Schema.AllFields));
            }
            catch (Exception fault)
            {
                throw new InvalidOperationException($"Seed {seed} (SAMPLE_ROWS_SEED={seed}): {fault.Message}", fault);
            }

            found += expected.Count;
        }

        Assert.InRange(found, Seeds, int.MaxValue);
    }

    [Fact]
    public async Task Thousands_of_keys_in_any_order_are_one_pass_that_opens_each_file_once()
    {
        var (store, table, rows) = await IngestAsync(files: 3, leaves: true);
        var random = new Random(5);
        var keys = rows.Where(_ => random.Next(3) == 0).Select(row => (IReadOnlyList<FieldValue>)[row[0], row[1]]).ToList();
        keys.AddRange(keys.Take(500).ToList());
        keys.AddRange(Enumerable.Range(0, 500).Select(i => (IReadOnlyList<FieldValue>)[$"absent {i}", i]));
        random.Shuffle(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(keys));
        var wanted = keys.Select(key => (key[0], key[1])).ToHashSet();
        int opened = store.Opened;

        var found = await table.ReadAsync(TableQuery.All.WithRowKeys(keys), Token).ToListAsync(Token);

        Assert.InRange(keys.Count, 3000, int.MaxValue);
        Assert.Equal(RowOrder.Sort(rows).Where(row => wanted.Contains((row[0], row[1]))), found);
        Assert.InRange(store.DataFilesOpened(opened), 3, 3 * 4);
    }

    [Fact]
    public async Task Columns_that_are_not_chosen_are_not_read()
    {
        // Wide texts between the keys and the chosen column: more than what is read along to save a request.
        var random = new Random(3);
        byte[] text = new byte[1000];
        var rows = Enumerable.Range(0, 3000).Select(i =>
        {
            random.NextBytes(text);
            return new Row(Flights, $"area {i % 7}", i % 100, (long)i, Convert.ToHexString(text), i % 5 == 0 ? FieldValue.Null : i);
        }).ToList();
        var store = new ReaderCountingStore(new InMemoryObjectStore());
        await IngestedTable.IngestAsync(Flights, rows, store: store);
        var table = await Table.OpenAsync(store, "default", Token);
        long before = store.BytesRead;
        Assert.Equal(rows.Count, (await table.ReadAsync(Token).ToListAsync(Token)).Count);
        long whole = store.BytesRead - before;

        before = store.BytesRead;
        var counts = await table.ReadAsync(TableQuery.All.WithFields("count"), Token).ToListAsync(Token);
        long chosen = store.BytesRead - before;

        Assert.Equal(RowOrder.Sort(rows).Select(row => row["count"]), counts.Select(row => Assert.Single(row.Values.ToArray())));
        Assert.InRange(chosen, 1, whole / 10);
        Assert.Equal(["count"], counts[0].Schema.AllFields.Select(f => f.Name));
    }

    [Fact]
    public async Task Pages_between_scattered_keys_are_not_read()
    {
        var schema = new Schema([new Field("k", FieldType.Int)], null, [new Field("v", FieldType.String)]);
        var rows = Enumerable.Range(0, 40_000).Select(i => new Row(schema, i, $"{i * 2654435761L:x16}{i * 40503L:x16}")).ToList();
        var store = new ReaderCountingStore(new InMemoryObjectStore());
        byte[] file = SmallDataFile.Write(schema, rows, rowGroupRowCount: 20_000, pageRowCount: 100);
        await store.PutAsync("f", file, Token);
        var state = new TableState(1, PartitionTree.Single(schema), [new FileReference("f", "root", rows.Count)], []);
        var context = new ReadContext(store, "t", name => name, schema) { SmallRowGroupBytes = 1000, FilesAhead = 1 };
        int[] keys = [39_999, 17, 20_000, 5, 7_777, 31_234, 12_345, 7_777, 19_999];
        var filter = KeyFilter.Any(schema, KeyOrder.Bytes, [.. keys.Select(key => (IReadOnlyList<FieldValue>)[key])], []);

        var found = await new TableReader(context).ReadAsync(state, filter, Token).ToListAsync(Token);

        Assert.Equal(keys.Distinct().Order(), found.Select(row => row.GetInt(0)));
        Assert.InRange(store.BytesRead, 1, file.Length / 4);
        Assert.Equal((1, 0), (store.Opened, store.Open));
    }

    [Fact]
    public async Task Row_groups_outside_of_a_range_of_the_second_row_key_are_not_read()
    {
        var schema = new Schema([new Field("a", FieldType.String), new Field("b", FieldType.Long)], null, [new Field("v", FieldType.String)]);
        var rows = Enumerable.Range(0, 20_000).Select(i => new Row(schema, "same", (long)i, $"{i * 2654435761L:x16}{i * 40503L:x16}")).ToList();
        var store = new ReaderCountingStore(new InMemoryObjectStore());
        byte[] file = SmallDataFile.Write(schema, rows, rowGroupRowCount: 1000);
        await store.PutAsync("f", file, Token);
        var state = new TableState(1, PartitionTree.Single(schema), [new FileReference("f", "root", rows.Count)], []);
        var filter = KeyFilter.Any(schema, KeyOrder.Bytes, [], [[new FieldRange("b") { Min = 5100L, Max = 5200L }], [new FieldRange("b") { Min = 12_000L, ExcludeMin = true, Max = 12_003L }]]);

        var found = await new TableReader(new ReadContext(store, "t", name => name, schema)).ReadAsync(state, filter, Token).ToListAsync(Token);

        Assert.Equal([.. rows[5100..5200], rows[12_001], rows[12_002]], found);

        // The footer comes with the last 64 KiB; then two of twenty row groups.
        Assert.InRange(store.BytesRead, 1, (64 << 10) + (file.Length / 8));
    }

    [Fact]
    public void Keys_inside_of_a_range_of_later_row_keys_are_found_without_looking_at_each()
    {
        var random = new Random(2);
        int[] keys = [.. Enumerable.Range(0, 5000).Select(_ => random.Next(1_000_000))];
        var schema = new Schema([new Field("a", FieldType.Int), new Field("b", FieldType.Int)]);
        var filter = KeyFilter.Any(schema, KeyOrder.Bytes, [.. keys.Select(key => (IReadOnlyList<FieldValue>)[key])], [[new FieldRange("b") { Max = 3 }]]);

        var segment = Assert.Single(filter.Segments);
        Assert.Single(segment.Boxes);
        Assert.Equal(keys.Distinct().Count(), segment.Parts.Count);
        var wanted = keys.ToHashSet();
        Assert.All(Enumerable.Range(0, 3000).Select(i => i % 2 == 0 ? keys[i] : random.Next(1_000_000)), a =>
        {
            Assert.Equal(wanted.Contains(a), segment.Contains(KeyOf(a, 3)));
            Assert.True(segment.Contains(KeyOf(a, 2)));
        });

        static byte[] KeyOf(int a, int b) => [.. KeyEncoder.Encode(a, KeyOrder.Bytes), .. KeyEncoder.Encode(b, KeyOrder.Bytes)];
    }

    [Fact]
    public async Task Leaves_outside_of_a_range_of_the_second_row_key_are_not_opened()
    {
        var schema = new Schema([new Field("a", FieldType.Long), new Field("b", FieldType.Long)]);
        var store = new ReaderCountingStore(new InMemoryObjectStore());
        var rows = Enumerable.Range(0, 64 * 64).Select(i => new Row(schema, (long)(i / 64), (long)(i % 64))).ToList();
        await IngestedTable.IngestAsync(schema, rows, tree: GridTree.Build(schema, 4, 64), store: store);
        var table = await Table.OpenAsync(store, "default", Token);
        int opened = store.Opened;

        var found = await table.ReadAsync(TableQuery.All.WithRange(new FieldRange("b") { Min = 3, Max = 5, IncludeMax = true }), Token).ToListAsync(Token);

        Assert.Equal(rows.Where(row => row[1].AsLong() is >= 3 and <= 5), found);
        Assert.Equal(4, store.DataFilesOpened(opened));
    }

    [Fact]
    public async Task A_read_stays_at_its_state_while_others_commit()
    {
        var (store, table, rows) = await IngestAsync(files: 2, leaves: true);
        var query = TableQuery.All.WithRange(new FieldRange("day") { Min = 100 });
        var found = new List<Row>();
        await foreach (var row in table.ReadAsync(query, Token))
        {
            found.Add(row);
            if (found.Count is 1 or 500)
            {
                await IngestedTable.IngestAsync(Flights, [new Row(Flights, "zz late", 1000 + found.Count, 1L, "late", 1)], store: store);
            }
        }

        Assert.Equal(RowOrder.Sort(rows).Where(row => row[1].AsInt() >= 100), found);
        Assert.Equal(found.Count + 2, await table.ReadAsync(query, Token).CountAsync(Token));
        Assert.Equal(0, store.Open);
    }

    [Fact]
    public async Task What_a_query_can_hold_besides()
    {
        var (_, table, rows) = await IngestAsync(files: 1, leaves: false);
        async Task<int> Count(TableQuery query) => await table.ReadAsync(query, Token).CountAsync(Token);

        Assert.Equal(rows.Count, await Count(TableQuery.All));
        Assert.Equal(0, await Count(TableQuery.All.WithRowKeys(Array.Empty<FieldValue>())));
        Assert.Equal(0, await Count(TableQuery.All.WithRange(new FieldRange("day") { Min = 7, Max = 7 })));
        Assert.Equal(0, await Count(TableQuery.All.WithRange(new FieldRange("day") { Min = int.MaxValue, ExcludeMin = true })));
        Assert.Equal(rows.Count, await Count(TableQuery.All.WithRange(new FieldRange("day") { Max = int.MaxValue, IncludeMax = true })));
        int seven = rows.Count(row => row[1] == 7);
        Assert.InRange(seven, 1, rows.Count);
        Assert.Equal(seven, await Count(TableQuery.All.WithRange(FieldRange.Exactly("day", 7)).WithRange(FieldRange.Exactly("day", 7))));
        Assert.Equal(seven, await Count(TableQuery.All.WithRange(new FieldRange("day") { Min = 6, ExcludeMin = true, Max = 8 })));
    }

    [Fact]
    public async Task What_a_query_cannot_hold_is_refused_by_name_at_once()
    {
        var (_, table, _) = await IngestAsync(files: 1, leaves: false);
        string Refusal(Func<TableQuery, TableQuery> with) => Assert.Throws<ArgumentException>(() => table.ReadAsync(with(TableQuery.All), Token)).Message;

        Assert.Contains("'day', which is Int", Refusal(q => q.WithRange(new FieldRange("day") { Min = "x" })), StringComparison.Ordinal);
        Assert.Contains("'area', which is String", Refusal(q => q.WithRowKeys(["a", 5])), StringComparison.Ordinal);
        Assert.Contains("3 row key values", Refusal(q => q.WithRowKey("a", 1, 2L)), StringComparison.Ordinal);
        Assert.Contains("'time' cannot be read: that field is no row key", Refusal(q => q.WithRange(new FieldRange("time"))), StringComparison.Ordinal);
        Assert.Contains("'Day' cannot be read: there is no such field", Refusal(q => q.WithRange(new FieldRange("Day"))), StringComparison.Ordinal);
        Assert.Contains("'day' begins at 9 and ends at 8", Refusal(q => q.WithRange(new FieldRange("day") { Min = 9, Max = 8 })), StringComparison.Ordinal);
        Assert.Contains("Two ranges of 'day'", Refusal(q => q.WithRange(new FieldRange("day"), new FieldRange("day"))), StringComparison.Ordinal);
        Assert.Contains("no field 'txt' to choose", Refusal(q => q.WithFields("txt", "area")), StringComparison.Ordinal);
        Assert.Contains("No field is chosen", Refusal(q => q.WithFields()), StringComparison.Ordinal);
        Assert.Contains("No range is given", Refusal(q => q.WithRange()), StringComparison.Ordinal);
    }

    [Fact]
    public async Task No_table_is_made_of_the_schema_of_rows_without_row_keys()
    {
        var (_, table, _) = await IngestAsync(files: 1, leaves: false);
        var schema = (await table.ReadAsync(TableQuery.All.WithFields("count"), Token).FirstAsync(Token)).Schema;

        var fault = await Assert.ThrowsAsync<ArgumentException>(() => Table.CreateAsync(new InMemoryObjectStore(), "t", schema, cancellationToken: Token));
        Assert.Contains("has no row key", fault.Message, StringComparison.Ordinal);
        fault = Assert.Throws<ArgumentException>(() => IngestFactory.Create().WithSchema(schema));
        Assert.Contains("has no row key", fault.Message, StringComparison.Ordinal);
    }

    private static async Task<(ReaderCountingStore Store, Table Table, List<Row> Rows)> IngestAsync(int files, bool leaves)
    {
        var store = new ReaderCountingStore(new InMemoryObjectStore());
        var tree = leaves ? PartitionTree.FromSplitPoints(Flights, ["k", "s", "v"], NextId()) : PartitionTree.Single(Flights);
        var rows = new List<Row>();
        for (int file = 0; file < files; file++)
        {
            var random = new Random(file);
            var added = Enumerable.Range(0, 4000).Select(i => new Row(
                Flights, $"{(char)('a' + random.Next(26))}{random.Next(60):D2}", random.Next(200), (i * 10L) + file, $"{random.NextInt64():x16}{random.NextInt64():x16}",
                i % 5 == 0 ? FieldValue.Null : i)).ToList();
            await IngestedTable.IngestAsync(Flights, added, tree: file == 0 ? tree : null, store: store);
            rows.AddRange(added);
        }

        return (store, await Table.OpenAsync(store, "default", Token), rows);
    }

    private static Func<string> NextId()
    {
        int next = 0;
        return () => $"p{next++}";
    }
}
