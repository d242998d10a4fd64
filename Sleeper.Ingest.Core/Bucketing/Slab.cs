using Sleeper.Ingest.Core.Buffers;

namespace Sleeper.Ingest.Core.Bucketing;

/// <summary>A stretch of rows of one bucket, one after the other as <see cref="Rows.RowFormat"/> says, in order of arrival.</summary>
internal readonly record struct Slab(NativeBuffer Buffer, int UsedBytes, int RowCount);
