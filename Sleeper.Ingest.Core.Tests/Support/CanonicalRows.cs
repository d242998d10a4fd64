using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Sleeper.Ingest.Core.Parquet;
using Sleeper.Ingest.Core.Parquet.Columns;
using Sleeper.Ingest.Core.Parquet.Metadata;
using Sleeper.Ingest.Core.Parquet.RowGroups;
using Sleeper.Ingest.Core.Parquet.Schemas;

namespace Sleeper.Ingest.Core.Tests.Support;

/// <summary>
/// Puts the columns of a Parquet file together to rows of text, for comparison only: a JSON array a row, integers as decimal strings, bytes as
/// lower-case hex strings, null, lists as arrays, maps as arrays of [key, value]. Top-level fields of other shapes are left out.
/// </summary>
internal static class CanonicalRows
{
    /// <summary>All rows, read in stretches of the given number of rows.</summary>
    public static async Task<List<string>> ReadAsync(
        IRandomAccessReader source, int stretch = 1000, ParquetReaderLimits? limits = null, IReadMemory? memory = null)
    {
        using ParquetFileReader file = await ParquetFileReader.OpenAsync(source, limits ?? ParquetReaderLimits.Default, TestContext.Current.CancellationToken);
        SchemaNode[] fields = [.. file.Schema.Fields.Where(IsWanted)];
        int[] leaves = [.. fields.SelectMany(field => Enumerable.Range(field.FirstLeaf, field.LeafCount))];
        var rows = new List<string>();
        for (int i = 0; i < file.RowGroupCount; i++)
        {
            await using RowGroupReader rowGroup = await file.OpenRowGroupAsync(i, leaves, memory ?? UnboundedMemory.Instance, TestContext.Current.CancellationToken);
            var values = new Dictionary<int, List<string>>();
            foreach (int leaf in leaves)
            {
                values.Add(leaf, await ReadLeafAsync(rowGroup, file.Schema.Columns[leaf], stretch));
            }

            for (int row = 0; row < rowGroup.RowCount; row++)
            {
                rows.Add('[' + string.Join(',', fields.Select(field => Format(field, values, row))) + ']');
            }
        }

        return rows;
    }

    /// <summary>The first 16 hex digits of the SHA-256 over all rows, each ended by a newline.</summary>
    public static string Digest(IEnumerable<string> rows) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Concat(rows.Select(row => row + "\n")))))[..16];

    public static bool IsWanted(SchemaNode field)
    {
        if (!field.IsGroup)
        {
            return field.Repetition != Repetition.Repeated && IsWantedLeaf(field);
        }

        SchemaNode? repeated = field.Children.Count == 1 ? field.Children[0] : null;
        if (field.Repetition == Repetition.Repeated || repeated is not { Repetition: Repetition.Repeated })
        {
            return false;
        }

        return IsMap(field)
            ? repeated.Children.Count == 2 && repeated.Children.All(child => child.Repetition != Repetition.Repeated && IsWantedLeaf(child))
            : (!repeated.IsGroup && IsWantedLeaf(repeated))
                || (repeated.Children.Count == 1 && repeated.Children[0].Repetition != Repetition.Repeated && IsWantedLeaf(repeated.Children[0]));
    }

    private static bool IsMap(SchemaNode field) =>
        field.ConvertedType is ConvertedType.Map or ConvertedType.MapKeyValue || field.LogicalType?.Kind == LogicalTypeKind.Map;

    private static bool IsWantedLeaf(SchemaNode leaf) =>
        leaf.PhysicalType is PhysicalType.Int32 or PhysicalType.Int64 or PhysicalType.ByteArray && leaf.ConvertedType != ConvertedType.Decimal;

    private static string Format(SchemaNode field, Dictionary<int, List<string>> values, int row)
    {
        string first = values[field.FirstLeaf][row];
        if (!field.IsGroup || !IsMap(field) || first is "null" or "[]")
        {
            return first;
        }

        string[] keys = first[1..^1].Split(',');
        string[] mapValues = values[field.FirstLeaf + 1][row][1..^1].Split(',');
        return '[' + string.Join(',', keys.Zip(mapValues, (key, value) => $"[{key},{value}]")) + ']';
    }

    /// <summary>One text a row; lists as arrays of texts without commas or brackets in them.</summary>
    private static async Task<List<string>> ReadLeafAsync(RowGroupReader rowGroup, LeafColumn column, int stretch)
    {
        var rows = new List<string>();
        var vector = new ColumnVector(column.VectorKind);
        int given;
        do
        {
            vector.Clear();
            given = await rowGroup.ReadAsync(column.Index, vector, stretch, TestContext.Current.CancellationToken);
            int before = rows.Count;
            AddRows(rows, column, vector);
            Assert.Equal(given, rows.Count - before);
        }
        while (given > 0);
        return rows;
    }

    private static void AddRows(List<string> rows, LeafColumn column, ColumnVector vector)
    {
        int value = 0;
        StringBuilder? list = null;
        SchemaNode? repeated = column.Node;
        while (repeated is not null && repeated.Repetition != Repetition.Repeated)
        {
            repeated = repeated.Parent;
        }

        for (int i = 0; i < vector.LevelCount; i++)
        {
            int definition = column.MaxDefinitionLevel == 0 ? 0 : vector.DefinitionLevels[i];
            string text = definition == column.MaxDefinitionLevel ? Text(vector, value++) : "null";
            if (repeated is null)
            {
                rows.Add(text);
                continue;
            }

            if (vector.RepetitionLevels[i] == 0)
            {
                Flush(rows, list);
                list = new StringBuilder();
            }

            if (definition < repeated.Parent!.MaxDefinitionLevel)
            {
                list!.Append("null");
            }
            else if (definition < repeated.MaxDefinitionLevel)
            {
                list!.Append("[]");
            }
            else
            {
                list!.Append(list.Length == 0 ? "[" : ",").Append(text);
            }
        }

        Flush(rows, list);
        Assert.Equal(vector.ValueCount, value);
    }

    private static void Flush(List<string> rows, StringBuilder? list)
    {
        if (list is not null)
        {
            rows.Add(list.Length > 0 && list[^1] != ']' && list.ToString() != "null" ? list.Append(']').ToString() : list.ToString());
        }
    }

    private static string Text(ColumnVector vector, int index) => vector.Kind switch
    {
        VectorKind.Int32 => '"' + vector.Ints[index].ToString(CultureInfo.InvariantCulture) + '"',
        VectorKind.Int64 => '"' + vector.Longs[index].ToString(CultureInfo.InvariantCulture) + '"',
        _ => '"' + Convert.ToHexStringLower(vector.BytesAt(index)) + '"',
    };
}
