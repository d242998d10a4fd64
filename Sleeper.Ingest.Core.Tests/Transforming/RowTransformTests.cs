using Sleeper.Ingest.Core.Buffers;
using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.Schemas;
using Sleeper.Ingest.Core.Tests.Support;
using Sleeper.Ingest.Core.Transforming;

namespace Sleeper.Ingest.Core.Tests.Transforming;

public sealed class RowTransformTests
{
    private const long Now = 1_764_331_200_000;

    [Fact]
    public void Random_rows_in_random_stretches_come_out_as_the_plain_model_has_them_encoded_and_as_objects()
    {
        long joined = 0;
        for (int seed = 1; seed <= 150; seed++)
        {
            var random = new RandomRows(seed);
            var schema = Schema(random);
            var model = NaiveIterators.Random(schema, random.Random, Now);
            if (TableIterators.Parse(schema, TableIteratorProperties.Of(model.Properties(schema))) is not { } iterators)
            {
                continue;
            }

            var rows = Rows(random, schema);
            var expected = model.Apply(rows);
            joined += rows.Count - expected.Count;
            string context = $"seed {seed}, {schema}, {string.Join("; ", model.Properties(schema))}";

            var budget = new MemoryBudget(64 << 20);
            using (var transform = new RowTransform(iterators, schema, Now, 0, 16 << 20, budget))
            {
                // Twice, since one transform serves one file after the other.
                for (int i = 0; i < 2; i++)
                {
                    using var source = new EncodedRows(schema, rows, random.Random, longest: random.Random.Next(1, 60));
                    transform.Begin(source);
                    AssertSame(new EncodedRows(schema, expected, random.Random, 1).Texts, EncodedRows.Read(transform), context);
                }
            }

            Assert.Equal(0, budget.UsedBytes);
            AssertSame([.. expected.Select(r => r.ToString())], [.. Join(iterators, schema, schema, rows).Select(r => r.ToString())], context + ", objects");
        }

        Assert.True(joined > 4_000, $"Only {joined} rows were joined or dropped.");
    }

    [Fact]
    public void Many_groups_and_large_ones_pass_the_limits_of_one_turn()
    {
        var schema = Core.Schemas.Schema.Create().RowKey("key", FieldType.Long)
            .Value("map", FieldType.Map(FieldType.Int, FieldType.String)).Value("text", FieldType.String).Build();
        var model = new NaiveIterators(Now) { Operations = ["sum", "max"] };
        var rows = new List<Row>();
        for (int key = 0; key < 6_000; key++)
        {
            int repeats = key % 1000 == 7 ? 900 : key % 3;
            for (int i = 0; i <= repeats; i++)
            {
                rows.Add(new Row(
                    schema, (long)key, FieldValue.FromMap(Enumerable.Range(i, 3).Select(k => KeyValuePair.Create((FieldValue)k, (FieldValue)new string('x', i % 300)))), $"{i}"));
            }
        }

        var iterators = TableIterators.Parse(schema, TableIteratorProperties.Of(model.Properties(schema)))!;
        using var transform = new RowTransform(iterators, schema, Now, 0, 16 << 20, new MemoryBudget(64 << 20));
        using var source = new EncodedRows(schema, rows, new Random(1), longest: 5_000);
        transform.Begin(source);
        AssertSame(new EncodedRows(schema, model.Apply(rows), new Random(1), 1).Texts, EncodedRows.Read(transform), "large groups");
    }

    [Fact]
    public void Chosen_fields_are_those_of_the_model()
    {
        for (int seed = 1; seed <= 60; seed++)
        {
            var random = new RandomRows(seed);
            var schema = Schema(random);
            var model = NaiveIterators.Random(schema, random.Random, Now);
            if (TableIterators.Parse(schema, TableIteratorProperties.Of(model.Properties(schema))) is not { } iterators)
            {
                continue;
            }

            var rows = Rows(random, schema);
            int[] chosen = [.. Enumerable.Range(0, schema.AllFields.Count).Where(_ => random.Random.Next(2) == 0).DefaultIfEmpty(0)];
            var given = schema.Select(chosen);
            AssertSame(
                [.. model.Apply(rows).Select(r => string.Join('|', chosen.Select(c => r[c])))],
                [.. Join(iterators, schema, given, rows).Select(r => string.Join('|', r.Values.ToArray()))],
                $"seed {seed}");
        }
    }

