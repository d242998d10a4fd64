namespace Sleeper.Ingest.Core;

/// <summary>
/// A data file of a table cannot be read as the table's state says: it is missing, damaged, has other columns, or does not hold the rows that are
/// counted for it. Rows that were given before the error are as the table has them; the read is not complete.
/// </summary>
public sealed class TableReadException : IngestException
{
    /// <summary>Makes the error for one data file of a table.</summary>
    public TableReadException(string tableName, string fileName, string message, Exception? innerException = null)
        : base($"Table '{tableName}', data file '{fileName}': {message}", innerException)
    {
        TableName = tableName;
        FileName = fileName;
    }

    /// <summary>The table.</summary>
    public string TableName { get; }

    /// <summary>The data file, as the table's state names it.</summary>
    public string FileName { get; }
}
