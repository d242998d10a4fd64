using System.Text;
using Sleeper.Ingest.Core.Parquet.Columns;
using Sleeper.Ingest.Core.Parquet.Metadata;
using Sleeper.Ingest.Core.Parquet.Schemas;

namespace Sleeper.Ingest.Core.Tests.Support;

/// <summary>A field of a file by its exact Parquet layout, with its values: built level by level, as no writer of ours would.</summary>
/// <param name="Node">The top-level node.</param>
/// <param name="Columns">One for each leaf below it.</param>
internal sealed record ProbeColumn(SchemaNode Node, ColumnVector[] Columns)
{
    private const Repetition Required = Repetition.Required;
    private const Repetition Optional = Repetition.Optional;

    public static ProbeColumn Key(int rows = 1) => Longs("key", Required, [.. Enumerable.Range(1, rows).Select(i => (long?)i)]);

    public static ProbeColumn Longs(string name, Repetition repetition, params long?[] values) =>
        new(SchemaNode.Primitive(name, repetition, PhysicalType.Int64), [Flat(VectorKind.Int64, repetition, values.Select(v => (object?)v))]);

    /// <summary>A required column of one value, of any physical type and annotation.</summary>
    public static ProbeColumn One(string name, PhysicalType type, object value, LogicalType? logical = null, ConvertedType? converted = null, int length = 0, int? fieldId = null)
    {
        var kind = value switch { byte[] => VectorKind.Bytes, int => VectorKind.Int32, _ => VectorKind.Int64 };
        return new(SchemaNode.Primitive(name, Required, type, logical, converted, length, fieldId), [Flat(kind, Required, [value])]);
    }

    /// <summary>A list of strings, <c>outer name { repeated group middle { inner element } }</c>; without a middle the two-level form.</summary>
    public static ProbeColumn List(
        string name, Repetition outer, string? middle, string element, Repetition inner, IEnumerable<string?[]?> rows, bool annotated = true, bool extraChild = false)
    {
        SchemaNode repeated;
        if (middle is null)
        {
            repeated = SchemaNode.Utf8(element, Repetition.Repeated);
        }
        else
        {
            SchemaNode[] children = extraChild
                ? [SchemaNode.Utf8(element, inner), SchemaNode.Primitive("extra", Required, PhysicalType.Int32)]
                : [SchemaNode.Utf8(element, inner)];
            repeated = SchemaNode.Group(middle, Repetition.Repeated, children);
        }

        var node = SchemaNode.Group(name, outer, [repeated], annotated ? LogicalType.List : null, annotated ? ConvertedType.List : null);
        int full = (outer == Optional ? 1 : 0) + 1;
        var given = rows.ToList();
        var elements = Repeated(VectorKind.Bytes, full, middle is not null && inner == Optional, given.Select(r => r?.Select(v => (object?)Utf8(v))));
        return new(node, extraChild ? [elements, Repeated(VectorKind.Int32, full, false, given.Select(r => r?.Select((_, i) => (object?)i)))] : [elements]);
    }

    /// <summary>A column that is itself repeated.</summary>
    public static ProbeColumn PlainRepeated(string name, params string[] values) =>
        new(SchemaNode.Utf8(name, Repetition.Repeated), [Repeated(VectorKind.Bytes, 1, false, [values.Select(v => (object?)Utf8(v))])]);

    /// <summary>A map of one row or more, from bytes to longs.</summary>
    public static ProbeColumn Map(
        Repetition outer, string middle, SchemaNode key, SchemaNode value, IEnumerable<(byte[]? Key, long? Value)[]?> rows,
        bool valueFirst = false, LogicalType? logical = null, ConvertedType? converted = null, ConvertedType? middleConverted = null, string name = "m")
    {
        SchemaNode[] entries = valueFirst ? [value, key] : [key, value];
        var repeated = middleConverted is null
            ? SchemaNode.Group(middle, Repetition.Repeated, entries)
            : SchemaNode.Group(middle, Repetition.Repeated, entries, null, middleConverted);
        var node = SchemaNode.Group(name, outer, [repeated], logical, converted);
        int full = (outer == Optional ? 1 : 0) + 1;
        var given = rows.ToList();
        var keys = Repeated(VectorKind.Bytes, full, key.Repetition == Optional, given.Select(r => r?.Select(e => (object?)e.Key)));
        var values = Repeated(VectorKind.Int64, full, value.Repetition == Optional, given.Select(r => r?.Select(e => (object?)e.Value)));
        return new(node, valueFirst ? [values, keys] : [keys, values]);
    }

    private static byte[]? Utf8(string? text) => text is null ? null : Encoding.UTF8.GetBytes(text);

    private static ColumnVector Flat(VectorKind kind, Repetition repetition, IEnumerable<object?> values)
    {
        var vector = new ColumnVector(kind);
        foreach (object? value in values)
        {
            vector.EnsureLevels(1, repetition == Optional, false);
            if (repetition == Optional)
            {
                vector.DefinitionLevels[vector.LevelCount] = value is null ? (byte)0 : (byte)1;
            }

            vector.LevelCount++;
            Add(vector, value);
        }

        return vector;
    }

    /// <summary>Levels of a column under one repeated node.</summary>
    /// <param name="kind">Of the values.</param>
    /// <param name="full">The definition level of an item that is there.</param>
    /// <param name="nullable">Whether items may be null: they are one level deeper then.</param>
    /// <param name="rows">Null for a row without a list.</param>
    private static ColumnVector Repeated(VectorKind kind, int full, bool nullable, IEnumerable<IEnumerable<object?>?> rows)
    {
        var vector = new ColumnVector(kind);
        foreach (var row in rows)
        {
            bool any = false;
            foreach (object? item in row ?? [])
            {
                Level(vector, nullable && item is not null ? full + 1 : full, any ? 1 : 0);
                Add(vector, item);
                any = true;
            }

            if (!any)
            {
                Level(vector, row is null ? 0 : full - 1, 0);
            }
        }

        return vector;
    }

    private static void Level(ColumnVector vector, int definition, int repetition)
    {
        vector.EnsureLevels(1, true, true);
        vector.DefinitionLevels[vector.LevelCount] = (byte)definition;
        vector.RepetitionLevels[vector.LevelCount++] = (byte)repetition;
    }

    private static void Add(ColumnVector vector, object? value)
    {
        if (value is not null)
        {
            ColumnVectors.AddValue(vector, value);
        }
    }
}
