using Sleeper.Ingest.Core.ObjectStores;

namespace Sleeper.Ingest.Core.Jobs;

/// <summary>A job that was found good: its table is there, its files are there and fit the table.</summary>
internal sealed record IngestJob
{
    public required string Id { get; init; }

    public required JobTable Table { get; init; }

    public required IReadOnlyList<JobFile> Files { get; init; }

    /// <summary>Rows of all files together, by their footers.</summary>
    public long RowCount { get; init; }

    /// <summary>Files that were named more than once.</summary>
    public int DuplicateCount { get; init; }
}

/// <summary>One file of a job.</summary>
/// <param name="Store">Where it lies.</param>
/// <param name="Path">Its path there.</param>
/// <param name="Name">What messages call it.</param>
internal sealed record JobFile(IObjectStore Store, string Path, string Name);
