using Sleeper.Ingest.Core.ObjectStores;

namespace Sleeper.Ingest.Core.DataFiles;

/// <summary>One data file to be written.</summary>
/// <param name="Store">Where the objects go.</param>
/// <param name="Path">The Parquet object.</param>
/// <param name="PartitionId">The leaf, or the root for a file that leaves share: it seeds the sketches.</param>
/// <param name="RowCount">Its rows, at least one; null for all that are left, at least one.</param>
/// <param name="OnBytes">Told of bytes as they are written.</param>
internal sealed record DataFileTarget(IObjectStore Store, string Path, string PartitionId, long? RowCount, Action<long> OnBytes)
{
    public string SketchesPath => DataFileNames.SketchesPath(Path);
}
