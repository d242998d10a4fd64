namespace Sleeper.Ingest.Core.Tests.Checking;

/// <summary>What the caller of an ingest was told about its end.</summary>
public enum Told
{
    /// <summary>Nothing: the process was gone before.</summary>
    Nothing,

    /// <summary>Its rows are in the table.</summary>
    Committed,

    /// <summary>None of its rows are in the table, nor will ever be.</summary>
    Failed,

    /// <summary>Nobody could say.</summary>
    Unknown,
}
