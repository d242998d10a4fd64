using Sleeper.Ingest.Core.Parquet.BloomFilters;
using Sleeper.Ingest.Core.Parquet.Compression;
using Sleeper.Ingest.Core.Parquet.Metadata;
using Sleeper.Ingest.Core.Parquet.RowGroups;
using Sleeper.Ingest.Core.Parquet.Schemas;

namespace Sleeper.Ingest.Core.Parquet;

/// <summary>Reads a Parquet file that nobody vouches for: metadata first, then the chosen columns of a row group at a time.</summary>
/// <remarks>
/// <para>Use: <c>using var file = await ParquetFileReader.OpenAsync(source, limits, token)</c>, then for each row group
/// <c>using RowGroupReader rows = await file.OpenRowGroupAsync(i, columns, token)</c>, and <see cref="RowGroupReader.ReadAsync"/> for each column until it gives 0.</para>
/// <para>Several row groups may be open at once, on any threads. The source belongs to the caller. Each fault of the file is a
/// <see cref="ParquetFormatException"/>.</para>
/// </remarks>
internal sealed class ParquetFileReader : IDisposable
{
    /// <summary>Bytes of objects for each byte of metadata, about.</summary>
    private const long ObjectBytes = 8;

    private readonly IRandomAccessReader _source;
    private readonly ParquetReaderLimits _limits;
    private readonly DecompressorPool _decompressors = new();
    private readonly SpareBuffers _spares = new();
    private readonly ReadMeter _meter;
    private readonly long _metadataOffset;
    private readonly long _metadataBytes;
    private readonly long _tailBytes;
    private readonly bool _isSealed;
    private int _openedCount;

    private ParquetFileReader(IRandomAccessReader source, ParquetReaderLimits limits, FileMetadata metadata, long metadataOffset, bool isSealed, long tailBytes, ParquetSchema schema)
    {
        _metadataBytes = source.Length - metadataOffset;
        _tailBytes = tailBytes;
        _metadataOffset = metadataOffset;
        _isSealed = isSealed;
        _source = source;
        _limits = limits;
        _meter = new ReadMeter(limits);
        Metadata = metadata;
        Schema = schema;
    }

    /// <summary>What error messages call the file.</summary>
    public string Name => _source.Name;

    public FileMetadata Metadata { get; }

    public ParquetSchema Schema { get; }

    public int RowGroupCount => Metadata.RowGroups.Count;

    /// <summary>Reads and checks the metadata; no column is read.</summary>
    public static async Task<ParquetFileReader> OpenAsync(IRandomAccessReader source, ParquetReaderLimits limits, CancellationToken cancellationToken)
    {
        try
        {
            (FileMetadata metadata, long metadataOffset, bool isSealed, ReadOnlyMemory<byte> tail) = await ParquetFooter.ReadAsync(source, limits, cancellationToken).ConfigureAwait(false);
            ParquetSchema schema = FooterChecks.Check(metadata, metadataOffset, limits);
            return new ParquetFileReader(new TailedReader(source, tail), limits, metadata, metadataOffset, isSealed, tail.Length, schema);
        }
        catch (ParquetFormatException fault)
        {
            throw fault.In(source.Name);
        }
    }

    /// <summary>About how many bytes the file takes in memory while no row group is open: its last bytes as they were read, and its metadata as objects.</summary>
    public long HeldBytes => _tailBytes + (ObjectBytes * _metadataBytes);

    /// <summary>Bytes that a row group with these columns takes in memory if it is read whole, before any page is uncompressed.</summary>
    public long StoredBytes(int rowGroup, IReadOnlyList<int> leafColumns) =>
        ChunkBytes.Join(ChooseChunks(rowGroup, leafColumns).Select(chosen => ChunkRange.Of(chosen.Chunk)), _source.RequestCostBytes).Sum(range => range.Length);

    /// <summary>How many rows of a row group take about so many bytes when they are decoded: 1 to <paramref name="maxRows"/>.</summary>
    public int RowsIn(long bytes, int rowGroup, IReadOnlyList<int> leafColumns, int maxRows)
    {
        // The larger of what a column takes in pages and what its values take without a dictionary, where the footer says that.
        RowGroupMetadata metadata = Metadata.RowGroups[rowGroup];
        double decoded = leafColumns.Sum(leaf =>
            metadata.Columns[leaf].Metadata is { } column
                ? (double)Math.Max(column.TotalUncompressedSize, column.SizeStatistics?.UnencodedByteArrayDataBytes ?? 0)
                : 0);
        return (int)Math.Clamp(bytes / Math.Max(1, decoded / Math.Max(1, metadata.NumRows)), 1, maxRows);
    }

    /// <summary>Opens the chosen columns of a row group, with as much memory as they are long.</summary>
    public Task<RowGroupReader> OpenRowGroupAsync(int rowGroup, IReadOnlyList<int> leafColumns, CancellationToken cancellationToken) =>
        OpenRowGroupAsync(rowGroup, leafColumns, UnboundedMemory.Instance, cancellationToken);

    /// <summary>Opens the chosen columns of a row group. Chunks that are read whole and lie close together come in one read.</summary>
    /// <param name="rowGroup">0 to <see cref="RowGroupCount"/> - 1.</param>
    /// <param name="leafColumns">Indexes among the leaves of <see cref="Schema"/>, each once, in any order.</param>
    /// <param name="memory">Where all memory is taken that the row group holds; a row group that does not fit its share is read through windows.</param>
    /// <param name="cancellationToken">Stops the reads.</param>
    public Task<RowGroupReader> OpenRowGroupAsync(int rowGroup, IReadOnlyList<int> leafColumns, IReadMemory memory, CancellationToken cancellationToken) =>
        OpenRowGroupAsync(rowGroup, leafColumns, null, new RowRange(0, (uint)rowGroup < (uint)RowGroupCount ? Metadata.RowGroups[rowGroup].NumRows : 0), memory, cancellationToken);

