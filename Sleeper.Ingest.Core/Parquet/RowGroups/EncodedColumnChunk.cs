using Sleeper.Ingest.Core.Buffers;
using Sleeper.Ingest.Core.Parquet.Metadata;

namespace Sleeper.Ingest.Core.Parquet.RowGroups;

/// <summary>
/// A column chunk as it goes into the file: dictionary page, data pages, and what the footer and the indexes say of it, with offsets from its own first
/// byte. The Bloom filter, if there is one, lies elsewhere in the file.
/// </summary>
internal sealed record EncodedColumnChunk(
    ByteBuffer? Dictionary, ByteBuffer Pages, ByteBuffer? BloomFilter, ColumnMetadata Metadata, ColumnIndex? ColumnIndex, OffsetIndex OffsetIndex)
{
    public long Length => (Dictionary?.Length ?? 0) + (long)Pages.Length;
}
