namespace Sleeper.Ingest.Core.Reading;

/// <summary>A file whose turn it is got no memory though everything that was read ahead gave way. Never leaves the read: rows go to disk, or the error inside is thrown.</summary>
/// <param name="error">What the caller is told where there is nothing else to let go of.</param>
internal sealed class ShortMemoryException(TableReadException error) : Exception(error.Message, error)
{
    public TableReadException Error => error;
}
