namespace Sleeper.Ingest.Core.StateStores;

/// <summary>There is no table of that name.</summary>
public sealed class TableNotFoundException : IngestException
{
    /// <summary>Makes the error for a name in a store.</summary>
    public TableNotFoundException(string tableName, string store)
        : base($"There is no table '{tableName}' in '{store}'. Check the name and the place, or create the table first.")
    {
        TableName = tableName;
    }

    /// <summary>The name looked for.</summary>
    public string TableName { get; }
}
