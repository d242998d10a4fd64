namespace Sleeper.Ingest.Core.StateStores;

/// <summary>A table exists already, with other filters, aggregations or another iterator than the ones given.</summary>
public sealed class TableIteratorMismatchException : IngestException
{
    /// <summary>Makes the error for a table.</summary>
    public TableIteratorMismatchException(
        string tableName, IEnumerable<KeyValuePair<string, string>> tableProperties, IEnumerable<KeyValuePair<string, string>> givenProperties)
        : base(
            $"Table '{tableName}' asks for other things to be done with its rows than were given. It was made with {Text(tableProperties)}; given was {Text(givenProperties)}. "
            + "A table keeps what it was made with: leave the settings out to take the table's, or use another table.")
    {
        TableName = tableName;
    }

    /// <summary>The table.</summary>
    public string TableName { get; }

    private static string Text(IEnumerable<KeyValuePair<string, string>> properties)
    {
        string[] texts = [.. properties.Select(p => $"{p.Key} = '{p.Value}'")];
        return texts.Length == 0 ? "none" : string.Join(", ", texts);
    }
}
