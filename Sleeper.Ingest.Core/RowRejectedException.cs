namespace Sleeper.Ingest.Core;

/// <summary>A row cannot be written, and the ingest, or the writing of a file, was told to fail in that case. Nothing of it becomes visible.</summary>
public sealed class RowRejectedException : IngestException
{
    /// <summary>Makes the error for a row.</summary>
    public RowRejectedException(RowError error)
        : base($"{error} The ingest fails and nothing of it becomes visible. Mend the row, or let bad rows be handed to you with WithRowErrors(...).")
    {
        Error = error;
    }

    internal RowRejectedException(RowError error, string message)
        : base(message)
    {
        Error = error;
    }

    /// <summary>The row's place, field and reason; its value for those who may see it.</summary>
    public RowError Error { get; }
}
