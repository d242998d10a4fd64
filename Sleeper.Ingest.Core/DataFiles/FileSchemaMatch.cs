using Sleeper.Ingest.Core.DataFiles.Conversions;
using Sleeper.Ingest.Core.Parquet.Metadata;
using Sleeper.Ingest.Core.Parquet.Schemas;
using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.Schemas;

namespace Sleeper.Ingest.Core.DataFiles;

/// <summary>Where a field of a table is found in a Parquet file: its column, or for a map its two columns. Null columns: nowhere, and it is nullable.</summary>
/// <param name="Field">The field.</param>
/// <param name="Node">The file's node of that name, or null.</param>
/// <param name="Repeated">For lists and maps the repeated node.</param>
/// <param name="Column">The leaf of the value, the list's elements or the map's keys.</param>
/// <param name="ValueColumn">The leaf of the map's values.</param>
internal sealed record FieldColumns(Field Field, SchemaNode? Node, SchemaNode? Repeated, LeafColumn? Column, LeafColumn? ValueColumn)
{
    /// <summary>What the values, elements or keys go through; null if they are taken as they lie.</summary>
    public ColumnConversion? Conversion { get; init; }

    /// <summary>What a map's values go through.</summary>
    public ColumnConversion? ValueConversion { get; init; }
}

/// <summary>Matches the fields of a table to the columns of a Parquet file, by name, and says everything that does not fit in one list.</summary>
/// <remarks>
/// Optional columns are taken for fields that are not nullable; a null met in them is a fault of its row. Lists and maps are taken in every
/// layout in use: three levels under any names, two levels, or a plain repeated column; a map's entries by the names key and value, else by
/// their places. A mapping says which fields take other columns, members of structs among them, and which conversions were asked for.
/// </remarks>
internal sealed class FileSchemaMatch
{
    private readonly List<string> _faults = [];

    private readonly ParquetMapping _mapping;
    private ParquetConversion _conversion;

    private FileSchemaMatch(Schema schema, ParquetSchema file, ParquetMapping mapping)
    {
        _mapping = mapping;
        _faults.AddRange(mapping.FieldNames.Where(name => schema.IndexOf(name) < 0)
            .Select(name => $"the mapping names a field '{name}', which the table does not have"));
        var used = new HashSet<SchemaNode>();
        Fields = [.. schema.AllFields.Select(f => Match(f, file, used))];
        UnusedColumns = [.. file.Fields.Where(n => !used.Contains(n)).Select(n => n.Name)];
    }

    /// <summary>One for each field of the schema, in its order.</summary>
    public IReadOnlyList<FieldColumns> Fields { get; }

    /// <summary>What does not fit; empty if the file can be read.</summary>
    public IReadOnlyList<string> Faults => _faults;

    /// <summary>Columns of the file that the table has no field for.</summary>
    public IReadOnlyList<string> UnusedColumns { get; }

    public static FileSchemaMatch Make(Schema schema, ParquetSchema file, ParquetMapping? mapping = null) => new(schema, file, mapping ?? ParquetMapping.ByName);

    private FieldColumns Match(Field field, ParquetSchema file, HashSet<SchemaNode> used)
    {
        (string column, _conversion) = _mapping.Of(field.Name);
        var found = ColumnPath.Find(file, column);
        if (found.Count > 1)
        {
            _faults.Add($"the file has more than one column '{column}', so it cannot be told which one field '{field.Name}' is");
        }

        if (found.Count == 0)
        {
            if (!field.IsNullable || column != field.Name)
            {
                string what = column == field.Name ? "no column in the file and is not nullable" : $"no column '{column}' in the file, which the mapping names";
                _faults.Add($"field '{field.Name}' ({field.Type}) has {what}; names are case-sensitive");
            }

            return new FieldColumns(field, null, null, null, null);
        }

        var node = found[0];
        used.Add(ColumnPath.Outermost(node));
        if (ColumnPath.IsRepeatedAbove(node))
        {
            _faults.Add($"field '{field.Name}' is {field.Type}, but the column '{column}' lies in a list or map: a row has many values of it");
            return new FieldColumns(field, node, null, null, null);
        }

        return field.Type.Kind switch
        {
            FieldTypeKind.List => MatchList(field, node, file),
            FieldTypeKind.Map => MatchMap(field, node, file),
            _ => MatchPrimitive(field, node, file),
        };
    }

