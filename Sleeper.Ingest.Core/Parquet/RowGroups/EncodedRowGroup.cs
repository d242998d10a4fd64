using Sleeper.Ingest.Core.Parquet.Metadata;

namespace Sleeper.Ingest.Core.Parquet.RowGroups;

/// <summary>A row group ready to be written: its bytes and its metadata, with offsets from its first byte until a <see cref="ParquetFileBuilder"/> places it.</summary>
/// <remarks>Disposing it gives its buffers back to the encoder; write or copy the bytes first. The metadata stay.</remarks>
internal sealed class EncodedRowGroup : IDisposable
{
    private readonly List<ReadOnlyMemory<byte>> _segments = [];
    private readonly List<int?> _bloomFilterLengths = [];
    private List<EncodedColumnChunk>? _chunks;

    internal EncodedRowGroup(long rowCount, List<EncodedColumnChunk> chunks)
    {
        RowCount = rowCount;
        _chunks = chunks;
        Metadata = Describe(rowCount, chunks);
        ColumnIndexes = [.. chunks.Select(chunk => chunk.ColumnIndex)];
        OffsetIndexes = [.. chunks.Select(chunk => chunk.OffsetIndex)];
        foreach (EncodedColumnChunk chunk in chunks)
        {
            if (chunk.Dictionary is not null)
            {
                _segments.Add(chunk.Dictionary.WrittenMemory);
            }

            _segments.Add(chunk.Pages.WrittenMemory);
        }

        foreach (EncodedColumnChunk chunk in chunks)
        {
            _bloomFilterLengths.Add(chunk.BloomFilter?.Length);
            if (chunk.BloomFilter is not null)
            {
                _segments.Add(chunk.BloomFilter.WrittenMemory);
            }
        }
    }

    public long RowCount { get; }

    /// <summary>Bytes of all segments.</summary>
    public long Length => (Metadata.TotalCompressedSize ?? 0) + _bloomFilterLengths.Sum(length => length ?? 0L);

    /// <summary>The bytes of all column chunks, in order, then of their Bloom filters; valid until the group is disposed.</summary>
    public IReadOnlyList<ReadOnlyMemory<byte>> Segments
    {
        get
        {
            ObjectDisposedException.ThrowIf(_chunks is null, this);
            return _segments;
        }
    }

    internal RowGroupMetadata Metadata { get; }

    /// <summary>One for each leaf; null for types without order.</summary>
    internal IReadOnlyList<ColumnIndex?> ColumnIndexes { get; }

    internal IReadOnlyList<OffsetIndex> OffsetIndexes { get; }

    /// <summary>True once a file builder has made the offsets absolute.</summary>
    internal bool IsPlaced { get; private set; }

    public void Dispose()
    {
        List<EncodedColumnChunk>? chunks = Interlocked.Exchange(ref _chunks, null);
        foreach (EncodedColumnChunk chunk in chunks ?? [])
        {
            chunk.Dispose();
        }

        _segments.Clear();
    }

    /// <summary>Makes all offsets those of a file in which the group starts at <paramref name="fileOffset"/>.</summary>
    internal void Place(long fileOffset, short ordinal)
    {
        if (IsPlaced)
        {
            throw new InvalidOperationException("This row group was already added to a file; encode it again to write it twice.");
        }

        IsPlaced = true;
        Metadata.FileOffset = fileOffset;
        Metadata.Ordinal = ordinal;
        long chunkStart = fileOffset;
        for (int i = 0; i < Metadata.Columns.Count; i++)
        {
            ColumnChunkMetadata chunk = Metadata.Columns[i];
            ColumnMetadata column = chunk.Metadata!;
            column.DataPageOffset += chunkStart;
            column.DictionaryPageOffset += chunkStart;
            chunk.FileOffset = column.DataPageOffset;
            foreach (PageLocation page in OffsetIndexes[i].PageLocations)
            {
                page.Offset += chunkStart;
            }

            chunkStart += column.TotalCompressedSize;
        }

        PlaceBloomFilters(chunkStart);
    }

    private void PlaceBloomFilters(long start)
    {
        for (int i = 0; i < _bloomFilterLengths.Count; i++)
        {
            if (_bloomFilterLengths[i] is { } length)
            {
                ColumnMetadata column = Metadata.Columns[i].Metadata!;
                column.BloomFilterOffset = start;
                column.BloomFilterLength = length;
                start += length;
            }
        }
    }

    private static RowGroupMetadata Describe(long rowCount, List<EncodedColumnChunk> chunks)
    {
        var columns = new ColumnChunkMetadata[chunks.Count];
        long uncompressed = 0;
        long compressed = 0;
        for (int i = 0; i < columns.Length; i++)
        {
            columns[i] = new ColumnChunkMetadata { Metadata = chunks[i].Metadata };
            uncompressed += chunks[i].Metadata.TotalUncompressedSize;
            compressed += chunks[i].Metadata.TotalCompressedSize;
        }

        return new RowGroupMetadata { Columns = columns, NumRows = rowCount, TotalByteSize = uncompressed, TotalCompressedSize = compressed };
    }
}