    /// <summary>Opens a range of rows of a row group: of the chosen columns only the pages that hold one of them.</summary>
    /// <param name="rowGroup">0 to <see cref="RowGroupCount"/> - 1.</param>
    /// <param name="leafColumns">Indexes among the leaves of <see cref="Schema"/>, each once, in any order.</param>
    /// <param name="index">Where pages lie; null if that is not known: then all are read, and those in front of the rows passed.</param>
    /// <param name="rows">The rows, at least one if they are not all.</param>
    /// <param name="memory">Where all memory is taken that the row group holds.</param>
    /// <param name="cancellationToken">Stops the reads.</param>
    public async Task<RowGroupReader> OpenRowGroupAsync(
        int rowGroup, IReadOnlyList<int> leafColumns, PageIndex? index, RowRange rows, IReadMemory memory, CancellationToken cancellationToken)
    {
        IReadOnlyList<(LeafColumn Column, ColumnMetadata Chunk)> chunks = ChooseChunks(rowGroup, leafColumns);
        long rowCount = Metadata.RowGroups[rowGroup].NumRows;
        ChunkPart[] parts =
        [
            .. chunks.Select(chosen => index is not null ? index.PartOf(chosen.Column, chosen.Chunk, rows)
                : rows == new RowRange(0, rowCount) ? ChunkPart.Whole(chosen.Column, chosen.Chunk, rowCount)
                : ChunkPart.Of(chosen.Column, chosen.Chunk, null, rowCount, rows)),
        ];
        RowGroupReader reader = await RowGroupReader.OpenAsync(_source, rowGroup, rowCount, rows, parts, _limits, _decompressors, _spares, _meter, memory, cancellationToken).ConfigureAwait(false);
        if (Interlocked.Increment(ref _openedCount) >= RowGroupCount)
        {
            _spares.Close();
        }

        return reader;
    }

    /// <summary>Reads where the pages of the chosen columns lie, and the bounds of the pages of some of them; null where the file does not say that of any.</summary>
    /// <param name="rowGroup">0 to <see cref="RowGroupCount"/> - 1.</param>
    /// <param name="leafColumns">Indexes among the leaves of <see cref="Schema"/>.</param>
    /// <param name="boundsColumns">Those of them whose bounds are wanted.</param>
    /// <param name="cancellationToken">Stops the reads.</param>
    public async ValueTask<PageIndex?> ReadPageIndexAsync(int rowGroup, IReadOnlyList<int> leafColumns, IReadOnlyList<int> boundsColumns, CancellationToken cancellationToken)
    {
        ChooseChunks(rowGroup, leafColumns);
        try
        {
            return await PageIndex.ReadAsync(_source, _metadataOffset, _isSealed, Metadata.RowGroups[rowGroup], leafColumns, boundsColumns, _limits, cancellationToken).ConfigureAwait(false);
        }
        catch (ParquetFormatException fault)
        {
            throw fault.In(Name, rowGroup);
        }
    }

    /// <summary>False if the column's Bloom filter says that no value with this hash is in the row group; true also where there is no filter.</summary>
    /// <param name="rowGroup">0 to <see cref="RowGroupCount"/> - 1.</param>
    /// <param name="leafColumn">Index among the leaves of <see cref="Schema"/>.</param>
    /// <param name="hash">Of the value as the column's physical type holds it; see <see cref="XxHash64"/>.</param>
    /// <param name="cancellationToken">Stops the reads: up to two of about 100 bytes.</param>
    public async ValueTask<bool> MayContainAsync(int rowGroup, int leafColumn, ulong hash, CancellationToken cancellationToken)
    {
        if (Metadata.RowGroups[rowGroup].Columns[leafColumn].Metadata is not { } chunk)
        {
            return true;
        }

        try
        {
            return await StoredBloomFilter.MayContainAsync(_source, chunk, hash, cancellationToken).ConfigureAwait(false);
        }
        catch (ParquetFormatException fault)
        {
            throw fault.In(Name, rowGroup, Schema.Columns[leafColumn].DottedPath);
        }
    }

    /// <summary>Frees the decompressors and spare memory. Row groups must be disposed first.</summary>
    public void Dispose()
    {
        _spares.Dispose();
        _decompressors.Dispose();
    }

    private List<(LeafColumn Column, ColumnMetadata Chunk)> ChooseChunks(int rowGroup, IReadOnlyList<int> leafColumns)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)rowGroup, (uint)RowGroupCount, nameof(rowGroup));
        RowGroupMetadata metadata = Metadata.RowGroups[rowGroup];
        var chunks = new List<(LeafColumn, ColumnMetadata)>(leafColumns.Count);
        foreach (int index in leafColumns)
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)index, (uint)Schema.Columns.Count, nameof(leafColumns));
            LeafColumn column = Schema.Columns[index];
            try
            {
                chunks.Add((column, FooterChecks.CheckChosenChunk(column, metadata.Columns[index], metadata.NumRows)));
            }
            catch (ParquetFormatException fault)
            {
                throw fault.In(Name, rowGroup, column.DottedPath);
            }
        }

        return chunks;
    }
}
