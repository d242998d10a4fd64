namespace Sleeper.Ingest.Core.StateStores;

/// <summary>A table, or the place it is kept in, needs something that this version of the library does not have.</summary>
public sealed class UnsupportedTableException : IngestException
{
    /// <summary>Makes the error.</summary>
    public UnsupportedTableException(string message, Exception? innerException = null)
        : base(message, innerException)
    {
    }
}
