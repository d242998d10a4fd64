namespace Sleeper.Ingest.Core.Tests.Simulation;

/// <summary>What a writer was told of one attempt.</summary>
internal enum TellKind
{
    Nothing,
    Committed,
    Failed,
    Unknown,
}

/// <summary>One run of an ingest as its writer saw it, kept outside of the table.</summary>
internal sealed class Told(string ingestId, string attemptId, DateTimeOffset begun, string rows)
{
    public string IngestId { get; } = ingestId;

    public string AttemptId { get; } = attemptId;

    public DateTimeOffset Begun { get; } = begun;

    /// <summary>What each of its data objects holds.</summary>
    public string Rows { get; } = rows;

    public TellKind Kind { get; set; }

    /// <summary>The number that was named with "committed".</summary>
    public long Number { get; set; }
}
