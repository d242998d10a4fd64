using System.Globalization;
using System.Text;
using System.Text.Json;
using Sleeper.Ingest.Core.Parquet.Metadata;
using Sleeper.Ingest.Core.Parquet.Schemas;

namespace Sleeper.Ingest.Core.Tests.Support;

/// <summary>Finds fixture files, and gives the rows they are expected to hold in the form of <see cref="CanonicalRows"/>.</summary>
internal static class ParquetFixtures
{
    /// <summary>The small set that is kept with the tests.</summary>
    public static string KeptFolder => RepositoryFolder.Combine("Sleeper.Ingest.Core.Tests", "Fixtures", "parquet");

    /// <summary>A folder of the larger set that may lie beside the source tree, or null.</summary>
    public static string? LargeFolder(params string[] names)
    {
        string folder = Path.Combine([Path.GetDirectoryName(RepositoryFolder.Path)!, "shared", .. names]);
        return Directory.Exists(folder) ? folder : null;
    }

    /// <summary>The expected rows of a file of a case folder, by the lines of its <c>expected.jsonl</c>.</summary>
    public static List<string> ExpectedRows(string caseFolder, string file, ParquetSchema schema)
    {
        var rows = new List<string>();
        foreach (string line in File.ReadLines(Path.Combine(caseFolder, "expected.jsonl")))
        {
            using JsonDocument document = JsonDocument.Parse(line);
            if (document.RootElement.GetProperty("file").GetString() == file)
            {
                JsonElement row = document.RootElement.GetProperty("row");
                rows.Add('[' + string.Join(',', schema.Fields.Select(field => Canonical(field, row))) + ']');
            }
        }

        return rows;
    }

    private static string Canonical(SchemaNode field, JsonElement row)
    {
        if (!row.TryGetProperty(field.Name, out JsonElement value) || value.ValueKind == JsonValueKind.Null)
        {
            return "null";
        }

        if (!field.IsGroup)
        {
            return Scalar(field, value);
        }

        SchemaNode repeated = field.Children[0];
        return '[' + string.Join(',', value.EnumerateArray().Select(element => repeated.Children.Count == 2
            ? $"[{Scalar(repeated.Children[0], element[0])},{Scalar(repeated.Children[1], element[1])}]"
            : Scalar(repeated.Children[0], element))) + ']';
    }

    private static string Scalar(SchemaNode leaf, JsonElement value) => '"' + (leaf.PhysicalType switch
    {
        PhysicalType.Int32 => value.GetInt32().ToString(CultureInfo.InvariantCulture),
        PhysicalType.Int64 => value.GetString(),
        _ when value.ValueKind == JsonValueKind.Object => value.GetProperty("hex").GetString(),
        _ => Convert.ToHexStringLower(Encoding.UTF8.GetBytes(value.GetString()!)),
    }) + '"';
}
