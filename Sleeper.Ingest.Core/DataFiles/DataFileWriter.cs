using System.Buffers;
using Sleeper.Ingest.Core.Buffers;
using Sleeper.Ingest.Core.Diagnostics;
using Sleeper.Ingest.Core.ObjectStores;
using Sleeper.Ingest.Core.Parquet;
using Sleeper.Ingest.Core.Parquet.RowGroups;
using Sleeper.Ingest.Core.Parquet.Schemas;
using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.Schemas;
using Sleeper.Ingest.Core.Sketches;

namespace Sleeper.Ingest.Core.DataFiles;

/// <summary>Writes sorted rows as a Parquet file and its sketches file.</summary>
/// <remarks>
/// <para>What is written depends on the rows, the schema and the options only, not on the stretches in which rows come, nor on how many encode.</para>
/// <para>Not thread-safe, used for one file after the other, its memory is kept. A file that is not finished is removed by its object writer.</para>
/// </remarks>
internal sealed class DataFileWriter : IDisposable
{
    /// <summary>Pieces of a file are gathered up to so many bytes: a small file is one write instead of five or six, 6 microseconds less in a folder.</summary>
    private const int GatheredBytes = 64 * 1024;

    private readonly Schema _schema;
    private readonly KeyOrder _order;
    private readonly int _skipBytes;
    private readonly DataFileOptions _options;
    private readonly ParquetSchema _parquetSchema;
    private readonly ParquetWriterOptions _writerOptions;
    private readonly RowColumnMapper _mapper;
    private readonly RowGroupEncoder _encoder;
    private readonly SketchSet _sketches;
    private readonly ArrayBufferWriter<byte> _sketchBytes = new();
    private readonly ByteBuffer _footer = new(4096);
    private readonly ByteBuffer _gathered = new(4096);

    /// <summary>A writer for rows whose keys begin with <paramref name="skipBytes"/> bytes that are not part of the fields.</summary>
    public DataFileWriter(Schema schema, KeyOrder order, int skipBytes, DataFileOptions options)
    {
        _schema = schema;
        _order = order;
        _skipBytes = skipBytes;
        _options = options;
        _parquetSchema = SchemaColumns.ToParquet(schema);
        _writerOptions = options.ToParquet(schema, _parquetSchema, order);
        _mapper = new RowColumnMapper(schema, order, skipBytes);
        _encoder = new RowGroupEncoder(_parquetSchema, _writerOptions);
        _sketches = new SketchSet(schema);
    }

    /// <summary>Told what each stage takes; null for nobody.</summary>
    public StageClock? Clock { get; init; }

    /// <summary>Writes the next rows as one file.</summary>
    /// <param name="rows">Sorted; has at least so many left.</param>
    /// <param name="file">What and where.</param>
    /// <param name="cancellationToken">Gives up; the objects are removed.</param>
    public Task<WrittenDataFile> WriteAsync(SortedRows rows, DataFileTarget file, CancellationToken cancellationToken) =>
        WriteAsync(file, (builder, output) => WriteRowGroupsAsync(rows, file, builder, output, cancellationToken), cancellationToken);

    /// <summary>The same, with row groups encoded side by side, as far as others help. For one large file.</summary>
    /// <param name="rows">Sorted; has at least so many left.</param>
    /// <param name="file">What and where.</param>
    /// <param name="encoders">How many encode at the same time, this call's own thread among them; 2 or more.</param>
    /// <param name="askForHelp">Told how many more may help and what they are to do. They may begin at any time, or never.</param>
    /// <param name="cancellationToken">Gives up; the objects are removed.</param>
    public Task<WrittenDataFile> WriteSideBySideAsync(
        SortedRows rows, DataFileTarget file, int encoders, Action<int, Func<Task>> askForHelp, CancellationToken cancellationToken) =>
        WriteAsync(
            file,
            async (builder, output) =>
            {
                using var groups = new RowGroupLine(
                    encoders,
                    () => new RowColumnMapper(_schema, _order, _skipBytes),
                    () => new RowGroupEncoder(_parquetSchema, _writerOptions),
                    group => AppendAsync(group, file, builder, output, cancellationToken))
                {
                    Clock = Clock,
                };
                return await groups.RunAsync(rows, file.RowCount, _options, _sketches, askForHelp, cancellationToken).ConfigureAwait(false);
            },
            cancellationToken);

    public void Dispose()
    {
        _mapper.Dispose();
        _encoder.Dispose();
    }

