using Sleeper.Ingest.Core.Parquet.Columns;
using Sleeper.Ingest.Core.Parquet.Compression;
using Sleeper.Ingest.Core.Parquet.Pages;
using Sleeper.Ingest.Core.Parquet.Schemas;

namespace Sleeper.Ingest.Core.Parquet.RowGroups;

/// <summary>Turns columns into row groups, one after the other. One for each worker: groups of one file may be encoded by several and added in order.</summary>
/// <remarks>
/// The bytes depend on the schema, the options and the rows of the group, never on how the rows were split over calls of <see cref="Append"/>.
/// Not thread-safe; a finished group may be written and disposed on another thread.
/// </remarks>
internal sealed class RowGroupEncoder : IDisposable
{
    private readonly ParquetSchema _schema;
    private readonly IPageCompressor _compressor;
    private readonly PageWriter _pageWriter;
    private readonly EncoderBuffers _buffers = new();
    private readonly ColumnChunkEncoder[] _columns;

    public RowGroupEncoder(ParquetSchema schema, ParquetWriterOptions options)
    {
        CheckOptions(schema, options);
        _schema = schema;
        _compressor = options.CreateCompressor();
        _pageWriter = new PageWriter(_compressor, options.Version, options.PageChecksums);
        _columns = [.. schema.Columns.Select(column => new ColumnChunkEncoder(column, options, _pageWriter, _buffers))];
    }

    /// <summary>Whole rows taken since the last group ended, by the first column.</summary>
    public long RowCount => _columns.Length == 0 ? 0 : _columns[0].Rows;

    /// <summary>
    /// Size of the group so far: finished pages as they will lie in the file, rows not yet in a page in their plain form. Depends on the rows
    /// taken only, so it may decide where a group ends, if it is asked after the same rows each time.
    /// </summary>
    public long BufferedBytes
    {
        get
        {
            long bytes = 0;
            foreach (ColumnChunkEncoder column in _columns)
            {
                bytes += column.BufferedBytes;
            }

            return bytes;
        }
    }

    /// <summary>Memory held, in bytes, for the budget; without groups that are finished and not disposed.</summary>
    public long CapacityBytes
    {
        get
        {
            long bytes = _buffers.CapacityBytes + _pageWriter.CapacityBytes;
            foreach (ColumnChunkEncoder column in _columns)
            {
                bytes += column.CapacityBytes;
            }

            return bytes;
        }
    }

    /// <summary>Takes the values of a leaf column for the next whole rows. They are copied or encoded at once; the vector may be used again.</summary>
    public void Append(int leafColumn, ColumnVector values) => _columns[leafColumn].Append(values);

    /// <summary>Ends the group; every column must have the same number of rows. The encoder can then take the next group.</summary>
    public EncodedRowGroup Finish()
    {
        long rows = RowCount;
        foreach (ColumnChunkEncoder column in _columns)
        {
            if (column.Rows != rows)
            {
                int index = Array.IndexOf(_columns, column);
                throw new InvalidOperationException(
                    $"A row group needs the same rows in all columns, but column 0 '{_schema.Columns[0].DottedPath}' has {rows} rows and column {index} '{_schema.Columns[index].DottedPath}' {column.Rows}.");
            }
        }

        var chunks = new List<EncodedColumnChunk>(_columns.Length);
        foreach (ColumnChunkEncoder column in _columns)
        {
            chunks.Add(column.Finish());
        }

        return new EncodedRowGroup(rows, chunks);
    }

    /// <summary>Forgets the rows taken since the last group ended.</summary>
    public void Clear()
    {
        foreach (ColumnChunkEncoder column in _columns)
        {
            column.Clear();
        }
    }

    public void Dispose() => _compressor.Dispose();

    private static void CheckOptions(ParquetSchema schema, ParquetWriterOptions options)
    {
        if (options.Columns.Count != 0 && options.Columns.Count != schema.Columns.Count)
        {
            throw new ArgumentException($"Options are given for {options.Columns.Count} columns, but the schema has {schema.Columns.Count} leaves.", nameof(options));
        }

        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(options.PageBytes);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(options.PageRows);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(options.StatisticsTruncateBytes);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(options.ColumnIndexTruncateBytes);
    }
}
