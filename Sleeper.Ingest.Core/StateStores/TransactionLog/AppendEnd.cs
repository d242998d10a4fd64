namespace Sleeper.Ingest.Core.StateStores.TransactionLog;

/// <summary>What became of an entry that was put.</summary>
internal enum AppendEnd
{
    /// <summary>Its number is ours, for ever.</summary>
    Ours,

    /// <summary>Its number is another entry's: ours is not in the log and never will be.</summary>
    Others,

    /// <summary>It could not be put, for certain: it is not in the log and never will be, and its number may be free.</summary>
    NotPut,

    /// <summary>It may be in the log, or still get there.</summary>
    Unknown,
}
