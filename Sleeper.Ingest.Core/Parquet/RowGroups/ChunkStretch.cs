namespace Sleeper.Ingest.Core.Parquet.RowGroups;

/// <summary>Whole pages of a column chunk that lie behind one another.</summary>
/// <param name="Range">Where they lie.</param>
/// <param name="FirstPage">The number of the first among the pages of the chunk, for messages.</param>
internal readonly record struct ChunkStretch(ChunkRange Range, int FirstPage);
