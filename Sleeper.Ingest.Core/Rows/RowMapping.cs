using Sleeper.Ingest.Core.Schemas;

namespace Sleeper.Ingest.Core.Rows;

/// <summary>
/// How rows of a type of your own become rows of a table: one typed delegate for each field, so nothing is boxed and nothing reflected on.
/// </summary>
/// <remarks>Immutable; made with <see cref="RowMapping.For{T}"/>. Every field of the schema needs a delegate, but for nullable ones, which are null without.</remarks>
/// <typeparam name="T">The type of your rows.</typeparam>
public sealed class RowMapping<T>
{
    internal RowMapping(Schema schema, TypedFieldWriter<T>?[] writers)
    {
        Schema = schema;
        Writers = writers;
    }

    /// <summary>The table's schema.</summary>
    public Schema Schema { get; }

    internal TypedFieldWriter<T>?[] Writers { get; }
}

/// <summary>Starts mappings from rows of your own types to rows of a table.</summary>
public static class RowMapping
{
    /// <summary>Starts a mapping for a schema.</summary>
    /// <typeparam name="T">The type of your rows.</typeparam>
    public static RowMappingBuilder<T> For<T>(Schema schema)
    {
        ArgumentNullException.ThrowIfNull(schema);
        return new RowMappingBuilder<T>(schema);
    }
}
