namespace Sleeper.Ingest.Core.Partitioning;

/// <summary>The JSON of a partition cannot be read.</summary>
public sealed class PartitionFormatException : IngestException
{
    /// <summary>Makes the error.</summary>
    public PartitionFormatException(string message, Exception? innerException = null)
        : base(message, innerException)
    {
    }
}