    [Fact]
    public void Rows_that_add_up_to_more_than_a_row_may_be_fail_by_name()
    {
        var schema = Core.Schemas.Schema.Create().RowKey("key", FieldType.Long).Value("text", FieldType.String).Build();
        var iterators = TableIterators.Parse(schema, new TableIteratorProperties(null, "sum(text)", null, null))!;
        using var transform = new RowTransform(iterators, schema, Now, 0, maxRowBytes: 10_000, new MemoryBudget(64 << 20));
        using var source = new EncodedRows(schema, Enumerable.Repeat(new Row(schema, 1L, new string('x', 999)), 11), new Random(1), 4);
        transform.Begin(source);
        var error = Assert.Throws<IngestException>(() => EncodedRows.Read(transform));
        Assert.Contains("more than the limit of 10,000", error.Message, StringComparison.Ordinal);
        Assert.Contains("sleeper.table.aggregations", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_budget_that_is_used_up_fails_with_what_to_do()
    {
        var schema = Core.Schemas.Schema.Create().RowKey("key", FieldType.Long).Value("text", FieldType.String).Build();
        var iterators = TableIterators.Parse(schema, new TableIteratorProperties(null, "sum(text)", null, null))!;
        var budget = new MemoryBudget(400_000);
        using (var transform = new RowTransform(iterators, schema, Now, 0, 16 << 20, budget))
        {
            using var source = new EncodedRows(schema, Enumerable.Repeat(new Row(schema, 1L, new string('x', 999)), 1_100), new Random(1), 4);
            transform.Begin(source);
            var error = Assert.Throws<IngestException>(() => EncodedRows.Read(transform));
            Assert.Contains("Raise the memory budget", error.Message, StringComparison.Ordinal);
        }

        Assert.Equal(0, budget.UsedBytes);
    }

    /// <summary>Mostly without lists and nulls, so that rows can be joined.</summary>
    private static Schema Schema(RandomRows random)
    {
        while (true)
        {
            var schema = random.Schema();
            if (random.Random.Next(4) == 0)
            {
                return schema;
            }

            return new Schema(
                schema.RowKeyFields, schema.SortKeyFields,
                schema.ValueFields.Select(f => new Field(f.Name, f.Type.Kind == FieldTypeKind.List ? FieldType.Map(random.Primitive(), random.Primitive()) : f.Type)));
        }
    }

    /// <summary>Sorted, with few different keys.</summary>
    private static List<Row> Rows(RandomRows random, Schema schema)
    {
        var keys = random.Rows(schema, random.Random.Next(1, 40));
        return RowOrder.Sort(random.Rows(schema, random.Random.Next(0, 300)).Select(
            row => new Row(schema, [.. keys[random.Random.Next(keys.Count)].Values[..schema.KeyFieldCount], .. row.Values[schema.KeyFieldCount..]])));
    }

    private static List<Row> Join(TableIterators iterators, Schema table, Schema given, List<Row> rows)
    {
        var joiner = new RowJoiner(iterators, table, table, given, Now);
        var result = new List<Row?>();
        foreach (var row in rows)
        {
            byte[] key = [.. row.Values[..table.KeyFieldCount].ToArray().SelectMany(v => KeyEncoder.Encode(v, KeyOrder.Bytes))];
            result.Add(joiner.Add(row, key));
        }

        result.Add(joiner.End());
        return [.. result.OfType<Row>()];
    }

    private static void AssertSame(List<string> expected, List<string> actual, string context)
    {
        for (int i = 0; i < Math.Min(expected.Count, actual.Count); i++)
        {
            Assert.True(expected[i] == actual[i], $"{context}: row {i} is {actual[i]}, not {expected[i]}");
        }

        Assert.True(expected.Count == actual.Count, $"{context}: {actual.Count} rows instead of {expected.Count}");
    }
}
