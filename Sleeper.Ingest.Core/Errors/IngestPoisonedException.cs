namespace Sleeper.Ingest.Core;

/// <summary>The writer failed before and takes no more rows. The first error is inside.</summary>
public sealed class IngestPoisonedException : IngestException
{
    /// <summary>Makes the error around the first one.</summary>
    public IngestPoisonedException(string ingestId, Exception firstError)
        : base(
            $"The ingest '{ingestId}' failed earlier and takes no more calls; no row is visible that was not committed before, unless the first error says that this is not known. "
            + $"The first error: {firstError.Message} Dispose the writer and open a new one.",
            firstError)
    {
    }
}
