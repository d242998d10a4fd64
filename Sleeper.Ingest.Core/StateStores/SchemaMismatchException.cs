using Sleeper.Ingest.Core.Schemas;

namespace Sleeper.Ingest.Core.StateStores;

/// <summary>A table exists already, with another schema than the one given.</summary>
public sealed class SchemaMismatchException : IngestException
{
    /// <summary>Makes the error for a table.</summary>
    public SchemaMismatchException(string tableName, Schema tableSchema, Schema givenSchema)
        : base(
            $"Table '{tableName}' has another schema than the one given: {FirstDifference(tableSchema, givenSchema)}. "
            + $"The table has {tableSchema}; given was {givenSchema}. Use the table's schema, or another table.")
    {
        TableName = tableName;
        TableSchema = tableSchema;
        GivenSchema = givenSchema;
    }

    /// <summary>The table.</summary>
    public string TableName { get; }

    /// <summary>What the table has.</summary>
    public Schema TableSchema { get; }

    /// <summary>What was given.</summary>
    public Schema GivenSchema { get; }

    private static string FirstDifference(Schema table, Schema given) =>
        Difference("row key", table.RowKeyFields, given.RowKeyFields)
        ?? Difference("sort key", table.SortKeyFields, given.SortKeyFields)
        ?? Difference("value field", table.ValueFields, given.ValueFields)
        ?? "they differ";

    private static string? Difference(string what, IReadOnlyList<Field> table, IReadOnlyList<Field> given)
    {
        for (int i = 0; i < Math.Max(table.Count, given.Count); i++)
        {
            if (i >= given.Count)
            {
                return $"{what} {i} is [{table[i]}] in the table and missing in the schema given";
            }

            if (i >= table.Count)
            {
                return $"{what} {i}, [{given[i]}], is not in the table";
            }

            if (table[i] != given[i])
            {
                return $"{what} {i} is [{table[i]}] in the table and [{given[i]}] in the schema given";
            }
        }

        return null;
    }
}
