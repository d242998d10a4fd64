using Sleeper.Ingest.Core.Parquet.Columns;
using Sleeper.Ingest.Core.Parquet.Compression;
using Sleeper.Ingest.Core.Parquet.Metadata;
using Sleeper.Ingest.Core.Parquet.Pages;
using Sleeper.Ingest.Core.Parquet.Schemas;

namespace Sleeper.Ingest.Core.Parquet.RowGroups;

/// <summary>The chosen columns of one row group, their bytes in memory; gives their rows in order, each column at its own pace.</summary>
/// <remarks>
/// Different columns may be read by different threads, one column by one thread at a time. Owns its memory; dispose it when no thread reads.
/// After an error of a column that column must not be read again.
/// </remarks>
internal sealed class RowGroupReader : IDisposable
{
    private readonly string _fileName;
    private readonly int _rowGroup;
    private readonly ChunkBytes _bytes;
    private readonly DecodedBytes _decoded;
    private readonly Dictionary<int, ColumnChunkReader> _columns = [];
    private volatile bool _isDisposed;

    internal RowGroupReader(
        string fileName, int rowGroup, long rowCount, ChunkBytes bytes, IReadOnlyList<(LeafColumn Column, ColumnMetadata Chunk)> chunks, ParquetReaderLimits limits, DecompressorPool decompressors,
        DecodedBytes decoded)
    {
        _decoded = decoded;
        _fileName = fileName;
        _rowGroup = rowGroup;
        _bytes = bytes;
        RowCount = rowCount;
        foreach ((LeafColumn column, ColumnMetadata chunk) in chunks)
        {
            _columns.Add(column.Index, new ColumnChunkReader(column, OpenPages(column, chunk, limits, decompressors), chunk.NumValues, rowCount, limits));
        }
    }

    /// <summary>Rows of the row group.</summary>
    public long RowCount { get; }

    /// <summary>Memory held: the column chunks as stored, and for each column its dictionary and its present page. Grows while pages are read.</summary>
    public long HeldBytes => _bytes.HeldBytes + _columns.Values.Sum(column => column.HeldBytes);

    /// <summary>Appends the next rows of a column, at most <paramref name="maxRows"/> and fewer only at the end of the row group.</summary>
    /// <param name="leafColumn">Index among the leaves of the schema; one of those that were asked for when the row group was opened.</param>
    /// <param name="destination">A vector of the column's kind. What it holds already stays.</param>
    /// <param name="maxRows">At least 1.</param>
    /// <returns>Rows appended; 0 at the end.</returns>
    /// <exception cref="ParquetFormatException">The bytes are not what they claim to be; the message names file, row group, column and byte.</exception>
    public int Read(int leafColumn, ColumnVector destination, int maxRows)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(maxRows);
        if (!_columns.TryGetValue(leafColumn, out ColumnChunkReader? column))
        {
            throw new ArgumentException($"Column {leafColumn} was not asked for when row group {_rowGroup} of '{_fileName}' was opened.", nameof(leafColumn));
        }

        try
        {
            long before = SizeOf(destination);
            int rows = column.Read(destination, maxRows);
            _decoded.Add(SizeOf(destination) - before);
            GC.KeepAlive(this);
            return rows;
        }
        catch (ParquetFormatException fault)
        {
            throw fault.In(_fileName, _rowGroup, column.Column.DottedPath, column.PageNumber, column.PageOffset);
        }
    }

    public void Dispose()
    {
        _isDisposed = true;
        foreach (ColumnChunkReader column in _columns.Values)
        {
            column.Dispose();
        }

        _columns.Clear();
        _bytes.Dispose();
    }

    private static long SizeOf(ColumnVector vector) =>
        vector.LevelCount + (vector.ValueCount * (vector.Kind == VectorKind.Int64 ? 8L : 4L)) + vector.ByteCount;

    private unsafe PageReader OpenPages(LeafColumn column, ColumnMetadata chunk, ParquetReaderLimits limits, DecompressorPool decompressors)
    {
        ChunkRange range = ChunkRange.Of(chunk);
        byte* start = range.Length == 0 ? null : _bytes.PointerTo(range);
        return new PageReader(start, (int)range.Length, range.Offset, column, chunk.Codec, limits, decompressors, _decoded);
    }
}
