namespace Sleeper.Ingest.Core.StateStores;

/// <summary>Keeps what tells a later clean-up whose objects an unfinished attempt's are. Nothing is decided by it.</summary>
internal interface IIngestIntents
{
    /// <summary>Written before the attempt's first object.</summary>
    Task PutAsync(IngestIntent intent, CancellationToken cancellationToken);

    /// <summary>Removed after the attempt's end and after its objects are gone or visible. Nothing happens if there is none.</summary>
    Task DeleteAsync(string ingestId, string attemptId, CancellationToken cancellationToken);
}
