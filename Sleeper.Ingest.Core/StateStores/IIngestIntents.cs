namespace Sleeper.Ingest.Core.StateStores;

/// <summary>Keeps what tells a later clean-up whose objects an unfinished attempt's are. Nothing is decided by it.</summary>
internal interface IIngestIntents
{
    /// <summary>Written before the attempt's first object, and again from time to time while it runs.</summary>
    Task PutAsync(IngestIntent intent, CancellationToken cancellationToken);

    /// <summary>Removed after the attempt's end and after its objects are gone or visible. Nothing happens if there is none.</summary>
    Task DeleteAsync(string ingestId, string attemptId, CancellationToken cancellationToken);

    /// <summary>All intents. A listing: the newest may be missing.</summary>
    IAsyncEnumerable<FoundIntent> ListAsync(CancellationToken cancellationToken);

    /// <summary>True if there is an intent of an attempt, found by its name.</summary>
    Task<bool> ExistsAsync(string ingestHash, string attemptId, CancellationToken cancellationToken);
}
