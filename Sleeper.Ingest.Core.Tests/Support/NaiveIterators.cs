using System.Text;
using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.Schemas;

namespace Sleeper.Ingest.Core.Tests.Support;

/// <summary>The plain model of what a table asks to be done with its sorted rows: on values, with lists, without any code of the product.</summary>
/// <param name="NowMillis">The moment by which rows are old.</param>
internal sealed record NaiveIterators(long NowMillis)
{
    public (string Field, long Age)? Filter { get; init; }

    /// <summary>For each value field <c>sum</c>, <c>min</c> or <c>max</c>.</summary>
    public string[]? Operations { get; init; }

    public (string Field, long Age)? Iterator { get; init; }

    /// <summary>The same as the values of a table's properties.</summary>
    public Dictionary<string, string> Properties(Schema schema)
    {
        var properties = new Dictionary<string, string>();
        if (Filter is { } filter)
        {
            properties["sleeper.table.filters"] = $"ageOff({filter.Field},{filter.Age})";
        }

        if (Operations is not null)
        {
            properties["sleeper.table.aggregations"] = string.Join(',', schema.ValueFields.Select((f, i) => $"{Operations[i]}({f.Name})"));
        }

        if (Iterator is { } iterator)
        {
            properties["sleeper.table.iterator.class.name"] = "sleeper.core.iterator.AgeOffIterator";
            properties["sleeper.table.iterator.config"] = $"{iterator.Field},{iterator.Age}";
        }

        return properties;
    }

    public List<Row> Apply(IEnumerable<Row> sorted)
    {
        var rows = sorted.Where(row => Keeps(Filter, row)).ToList();
        if (Operations is not null)
        {
            rows = Join(rows);
        }

        return [.. rows.Where(row => Keeps(Iterator, row))];
    }

    /// <summary>Some that fit a schema: each with a chance of two thirds.</summary>
    public static NaiveIterators Random(Schema schema, Random random, long nowMillis)
    {
        string[] times = [.. schema.AllFields.Where(f => f.Type.Kind == FieldTypeKind.Long).Select(f => f.Name)];
        bool aggregates = schema.ValueFields.Count > 0 && schema.ValueFields.All(f => !f.IsNullable && f.Type.Kind != FieldTypeKind.List) && random.Next(3) > 0;
        return new NaiveIterators(nowMillis)
        {
            Filter = AgeOff(),
            Operations = aggregates ? [.. schema.ValueFields.Select(_ => random.GetItems(["sum", "min", "max"], 1)[0])] : null,
            Iterator = AgeOff(),
        };

        (string, long)? AgeOff() =>
            times.Length == 0 || random.Next(3) == 0 ? null
            : (times[random.Next(times.Length)], random.GetItems([nowMillis, nowMillis - 1, nowMillis + 1, 0, -1, long.MinValue, long.MaxValue, random.NextInt64()], 1)[0]);
    }

    private bool Keeps((string Field, long Age)? ageOff, Row row) =>
        ageOff is not { } age || (!row[age.Field].IsNull && new System.Numerics.BigInteger(NowMillis) - row[age.Field].AsLong() < age.Age);

    private List<Row> Join(List<Row> rows)
    {
        var joined = new List<Row>();
        foreach (var row in rows)
        {
            int keys = row.Schema.KeyFieldCount;
            if (joined.Count == 0 || !joined[^1].Values[..keys].SequenceEqual(row.Values[..keys]))
            {
                joined.Add(row);
                continue;
            }

            var left = joined[^1];
            FieldValue[] values = [.. row.Values[..keys], .. Operations!.Select((operation, i) => Join(operation, left[keys + i], row[keys + i]))];
            joined[^1] = new Row(row.Schema, values);
        }

        return joined;
    }

    private static FieldValue Join(string operation, FieldValue left, FieldValue right) => (left.Kind, operation) switch
    {
        (FieldValueKind.Int, "sum") => (int)((long)left.AsInt() + right.AsInt()),
        (FieldValueKind.Long, "sum") => (long)((Int128)left.AsLong() + right.AsLong()),
        (FieldValueKind.String, "sum") => left.AsString() + right.AsString(),
        (FieldValueKind.ByteArray, "sum") => (FieldValue)(byte[])[.. left.AsBytes().ToArray(), .. right.AsBytes().ToArray()],
        (FieldValueKind.Map, _) => JoinMaps(operation, left, right),
        (FieldValueKind.String, _) => string.CompareOrdinal(left.AsString(), right.AsString()) <= 0 == (operation == "min") ? left : right,
        _ => RowOrder.Compare(left, right, KeyOrder.Bytes) <= 0 == (operation == "min") ? left : right,
    };

    private static FieldValue JoinMaps(string operation, FieldValue left, FieldValue right)
    {
        var entries = left.AsMap().ToList();
        foreach (var entry in right.AsMap())
        {
            int at = entries.FindIndex(e => e.Key.Equals(entry.Key));
            if (at < 0)
            {
                entries.Add(entry);
            }
            else
            {
                entries[at] = KeyValuePair.Create(entry.Key, Join(operation, entries[at].Value, entry.Value));
            }
        }

        return FieldValue.FromMap(entries);
    }
}
