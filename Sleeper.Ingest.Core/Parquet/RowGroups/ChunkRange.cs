using Sleeper.Ingest.Core.Parquet.Metadata;

namespace Sleeper.Ingest.Core.Parquet.RowGroups;

/// <summary>Where a column chunk lies in its file: its dictionary page, if it has one, and its data pages.</summary>
internal readonly record struct ChunkRange(long Offset, long Length)
{
    public long End => Offset + Length;

    public static ChunkRange Of(ColumnMetadata chunk)
    {
        // A chunk without values is never read, and some writers place it anywhere.
        if (chunk.NumValues == 0)
        {
            return default;
        }

        // Some old writers say 0, or the place of the data, where there is no dictionary.
        long offset = chunk.DictionaryPageOffset is { } dictionary && dictionary > 0 && dictionary < chunk.DataPageOffset ? dictionary : chunk.DataPageOffset;
        return new ChunkRange(offset, chunk.TotalCompressedSize);
    }
}
