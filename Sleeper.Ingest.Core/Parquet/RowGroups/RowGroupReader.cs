using Sleeper.Ingest.Core.Parquet.Columns;
using Sleeper.Ingest.Core.Parquet.Compression;
using Sleeper.Ingest.Core.Parquet.Metadata;
using Sleeper.Ingest.Core.Parquet.Pages;
using Sleeper.Ingest.Core.Parquet.Schemas;

namespace Sleeper.Ingest.Core.Parquet.RowGroups;

/// <summary>The chosen columns of one row group; gives their rows in order, each column at its own pace.</summary>
/// <remarks>
/// <para>Its column chunks lie in memory if they fit the share that was given; then no read waits. Larger ones are read through windows, one page in
/// memory at the least; of a file that is far away, the next bytes of each are fetched while the present ones are decoded.</para>
/// <para>Different columns may be read by different threads, one column by one thread at a time. Owns its memory; dispose it when no thread reads.
/// After an error of a column that column must not be read again.</para>
/// </remarks>
internal sealed class RowGroupReader : IDisposable, IAsyncDisposable
{
    /// <summary>Where pages are left out, a gap up to this is read along: bytes count more then, since few are wanted.</summary>
    private const long MaxPageGapBytes = 16 << 10;

    private const int SkipRows = 4096;

    private readonly string _fileName;
    private readonly int _rowGroup;
    private readonly ChunkBytes _bytes;
    private readonly ReadMeter _meter;
    private readonly List<PageBytes> _windows = [];
    private readonly List<PageMemory> _memories = [];
    private readonly Dictionary<int, ColumnChunkReader> _columns = [];
    private volatile bool _isDisposed;

    private RowGroupReader(string fileName, int rowGroup, long rowCount, RowRange rows, ChunkBytes bytes, ReadMeter meter)
    {
        _meter = meter;
        _fileName = fileName;
        _rowGroup = rowGroup;
        _bytes = bytes;
        RowCount = rowCount;
        Rows = rows;
    }

    /// <summary>Rows of the row group, also where a part of them is given.</summary>
    public long RowCount { get; }

    /// <summary>The rows that are given.</summary>
    public RowRange Rows { get; }

    /// <summary>Memory held: the column chunks as stored or their windows, and for each column its dictionary and its present page. Grows while pages are read.</summary>
    public long HeldBytes => _bytes.HeldBytes + _columns.Values.Sum(column => column.HeldBytes);

