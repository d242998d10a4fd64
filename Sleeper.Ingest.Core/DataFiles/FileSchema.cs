using Sleeper.Ingest.Core.Parquet.Metadata;
using Sleeper.Ingest.Core.Parquet.Schemas;
using Sleeper.Ingest.Core.Schemas;

namespace Sleeper.Ingest.Core.DataFiles;

/// <summary>Makes a table's schema from the columns of a Parquet file.</summary>
internal static class FileSchema
{
    /// <summary>
    /// Row keys and sort keys by name, all other columns as value fields in the file's order. Optional columns give nullable value fields; a key's
    /// column may be optional as long as no row holds null there.
    /// </summary>
    /// <exception cref="ArgumentException">A key has no column, or a column has a type that no field can hold: all of them are named.</exception>
    public static Schema Infer(ParquetSchema file, IReadOnlyList<string> rowKeys, IReadOnlyList<string> sortKeys, string fileName)
    {
        var faults = new List<string>();
        var byName = new Dictionary<string, SchemaNode>(StringComparer.Ordinal);
        faults.AddRange(file.Fields.Where(n => !byName.TryAdd(n.Name, n)).Select(n => $"it has more than one column '{n.Name}'"));
        string columns = string.Join(", ", file.Fields.Select(n => n.Name));
        faults.AddRange(rowKeys.Concat(sortKeys).Where(k => !byName.ContainsKey(k)).Select(k => $"the key '{k}' is not one of its columns ({columns})"));

        var keys = rowKeys.Concat(sortKeys).ToHashSet(StringComparer.Ordinal);
        var types = new Dictionary<string, FieldType>(StringComparer.Ordinal);
        foreach (var node in file.Fields)
        {
            if (TypeOf(node) is { } type)
            {
                types.TryAdd(node.Name, type);
            }
            else
            {
                faults.Add($"the column '{node.Name}' is {(node.IsGroup ? "a group" : node.PhysicalType)}, which no field of a table can hold");
            }
        }

        if (faults.Count > 0)
        {
            throw new ArgumentException($"No schema can be made from '{fileName}': {string.Join("; ", faults)}.");
        }

        return new Schema(
            rowKeys.Select(k => new Field(k, types[k])),
            sortKeys.Select(k => new Field(k, types[k])),
            file.Fields.Where(n => !keys.Contains(n.Name)).Select(n => new Field(n.Name, types[n.Name], n.Repetition == Repetition.Optional)));
    }

    private static FieldType? TypeOf(SchemaNode node)
    {
        if (!node.IsGroup)
        {
            return node.Repetition == Repetition.Repeated ? ListOf(PrimitiveOf(node)) : PrimitiveOf(node);
        }

        if (node.Repetition == Repetition.Repeated || node.Children is not [{ Repetition: Repetition.Repeated } repeated])
        {
            return null;
        }

        if (!repeated.IsGroup)
        {
            return ListOf(PrimitiveOf(repeated));
        }

        return repeated.Children switch
        {
            [{ IsGroup: false } element] when element.Repetition != Repetition.Repeated => ListOf(PrimitiveOf(element)),
            [{ IsGroup: false } key, { IsGroup: false } value] when !FileSchemaMatch.IsList(node) && PrimitiveOf(key) is { } keyType && PrimitiveOf(value) is { } valueType =>
                FieldType.Map(keyType, valueType),
            _ => null,
        };
    }

    private static FieldType? ListOf(FieldType? element) => element is null ? null : FieldType.List(element);

    private static FieldType? PrimitiveOf(SchemaNode node) => node.PhysicalType switch
    {
        PhysicalType.Int32 => FieldType.Int,
        PhysicalType.Int64 => FieldType.Long,
        PhysicalType.ByteArray => IsText(node) ? FieldType.String : FieldType.ByteArray,
        _ => null,
    };

    private static bool IsText(SchemaNode node) =>
        node.ConvertedType is ConvertedType.Utf8 or ConvertedType.Enum or ConvertedType.Json
        || node.LogicalType?.Kind is LogicalTypeKind.String or LogicalTypeKind.Enum or LogicalTypeKind.Json;
}