    private FieldColumns MatchPrimitive(Field field, SchemaNode node, ParquetSchema file)
    {
        if (node.IsGroup || node.Repetition == Repetition.Repeated)
        {
            _faults.Add($"field '{field.Name}' is {field.Type}, but the column is {Describe(node)}");
            return new FieldColumns(field, node, null, null, null);
        }

        var conversion = CheckType(field, field.Type, node, "the column");
        return new FieldColumns(field, node, null, file.Columns[node.FirstLeaf], null) { Conversion = conversion };
    }

    private FieldColumns MatchList(Field field, SchemaNode node, ParquetSchema file)
    {
        SchemaNode? repeated = IsMap(node) ? null
            : node.Repetition == Repetition.Repeated && !node.IsGroup ? node
            : RepeatedChild(node);
        SchemaNode? element = repeated is null ? null
            : !repeated.IsGroup ? repeated
            : ListElement(field, repeated);
        if (repeated is null || element is null || element.IsGroup || (element != repeated && element.Repetition == Repetition.Repeated))
        {
            _faults.Add($"field '{field.Name}' is {field.Type}, but the column is {Describe(node)}, which is no list of single values");
            return new FieldColumns(field, node, null, null, null);
        }

        var conversion = CheckType(field, field.Type.ElementType!, element, "the list's element");
        return new FieldColumns(field, node, repeated, file.Columns[element.FirstLeaf], null) { Conversion = conversion };
    }

    /// <summary>
    /// The repeated node of a list or map; null if the node is none. A group that is itself repeated would be a list of lists: read as one list,
    /// its rows would hold more than they do.
    /// </summary>
    private static SchemaNode? RepeatedChild(SchemaNode node) =>
        node.IsGroup && node.Repetition != Repetition.Repeated && node.Children is [{ Repetition: Repetition.Repeated } child] ? child : null;

    private static bool IsMap(SchemaNode node) =>
        node.LogicalType?.Kind == LogicalTypeKind.Map || node.ConvertedType is ConvertedType.Map or ConvertedType.MapKeyValue;

    /// <summary>True also of a list of structs, which may hold one first member twice.</summary>
    public static bool IsList(SchemaNode node) => node.LogicalType?.Kind == LogicalTypeKind.List || node.ConvertedType == ConvertedType.List;

    /// <summary>The only child of the repeated group, or the one with the field's own name, as the Java system writes it.</summary>
    private static SchemaNode? ListElement(Field field, SchemaNode repeated) =>
        repeated.Children.Count == 1 ? repeated.Children[0] : repeated.Children.FirstOrDefault(c => c.Name == field.Name);

    private FieldColumns MatchMap(Field field, SchemaNode node, ParquetSchema file)
    {
        var repeated = RepeatedChild(node);
        if (repeated is null || repeated.Children.Count != 2 || IsList(node))
        {
            _faults.Add($"field '{field.Name}' is {field.Type}, but the column is {Describe(node)}, which is no map");
            return new FieldColumns(field, node, null, null, null);
        }

        var (first, second) = (repeated.Children[0].Name, repeated.Children[1].Name);
        int keyPlace = first != "key" && (second == "key" || (first == "value" && second != "value")) ? 1 : 0;
        var key = repeated.Children[keyPlace];
        var value = repeated.Children[1 - keyPlace];
        if (key.IsGroup || value.IsGroup || key.Repetition == Repetition.Repeated || value.Repetition == Repetition.Repeated)
        {
            _faults.Add($"field '{field.Name}' is {field.Type}, but the column's entries are {Describe(key)} and {Describe(value)}, not single values");
            return new FieldColumns(field, node, null, null, null);
        }

        return new FieldColumns(field, node, repeated, file.Columns[key.FirstLeaf], file.Columns[value.FirstLeaf])
        {
            Conversion = CheckType(field, field.Type.KeyType!, key, "the map's key"),
            ValueConversion = CheckType(field, field.Type.ValueType!, value, "the map's value"),
        };
    }

    private ColumnConversion? CheckType(Field field, FieldType wanted, SchemaNode node, string what)
    {
        if (!ConversionChooser.TryChoose(node, wanted, _conversion, out var conversion, out string reason))
        {
            _faults.Add($"field '{field.Name}' is {field.Type}, but {what} is {Describe(node)}: {reason}");
        }

        return conversion;
    }

    private static string Describe(SchemaNode node) =>
        node.IsGroup
            ? $"a {node.Repetition.ToString().ToLowerInvariant()} group of {node.Children.Count} ({string.Join(", ", node.Children.Select(c => c.Name))})"
            : $"{node.Repetition.ToString().ToLowerInvariant()} {node.PhysicalType}{(node.LogicalType is null ? "" : $" ({node.LogicalType})")}";
}
