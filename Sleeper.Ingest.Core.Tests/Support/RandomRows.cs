using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.Schemas;

namespace Sleeper.Ingest.Core.Tests.Support;

/// <summary>Random schemas, values and rows from a seed, with the values that break things over-represented.</summary>
internal sealed class RandomRows(int seed)
{
    private static readonly string[] OddStrings =
        ["", "\0", "\u0001", "\0\u0001\0", "a", "a\0", "ab", "é", "\uFF5E", "\U0001F600", "\uE000", "zzzzzzzz", "zzzzzzzzz", "same-prefix-of-many-bytes-a", "same-prefix-of-many-bytes-b"];

    private static readonly FieldType[] Primitives = [FieldType.Int, FieldType.Long, FieldType.String, FieldType.ByteArray];

    public Random Random { get; } = new(seed);

    public Schema Schema()
    {
        int rowKeys = Random.Next(1, 4);
        int sortKeys = Random.Next(0, 3);
        int values = Random.Next(0, 7);
        return new Schema(
            Enumerable.Range(0, rowKeys).Select(i => new Field($"key{i}", Primitive())),
            Enumerable.Range(0, sortKeys).Select(i => new Field($"sort{i}", Primitive())),
            Enumerable.Range(0, values).Select(i => new Field($"value{i}", Type(), Random.Next(2) == 0)));
    }

    public FieldType Primitive() => Primitives[Random.Next(Primitives.Length)];

    public FieldType Type() => Random.Next(4) switch
    {
        0 => FieldType.List(Primitive()),
        1 => FieldType.Map(Primitive(), Primitive()),
        _ => Primitive(),
    };

    public Row Row(Schema schema)
    {
        var values = new FieldValue[schema.AllFields.Count];
        for (int i = 0; i < values.Length; i++)
        {
            var field = schema.AllFields[i];
            values[i] = field.IsNullable && Random.Next(4) == 0 ? FieldValue.Null : Value(field.Type);
        }

        return new Row(schema, values);
    }

    public List<Row> Rows(Schema schema, int count) => [.. Enumerable.Range(0, count).Select(_ => Row(schema))];

    public FieldValue Value(FieldType type) => type.Kind switch
    {
        FieldTypeKind.Int => Random.Next(3) == 0 ? Random.Next(-2, 3) : Random.Next(8) == 0 ? int.MinValue : Random.Next(int.MinValue, int.MaxValue),
        FieldTypeKind.Long => Random.Next(3) == 0 ? Random.Next(-2, 3) : Random.Next(8) == 0 ? long.MinValue : Random.NextInt64(long.MinValue, long.MaxValue),
        FieldTypeKind.String => Text(),
        FieldTypeKind.ByteArray => Bytes(),
        FieldTypeKind.List => FieldValue.FromList(Enumerable.Range(0, Random.Next(5)).Select(_ => Value(type.ElementType!))),
        _ => FieldValue.FromMap(
            Enumerable.Range(0, Random.Next(5)).Select(_ => KeyValuePair.Create(Value(type.KeyType!), Value(type.ValueType!))).DistinctBy(e => e.Key)),
    };

    public string Text()
    {
        if (Random.Next(2) == 0)
        {
            return OddStrings[Random.Next(OddStrings.Length)];
        }

        int length = Random.Next(8) == 0 ? Random.Next(300) : Random.Next(20);
        return string.Create(length, Random, (span, random) =>
        {
            foreach (ref char c in span)
            {
                c = (char)('a' + random.Next(26));
            }
        });
    }

    public byte[] Bytes()
    {
        byte[] bytes = new byte[Random.Next(8) == 0 ? Random.Next(300) : Random.Next(6)];
        for (int i = 0; i < bytes.Length; i++)
        {
            bytes[i] = Random.Next(2) == 0 ? (byte)Random.Next(4) : (byte)Random.Next(256);
        }

        return bytes;
    }
}