    /// <param name="file">What and where.</param>
    /// <param name="writeRowGroups">Writes them and returns the number of rows.</param>
    /// <param name="cancellationToken">Gives up.</param>
    private async Task<WrittenDataFile> WriteAsync(
        DataFileTarget file, Func<ParquetFileBuilder, IObjectWriter, Task<long>> writeRowGroups, CancellationToken cancellationToken)
    {
        _sketches.Reset(file.PartitionId);
        _gathered.Clear();
        _gathered.Append(ParquetFileBuilder.Header.Span);
        var builder = new ParquetFileBuilder(_parquetSchema, _writerOptions);
        long length;
        long rowCount;
        var begun = Clock?.Begin() ?? default;
        var output = await file.Store.CreateAsync(file.Path, cancellationToken).ConfigureAwait(false);
        Clock?.End(ClockedStage.Put, begun);
        await using (output.ConfigureAwait(false))
        {
            rowCount = await writeRowGroups(builder, output).ConfigureAwait(false);
            var footer = builder.Finish(_footer);
            begun = Clock?.Begin() ?? default;
            await PutAsync(footer, output, cancellationToken).ConfigureAwait(false);
            await output.AppendAsync(_gathered.WrittenMemory, cancellationToken).ConfigureAwait(false);
            await output.CompleteAsync(cancellationToken).ConfigureAwait(false);
            Clock?.End(ClockedStage.Put, begun, footer.Length);
            length = output.LengthBytes;
            file.OnBytes(ParquetFileBuilder.Header.Length + footer.Length);
        }

        await WriteSketchesAsync(file, rowCount, cancellationToken).ConfigureAwait(false);
        return new WrittenDataFile(length, rowCount);
    }

    private async Task<long> WriteRowGroupsAsync(
        SortedRows rows, DataFileTarget file, ParquetFileBuilder builder, IObjectWriter output, CancellationToken cancellationToken)
    {
        long written = 0;
        while (RowPieces.AreLeft(rows, file.RowCount - written))
        {
            cancellationToken.ThrowIfCancellationRequested();
            await AppendAsync(EncodeRowGroup(rows, file.RowCount, ref written), file, builder, output, cancellationToken).ConfigureAwait(false);
        }

        return written;
    }

    private async Task AppendAsync(
        EncodedRowGroup rowGroup, DataFileTarget file, ParquetFileBuilder builder, IObjectWriter output, CancellationToken cancellationToken)
    {
        using (rowGroup)
        {
            builder.Add(rowGroup);
            var begun = Clock?.Begin() ?? default;
            foreach (var segment in rowGroup.Segments)
            {
                await PutAsync(segment, output, cancellationToken).ConfigureAwait(false);
            }

            Clock?.End(ClockedStage.Put, begun, rowGroup.Length);

            file.OnBytes(rowGroup.Length);
        }
    }

    /// <summary>Gathers a piece of the file, or puts what is gathered and the piece.</summary>
    private async ValueTask PutAsync(ReadOnlyMemory<byte> piece, IObjectWriter output, CancellationToken cancellationToken)
    {
        if (_gathered.Length + (long)piece.Length <= GatheredBytes)
        {
            _gathered.Append(piece.Span);
            return;
        }

        await output.AppendAsync(_gathered.WrittenMemory, cancellationToken).ConfigureAwait(false);
        _gathered.Clear();
        await output.AppendAsync(piece, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Encodes rows until the row group is full or none are left.</summary>
    private EncodedRowGroup EncodeRowGroup(SortedRows rows, long? rowCount, ref long written)
    {
        long groupRows = Math.Min(rowCount - written ?? long.MaxValue, _options.RowGroupRows);
        long groupBytes = _options.RowGroupBytes;
        while (groupRows > 0 && groupBytes > 0 && (rowCount is not null || RowPieces.AreLeft(rows, null)))
        {
            var begun = Clock?.Begin() ?? default;
            long before = groupBytes;
            int count = RowPieces.MapNext(rows, groupRows, ref groupBytes, _mapper, _sketches);
            Clock?.End(ClockedStage.Map, begun, before - groupBytes);
            begun = Clock?.Begin() ?? default;
            for (int column = 0; column < _mapper.Vectors.Count; column++)
            {
                _encoder.Append(column, _mapper.Vectors[column]);
            }

            Clock?.End(ClockedStage.Columns, begun, before - groupBytes);
            groupRows -= count;
            written += count;
        }

        var ended = Clock?.Begin() ?? default;
        var rowGroup = _encoder.Finish();
        Clock?.End(ClockedStage.Columns, ended);
        return rowGroup;
    }

    private async Task WriteSketchesAsync(DataFileTarget file, long rowCount, CancellationToken cancellationToken)
    {
        _sketchBytes.ResetWrittenCount();
        _sketches.Write(rowCount, _sketchBytes);
        var begun = Clock?.Begin() ?? default;
        var output = await file.Store.CreateAsync(file.SketchesPath, cancellationToken).ConfigureAwait(false);
        await using (output.ConfigureAwait(false))
        {
            await output.AppendAsync(_sketchBytes.WrittenMemory, cancellationToken).ConfigureAwait(false);
            await output.CompleteAsync(cancellationToken).ConfigureAwait(false);
        }

        Clock?.End(ClockedStage.Put, begun, _sketchBytes.WrittenCount);
    }
}
