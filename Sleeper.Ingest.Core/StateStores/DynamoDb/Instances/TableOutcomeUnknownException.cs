namespace Sleeper.Ingest.Core.StateStores.DynamoDb.Instances;

/// <summary>It is not known whether a table was made. Making it again finds out.</summary>
internal sealed class TableOutcomeUnknownException : IngestException
{
    public TableOutcomeUnknownException(string message, Exception innerException)
        : base(message, innerException) => IsRetryable = true;
}
