using Sleeper.Ingest.Core.Parquet.Metadata;
using Sleeper.Ingest.Core.Parquet.Schemas;

namespace Sleeper.Ingest.Core.Tests.Support;

/// <summary>A Parquet schema as text, in the way that parquet-java prints one.</summary>
internal static class ParquetMessage
{
    public static string Text(ParquetSchema schema) => $"message {{\n{string.Concat(schema.Fields.Select(node => Text(node, "  ")))}}}\n";

    private static string Text(SchemaNode node, string indent)
    {
        string repetition = node.Repetition.ToString().ToLowerInvariant();
        string head = $"{indent}{repetition} {(node.IsGroup ? "group" : TypeName(node.PhysicalType!.Value))} {node.Name}{Annotation(node)}";
        return node.IsGroup ? $"{head} {{\n{string.Concat(node.Children.Select(c => Text(c, indent + "  ")))}{indent}}}\n" : $"{head};\n";
    }

    private static string TypeName(PhysicalType type) => type == PhysicalType.ByteArray ? "binary" : type.ToString().ToLowerInvariant();

    /// <summary>Both annotations must say the same, or it shows.</summary>
    private static string Annotation(SchemaNode node)
    {
        string logical = node.LogicalType?.Kind.ToString().ToUpperInvariant() ?? "";
        string converted = node.ConvertedType?.ToString().ToUpperInvariant().Replace("UTF8", "STRING", StringComparison.Ordinal) ?? "";
        return (logical, converted) switch
        {
            ("", "") => "",
            _ when logical == converted => $" ({logical})",
            _ => $" ({logical}/{converted})",
        };
    }
}
