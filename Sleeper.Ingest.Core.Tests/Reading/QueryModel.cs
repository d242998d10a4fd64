using Sleeper.Ingest.Core.Partitioning;
using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.Schemas;
using Sleeper.Ingest.Core.Tests.Support;

namespace Sleeper.Ingest.Core.Tests.Reading;

/// <summary>A random query of a random table, and the plain way to answer it: every row, looked at one by one.</summary>
internal sealed class QueryModel
{
    private readonly Schema _schema;
    private readonly KeyOrder _order;

    public QueryModel(RandomTable table, IReadOnlyList<Row> rows, Random random)
    {
        _schema = table.Schema;
        _order = table.Order;
        for (int i = random.Next(random.Next(2) == 0 ? 3 : 60); i > 0; i--)
        {
            int given = random.Next(1, _schema.RowKeyFields.Count + 1);
            FieldValue[] key = rows.Count > 0 && random.Next(4) > 0
                ? [.. TableModel.RowKey(rows[random.Next(rows.Count)], _schema).Take(given)]
                : [.. _schema.RowKeyFields.Take(given).Select(f => table.RandomKey(f.Type))];
            RowKeys.Add(key);
            if (random.Next(5) == 0)
            {
                RowKeys.Add(key);
            }
        }

        for (int i = random.Next(4); i > 0; i--)
        {
            Ranges.Add([.. _schema.RowKeyFields.Where(_ => random.Next(2) == 0).Select(f => MakeRange(f, table, random))]);
        }

        Fields = [.. _schema.AllFields.Where(_ => random.Next(2) == 0).Select(f => f.Name)];
        if (Fields.Count == 0)
        {
            Fields.Add(_schema.AllFields[^1].Name);
        }

        random.Shuffle(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(Fields));
    }

    public List<IReadOnlyList<FieldValue>> RowKeys { get; } = [];

    public List<IReadOnlyList<FieldRange>> Ranges { get; } = [];

    public List<string> Fields { get; }

    public bool IsWanted(Row row) =>
        RowKeys.Exists(key => key.Index().All(part => row[part.Index] == part.Item)) || Ranges.Exists(ranges => ranges.All(range => IsInside(range, row[range.FieldName])));

    /// <summary>The chosen values of a row, in the order of the schema.</summary>
    public List<FieldValue> Project(Row row) => [.. _schema.AllFields.Where(f => Fields.Contains(f.Name)).Select(f => row[f.Name])];

    private bool IsInside(FieldRange range, FieldValue value)
    {
        int fromMin = range.Min.IsNull ? 1 : KeyValueOrder.Compare(value, range.Min, _order);
        int fromMax = range.Max.IsNull ? -1 : KeyValueOrder.Compare(value, range.Max, _order);
        return (range.ExcludeMin ? fromMin > 0 : fromMin >= 0) && (range.IncludeMax ? fromMax <= 0 : fromMax < 0);
    }

    private FieldRange MakeRange(Field field, RandomTable table, Random random)
    {
        var min = table.RandomKey(field.Type);
        var max = random.Next(4) == 0 ? min : table.RandomKey(field.Type);
        if (KeyValueOrder.Compare(min, max, _order) > 0)
        {
            (min, max) = (max, min);
        }

        return new FieldRange(field.Name)
        {
            Min = random.Next(4) == 0 ? FieldValue.Null : min,
            Max = random.Next(4) == 0 ? FieldValue.Null : max,
            ExcludeMin = random.Next(3) == 0,
            IncludeMax = random.Next(2) == 0,
        };
    }
}
