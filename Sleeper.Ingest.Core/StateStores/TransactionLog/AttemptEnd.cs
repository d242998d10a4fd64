namespace Sleeper.Ingest.Core.StateStores.TransactionLog;

/// <summary>Why an attempt cannot commit any more.</summary>
internal enum AttemptEnd
{
    /// <summary>It has committed: what it wrote is the table's.</summary>
    Committed,

    /// <summary>Another attempt has committed the same ingest.</summary>
    OtherCommitted,

    /// <summary>The log said so already: by an END, or because the ledger begins after the attempt did.</summary>
    EndedBefore,

    /// <summary>An END was written.</summary>
    Ended,
}
