namespace Sleeper.Ingest.Core.StateStores;

/// <summary>A commit failed and it is certain that nothing of it is visible or ever will be. The objects of the ingest may be removed.</summary>
public sealed class CommitFailedException : IngestException
{
    /// <summary>Makes the error.</summary>
    public CommitFailedException(string message, Exception? innerException = null)
        : base(message, innerException)
    {
    }

    /// <summary>Objects of the failed attempt that could not be removed; usually none. They belong to no commit.</summary>
    public IReadOnlyList<string> LeftObjects { get; init; } = [];
}

/// <summary>
/// It is not known whether a commit took effect. The objects of the ingest must stay where they are; ask again with the ingest id.
/// </summary>
public sealed class CommitOutcomeUnknownException : IngestException
{
    /// <summary>Makes the error for an ingest.</summary>
    public CommitOutcomeUnknownException(string ingestId, string message, Exception? innerException = null)
        : base(message, innerException)
    {
        IngestId = ingestId;
        IsRetryable = true;
    }

    /// <summary>True if it is another attempt's commit that is in doubt, and nothing of the one that was asked for is visible or ever will be: its own objects may go.</summary>
    internal bool IsOfAnotherAttempt { get; init; }

    /// <summary>The ingest to ask for.</summary>
    public string IngestId { get; }
}
