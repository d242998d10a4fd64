namespace Sleeper.Ingest.Core.StateStores;

/// <summary>A table was to be made, but there is one of its name.</summary>
public sealed class TableExistsException : IngestException
{
    /// <summary>Makes the error for a name in a place.</summary>
    public TableExistsException(string tableName, string place)
        : base($"The table '{tableName}' was not made: there is one of that name in {place}. Open it, or choose another name.")
    {
        TableName = tableName;
    }

    /// <summary>The name that is taken.</summary>
    public string TableName { get; }
}
