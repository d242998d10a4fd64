using Sleeper.Ingest.Core.Buffers;
using Sleeper.Ingest.Core.Parquet.Metadata;

namespace Sleeper.Ingest.Core.Parquet.RowGroups;

/// <summary>
/// A column chunk as it goes into the file: dictionary page, data pages, and what the footer and the indexes say of it, with offsets from its own first
/// byte. The Bloom filter, if there is one, lies elsewhere in the file.
/// </summary>
/// <remarks>Disposing it, once, gives its buffers back to the column's encoder.</remarks>
internal sealed record EncodedColumnChunk(
    ByteBuffer? Dictionary, ByteBuffer Pages, ByteBuffer? BloomFilter, ColumnMetadata Metadata, ColumnIndex? ColumnIndex, OffsetIndex OffsetIndex, ByteBufferPool Pool)
    : IDisposable
{
    public long Length => (Dictionary?.Length ?? 0) + (long)Pages.Length;

    public void Dispose()
    {
        // What is given back last is taken first: the next chunk's pages get the buffer of these.
        foreach (ByteBuffer? buffer in (ReadOnlySpan<ByteBuffer?>)[BloomFilter, Dictionary, Pages])
        {
            if (buffer is not null)
            {
                Pool.Return(buffer);
            }
        }
    }
}
