using Sleeper.Ingest.Core;

namespace Sleeper.Ingest.Benchmarks.Measuring;

/// <summary>What commits of one size cost and how long their rows are not visible.</summary>
/// <param name="BatchRows">Rows of a commit.</param>
/// <param name="Commits">How many were made.</param>
/// <param name="RowsPerSecond">Of all of them, one after the other.</param>
/// <param name="FilesPerCommit">Data files.</param>
/// <param name="BytesPerFile">Their size on average.</param>
/// <param name="RequestsPerCommit">Requests to the store.</param>
/// <param name="DollarsPerMillionRows">Requests and time of the machine by the price table.</param>
/// <param name="DelaySeconds">From the coming of a commit's first row until its rows are visible.</param>
/// <param name="PlannedDollarsPerMillionRows">The same by <see cref="IngestPlan"/>.</param>
internal sealed record BatchSizeFigures(
    long BatchRows, int Commits, double RowsPerSecond, double FilesPerCommit, double BytesPerFile, double RequestsPerCommit, decimal DollarsPerMillionRows,
    double DelaySeconds, decimal PlannedDollarsPerMillionRows)
{
    /// <summary>The smallest product is the best bargain: below it cost grows faster than delay falls, above it delay grows faster than cost falls.</summary>
    public double CostTimesDelay => (double)DollarsPerMillionRows * DelaySeconds;
}
