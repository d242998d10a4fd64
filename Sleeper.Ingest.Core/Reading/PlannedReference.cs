using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.StateStores;

namespace Sleeper.Ingest.Core.Reading;

/// <summary>A file reference that a read needs, and which keys of it.</summary>
/// <param name="Reference">The file and the partition.</param>
/// <param name="Ordinal">Its place among all references: rows with equal keys come in this order.</param>
/// <param name="Box">The partition's region.</param>
/// <param name="Lower">No wanted key is below it.</param>
/// <param name="Upper">All wanted keys are below it; null for no bound.</param>
/// <param name="IsWhole">True if every row of the reference is wanted, so that they can be counted.</param>
/// <param name="RowKey">The values of the first row keys that all wanted rows have; empty where a range is wanted.</param>
internal sealed record PlannedReference(
    FileReference Reference, int Ordinal, KeyBox Box, byte[] Lower, byte[]? Upper, bool IsWhole, IReadOnlyList<FieldValue> RowKey);