    /// <summary>Reads the chunks that fit their share, and the first bytes of the others.</summary>
    public static async Task<RowGroupReader> OpenAsync(
        IRandomAccessReader file, int rowGroup, long rowCount, RowRange rows, IReadOnlyList<ChunkPart> parts, ParquetReaderLimits limits,
        DecompressorPool decompressors, SpareBuffers spares, ReadMeter meter, IReadMemory memory, CancellationToken cancellationToken)
    {
        ChunkRange[] ranges = [.. parts.SelectMany(part => part.Stretches).Select(stretch => stretch.Range)];
        long maxGapBytes = parts.Any(part => part.PageRowCounts is not null) ? Math.Min(MaxPageGapBytes, file.RequestCostBytes) : file.RequestCostBytes;
        WindowPlan plan = WindowPlan.Make(ranges, memory.ShareBytes, maxGapBytes);
        IReadOnlyList<ChunkRange> whole = ChunkBytes.Join(ranges.Where((range, i) => plan.WindowBytes[i] == range.Length), plan.MaxGapBytes);
        ChunkBytes bytes = await ChunkBytes.ReadAsync(file, whole, memory, spares, cancellationToken).ConfigureAwait(false);
        var reader = new RowGroupReader(file.Name, rowGroup, rowCount, rows, bytes, meter);
        try
        {
            int next = 0;
            foreach (ChunkPart part in parts)
            {
                var columnMemory = new PageMemory(memory, reader.MeasureAsync, reader.DropNextAsync, spares);
                reader._memories.Add(columnMemory);
                PageBytes[] stretches = [.. part.Stretches.Select(stretch => reader.Open(file, stretch, plan.WindowBytes[next++], columnMemory))];
                var pages = new PageReader(stretches, columnMemory, part.Column, part.Chunk.Codec, limits, decompressors, meter);
                reader._columns.Add(part.Column.Index, new ColumnChunkReader(part, pages, limits));
            }

            await reader.FillWindowsAsync(cancellationToken).ConfigureAwait(false);
            foreach (ColumnChunkReader column in reader._columns.Values)
            {
                column.ReadOn();
            }

            foreach (ChunkPart part in parts)
            {
                await reader.SkipAsync(part.Column, part.Rows.First - part.FirstRow, cancellationToken).ConfigureAwait(false);
            }

            return reader;
        }
        catch
        {
            await reader.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Appends the next rows of a column, at most <paramref name="maxRows"/> and fewer only at the end of the row group.</summary>
    /// <param name="leafColumn">Index among the leaves of the schema; one of those that were asked for when the row group was opened.</param>
    /// <param name="destination">A vector of the column's kind. What it holds already stays.</param>
    /// <param name="maxRows">At least 1.</param>
    /// <param name="cancellationToken">Stops reading the file.</param>
    /// <returns>Rows appended; 0 at the end.</returns>
    /// <exception cref="ParquetFormatException">The bytes are not what they claim to be; the message names file, row group, column and byte.</exception>
    public ValueTask<int> ReadAsync(int leafColumn, ColumnVector destination, int maxRows, CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(maxRows);
        if (!_columns.TryGetValue(leafColumn, out ColumnChunkReader? column))
        {
            throw new ArgumentException($"Column {leafColumn} was not asked for when row group {_rowGroup} of '{_fileName}' was opened.", nameof(leafColumn));
        }

        int rows = column.Begin(destination, maxRows);
        return TryContinue(column, destination) ? ValueTask.FromResult(rows) : FinishAsync(column, destination, rows, cancellationToken);
    }

    /// <summary>Lets go of what was fetched before it is needed; false if that is nothing. May be called by any thread.</summary>
    public async ValueTask<bool> DropNextAsync()
    {
        bool isAny = false;
        foreach (PageBytes window in _windows)
        {
            isAny |= await window.DropNextAsync().ConfigureAwait(false);
        }

        return isAny;
    }

    /// <summary>Waits for the end of reads that are under way, so that all memory is given back.</summary>
    public async ValueTask DisposeAsync()
    {
        await DropNextAsync().ConfigureAwait(false);
        Dispose();
    }

    /// <summary>Frees the memory; that of reads which are under way when they have ended.</summary>
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

    private unsafe PageBytes Open(IRandomAccessReader file, ChunkStretch stretch, long windowBytes, PageMemory memory)
    {
        ChunkRange range = stretch.Range;
        if (windowBytes == range.Length)
        {
            return new PageBytes((nint)_bytes.PointerTo(range), range.Offset, range.Length) { FirstPage = stretch.FirstPage };
        }

        var window = new PageBytes(file, range.Offset, range.Length, windowBytes, memory) { FirstPage = stretch.FirstPage };
        _windows.Add(window);
        return window;
    }

    /// <summary>Passes the rows of a column's first page that lie before those to be given.</summary>
    private async Task SkipAsync(LeafColumn column, long rows, CancellationToken cancellationToken)
    {
        var passed = new ColumnVector(column.VectorKind);
        while (rows > 0)
        {
            rows -= await ReadAsync(column.Index, passed, (int)Math.Min(rows, SkipRows), cancellationToken).ConfigureAwait(false);
            passed.Clear();
        }
    }

    /// <summary>Bytes for one page and the dictionary of each column, as stored and without compression.</summary>
    private async Task<long> MeasureAsync(CancellationToken cancellationToken)
    {
        foreach (ColumnChunkReader column in _columns.Values)
        {
            try
            {
                await column.MeasureAsync(cancellationToken).ConfigureAwait(false);
            }
            catch (ParquetFormatException fault)
            {
                throw fault.In(_fileName, _rowGroup, column.Column.DottedPath);
            }
        }

        return _memories.Sum(memory => memory.NeededBytes);
    }

    /// <summary>Takes the memory of one window after the other, then fills all at the same time.</summary>
    private async Task FillWindowsAsync(CancellationToken cancellationToken)
    {
        foreach (PageBytes window in _windows)
        {
            await window.MakeRoomAsync(1, cancellationToken).ConfigureAwait(false);
        }

        await Task.WhenAll(_windows.Select(window => window.FillAsync(1, cancellationToken).AsTask())).ConfigureAwait(false);
    }

    private async ValueTask<int> FinishAsync(ColumnChunkReader column, ColumnVector destination, int rows, CancellationToken cancellationToken)
    {
        do
        {
            try
            {
                long start = _meter.Start();
                await column.PrepareAsync(cancellationToken).ConfigureAwait(false);
                _meter.AddTimeSince(start);
            }
            catch (ParquetFormatException fault)
            {
                throw AtPage(column, fault);
            }
        }
        while (!TryContinue(column, destination));
        return rows;
    }

    private bool TryContinue(ColumnChunkReader column, ColumnVector destination)
    {
        try
        {
            long start = _meter.Start();
            long before = SizeOf(destination);
            bool isDone = column.TryContinue(destination);
            _meter.Add(SizeOf(destination) - before);
            _meter.AddTimeSince(start);
            GC.KeepAlive(this);
            return isDone;
        }
        catch (ParquetFormatException fault)
        {
            throw AtPage(column, fault);
        }
    }

    private ParquetFormatException AtPage(ColumnChunkReader column, ParquetFormatException fault) =>
        fault.In(_fileName, _rowGroup, column.Column.DottedPath, column.PageNumber, column.PageOffset);
}
