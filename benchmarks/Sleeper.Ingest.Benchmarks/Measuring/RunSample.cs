using Sleeper.Ingest.Core;

namespace Sleeper.Ingest.Benchmarks.Measuring;

/// <summary>Where an ingest was at one moment.</summary>
/// <param name="Seconds">Since it was opened.</param>
/// <param name="Progress">What it said of itself last.</param>
/// <param name="WorkingSetBytes">What the process had resident.</param>
/// <param name="CachedBytes">Pages of files that the machine kept in memory, of all processes.</param>
internal readonly record struct RunSample(double Seconds, IngestProgress Progress, long WorkingSetBytes, long CachedBytes)
{
    public const string Header = "seconds,stage,rowsAccepted,rowsWritten,bytesWritten,spilledBytes,workingSetBytes,pageCacheBytes";

    public override string ToString() => string.Create(
        System.Globalization.CultureInfo.InvariantCulture,
        $"{Seconds:F2},{Progress.Stage},{Progress.RowsAccepted},{Progress.RowsWritten},{Progress.BytesWritten},{Progress.SpilledBytes},{WorkingSetBytes},{CachedBytes}");
}
