using Sleeper.Ingest.Core.Buffers;
using Sleeper.Ingest.Core.ObjectStores;
using Sleeper.Ingest.Core.Parquet;
using Sleeper.Ingest.Core.Parquet.RowGroups;
using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.Schemas;

namespace Sleeper.Ingest.Core.DataFiles;

/// <summary>Writes rows, in the order given and of any number, as one Parquet file with the columns of a table's data files: as input for other systems.</summary>
/// <remarks>
/// No sorting, no sketches. Holds one batch of rows, their columns and the row group being written. One caller at a time; the object is the caller's to complete.
/// </remarks>
internal sealed class RowFileWriter : IDisposable
{
    private const int BatchBytes = 512 * 1024;

    /// <summary>What one batch and its copy may take: twice the longest row, grown by doubling.</summary>
    private const long BudgetBytes = 128L << 20;

    private readonly MemoryBudget _budget = new(BudgetBytes);
    private readonly RowColumnMapper _mapper;
    private readonly RowGroupEncoder _encoder;
    private readonly ParquetFileBuilder _builder;
    private readonly IObjectWriter _output;
    private readonly DataFileOptions _options;
    private NativeBuffer? _rows;
    private long _groupRows;
    private long _groupBytes;

    /// <summary>A writer of one file.</summary>
    /// <param name="schema">The fields.</param>
    /// <param name="options">Pages, row groups and compression.</param>
    /// <param name="output">Where the file's bytes go.</param>
    public RowFileWriter(Schema schema, DataFileOptions options, IObjectWriter output)
    {
        var columns = SchemaColumns.ToParquet(schema);

        // In no order of bytes: the first row key must not be taken for ascending.
        var writerOptions = options.ToParquet(schema, columns, KeyOrder.Java);
        _options = options;
        _output = output;
        _mapper = new RowColumnMapper(schema, KeyOrder.Bytes, skipBytes: 0);
        _encoder = new RowGroupEncoder(columns, writerOptions);
        _builder = new ParquetFileBuilder(columns, writerOptions);
        Batch = new RowBatch(_budget, BatchBytes, RowColumnMapper.MaxRows) { MaxRowBytes = Limits.MaxRowBytes };
    }

    public static RowLimits Limits { get; } = new();

    /// <summary>Where rows are encoded to; to be written when it is full, and at the end.</summary>
    public RowBatch Batch { get; }

    public Task BeginAsync(CancellationToken cancellationToken) => _output.AppendAsync(ParquetFileBuilder.Header, cancellationToken).AsTask();

    /// <summary>Writes the rows of the batch and empties it.</summary>
    public async ValueTask WriteBatchAsync(CancellationToken cancellationToken)
    {
        using var entries = new NativeBuffer(Math.Max(1, Batch.RowCount) * EntryBytes);
        BuildEntries(entries);
        int count = Batch.RowCount;
        for (int done = 0; done < count;)
        {
            done += Append(entries, done, count - done);
            if (_groupRows == _options.RowGroupRows || _groupBytes >= _options.RowGroupBytes)
            {
                await EndRowGroupAsync(cancellationToken).ConfigureAwait(false);
            }
        }

        Batch.Clear();
    }

    /// <summary>Writes what is left and the footer.</summary>
    public async Task FinishAsync(CancellationToken cancellationToken)
    {
        await WriteBatchAsync(cancellationToken).ConfigureAwait(false);
        if (_groupRows > 0)
        {
            await EndRowGroupAsync(cancellationToken).ConfigureAwait(false);
        }

        await _output.AppendAsync(_builder.Finish(), cancellationToken).ConfigureAwait(false);
    }

    public void Dispose()
    {
        Batch.Dispose();
        _rows?.Dispose();
        _mapper.Dispose();
        _encoder.Dispose();
    }

    private static unsafe int EntryBytes => sizeof(RowEntry);

    /// <summary>Copies the batch's rows with their headers, as the mapper wants them.</summary>
    private unsafe void BuildEntries(NativeBuffer entries)
    {
        long bytes = Batch.ByteCount + ((long)Batch.RowCount * RowFormat.MaxHeaderBytes);
        if (_rows is null || _rows.LengthBytes < bytes)
        {
            _rows?.Dispose();
            _rows = new NativeBuffer((nint)bytes);
        }

        byte* source = Batch.Start;
        byte* destination = _rows.Pointer;
        foreach (var row in Batch.Rows)
        {
            destination += RowFormat.WriteHeader(destination, row.KeyLength, row.ValueLength);
            int length = row.KeyLength + row.ValueLength;
            Buffer.MemoryCopy(source, destination, length, length);
            destination += length;
            source += length;
        }

        EntryBuilder.Build(_rows.Pointer, (nint)(destination - _rows.Pointer), (RowEntry*)entries.Pointer);
    }

    /// <summary>Adds rows to the row group until it is full; returns how many.</summary>
    private unsafe int Append(NativeBuffer entries, int first, int left)
    {
        var entry = (RowEntry*)entries.Pointer + first;
        int most = (int)Math.Min(left, _options.RowGroupRows - _groupRows);
        int count = 0;
        while (count < most && _groupBytes < _options.RowGroupBytes)
        {
            _groupBytes += RowFormat.RowLength(entry[count++].Row);
        }

        _mapper.Map(entry, count);
        for (int column = 0; column < _mapper.Vectors.Count; column++)
        {
            _encoder.Append(column, _mapper.Vectors[column]);
        }

        _groupRows += count;
        return count;
    }

    private async ValueTask EndRowGroupAsync(CancellationToken cancellationToken)
    {
        using var group = _encoder.Finish();
        _builder.Add(group);
        foreach (var segment in group.Segments)
        {
            await _output.AppendAsync(segment, cancellationToken).ConfigureAwait(false);
        }

        _groupRows = 0;
        _groupBytes = 0;
    }
}
