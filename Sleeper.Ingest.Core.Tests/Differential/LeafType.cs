using Sleeper.Ingest.Core.Parquet.Metadata;
using Sleeper.Ingest.Core.Parquet.Schemas;

namespace Sleeper.Ingest.Core.Tests.Differential;

/// <summary>A type of one value: how it stands in a Parquet file, and how values of it are made by us and by DuckDB.</summary>
/// <param name="Name">What messages call it.</param>
/// <param name="Physical">How its values lie.</param>
internal sealed record LeafType(string Name, PhysicalType Physical)
{
    public LogicalType? Logical { get; init; }

    public ConvertedType? Converted { get; init; }

    /// <summary>Bytes of a fixed value.</summary>
    public int Length { get; init; }

    /// <summary>Makes a value as it lies in the file: int, long or byte[].</summary>
    public Func<Random, object>? NewValue { get; init; }

    /// <summary>DuckDB's text of a value, with <c>$</c> for the value; must be the text of <see cref="LeafText"/>.</summary>
    public required string TextSql { get; init; }

    /// <summary>DuckDB's value, made from 64 random bits, for which <c>$</c> stands. Null: DuckDB does not write this type.</summary>
    public string? ValueSql { get; init; }

    public bool CanBeMapKey { get; init; }

    public SchemaNode ToNode(string name, Repetition repetition) => SchemaNode.FromElement(
        new SchemaElement
        {
            Name = name,
            Type = Physical,
            TypeLength = Length == 0 ? null : Length,
            Repetition = repetition,
            LogicalType = Logical,
            ConvertedType = Converted,
            Precision = Logical?.Kind == LogicalTypeKind.Decimal ? Logical.Precision : null,
            Scale = Logical?.Kind == LogicalTypeKind.Decimal ? Logical.Scale : null,
        },
        []);

    public string Text(string value) => TextSql.Replace("$", value, StringComparison.Ordinal);

    public string Value(string bits) => ValueSql!.Replace("$", bits, StringComparison.Ordinal);
}
