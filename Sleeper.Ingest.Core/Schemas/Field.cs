namespace Sleeper.Ingest.Core.Schemas;

/// <summary>One field of a table: its name, its type, and whether a row may hold null there.</summary>
/// <param name="Name">Any string, compared case-sensitively. A row key may not contain a dot (see <see cref="Schema"/>).</param>
/// <param name="Type">What the field holds.</param>
/// <param name="IsNullable">True if a row may hold null. Only value fields may be nullable. Default: false.</param>
public sealed record Field(string Name, FieldType Type, bool IsNullable = false)
{
    /// <summary>For example <c>delay Int?</c>.</summary>
    public override string ToString() => $"{Name} {Type}{(IsNullable ? "?" : "")}";
}
