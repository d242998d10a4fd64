using Sleeper.Ingest.Core.Schemas;

namespace Sleeper.Ingest.Core.Transforming;

/// <summary>What the readers of a table's properties share.</summary>
internal static class PropertyText
{
    /// <summary>Without what Java calls white space; empty for null.</summary>
    public static string WithoutWhiteSpace(string? text) =>
        text is null ? "" : string.Concat(text.Where(c => c is not (' ' or '\t' or '\n' or '\v' or '\f' or '\r')));

    public static string FieldsOf(Schema schema) =>
        $"The table's fields are {string.Join(", ", schema.AllFields.Select(f => $"'{f.Name}'"))}; names are case-sensitive.";
}
