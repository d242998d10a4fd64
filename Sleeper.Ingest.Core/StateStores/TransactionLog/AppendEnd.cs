namespace Sleeper.Ingest.Core.StateStores.TransactionLog;

/// <summary>What became of an entry that was put.</summary>
internal enum AppendEnd
{
    /// <summary>Its number is ours, for ever.</summary>
    Ours,

    /// <summary>Its number is another entry's: ours is not in the log and never will be.</summary>
    Others,

    /// <summary>It may be in the log, or still get there.</summary>
    Unknown,
}
