using System.Collections.Concurrent;
using System.Runtime.ExceptionServices;
using System.Threading.Channels;
using Sleeper.Ingest.Core.ObjectStores;
using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.Schemas;
using Sleeper.Ingest.Core.StateStores;

namespace Sleeper.Ingest.Core.Pipeline;

/// <summary>One ingest, from the first row to the commit.</summary>
/// <remarks>
/// <code>
/// open ──write──▶ open ──complete──▶ completed
///   │                │
///   └── any error or cancellation ──▶ failed: memory and spill files are freed at once, every later call says why
/// </code>
/// Objects are only made while completing; if that fails they are removed, unless it is not known whether the commit took effect.
/// </remarks>
internal sealed class IngestWriter : IIngestWriter
{
    private const int MaxRowsPerWork = 4096;
    private const int FirstRowsPerWork = 256;
    private const int BytesPerWork = 256 * 1024;

    private readonly IngestTarget _target;
    private readonly IngestPipeline _pipeline;
    private readonly ProgressMeter _meter;
    private readonly SingleRows _singleRows;
    private readonly long _openedAt;
    private readonly CommitResult? _committed;
    private IngestResult? _result;
    private Exception? _failure;
    private long _rowCount;
    private long _inputBytes;
    private int _busy;
    private int _disposals;
    private volatile bool _isDisposed;
    private volatile TaskCompletionSource? _idle;

    public IngestWriter(IngestTarget target, IngestPipeline pipeline, ProgressMeter meter, CommitResult? committed)
    {
        _target = target;
        _pipeline = pipeline;
        _meter = meter;
        _committed = committed;
        _singleRows = new SingleRows(pipeline, target.Schema, target.Order, target.OnRowError, meter);
        _openedAt = target.Clock.GetTimestamp();
    }

    public string IngestId => _target.IngestId;

    public bool IsAlreadyCommitted => _committed is not null;

    public long RowCount => Interlocked.Read(ref _rowCount);

    /// <summary>The number of the first row in messages; not 0 for the later ingests of a series.</summary>
    public long FirstRowNumber { get; init; }

    /// <summary>True if the commit goes through an instance's committer.</summary>
    public bool QueuesCommit => _target.QueuesCommit;

    /// <summary>All memory of this ingest; nothing of it is in use once the writer is disposed.</summary>
    public Buffers.MemoryBudget Budget => _pipeline.Budget;

    private Schema Schema => _target.Schema;

    public ValueTask WriteAsync(Row row, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(row);
        Enter();
        try
        {
            cancellationToken.ThrowIfCancellationRequested();
            bool hasRoom = IsAlreadyCommitted || _singleRows.TryWrite(row, FirstRowNumber + _rowCount);
            _rowCount++;
            if (hasRoom)
            {
                Leave();
                return ValueTask.CompletedTask;
            }
        }
        catch (Exception error)
        {
            return new ValueTask(FailAndLeaveAsync(error));
        }

        return new ValueTask(RunEnteredAsync(() => FlushSingleRowsAsync(cancellationToken)));
    }

    public Task WriteAsync(IEnumerable<Row> rows, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(rows);
        return RunAsync(() => WriteRowsAsync(rows, NewRowEncoder, cancellationToken));
    }

    public Task WriteAsync(IAsyncEnumerable<Row> rows, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(rows);
        return RunAsync(() => WriteRowsAsync(rows, NewRowEncoder, cancellationToken));
    }

    public Task WriteAsync<T>(IEnumerable<T> rows, RowMapping<T> mapping, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(rows);
        CheckMapping(mapping);
        return RunAsync(() => WriteRowsAsync(rows, () => new TypedRowEncoder<T>(mapping, _target.Order, _pipeline.Limits).Encode, cancellationToken));
    }

    public Task WriteAsync<T>(IAsyncEnumerable<T> rows, RowMapping<T> mapping, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(rows);
        CheckMapping(mapping);
        return RunAsync(() => WriteRowsAsync(rows, () => new TypedRowEncoder<T>(mapping, _target.Order, _pipeline.Limits).Encode, cancellationToken));
    }

    public Task WriteParquetAsync(string path, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(path);
        return RunAsync(async () =>
        {
            var source = await ObjectFileReader.OpenLocalAsync(path, cancellationToken).ConfigureAwait(false);
            await using (source.ConfigureAwait(false))
            {
                await WriteFileAsync(source, cancellationToken).ConfigureAwait(false);
            }
        });
    }

    public Task WriteParquetAsync(IObjectStore store, string path, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(store);
        ArgumentException.ThrowIfNullOrWhiteSpace(path);
        return RunAsync(async () =>
        {
            var source = await ObjectFileReader.OpenAsync(store, path, cancellationToken).ConfigureAwait(false);
            await using (source.ConfigureAwait(false))
            {
                await WriteFileAsync(source, cancellationToken).ConfigureAwait(false);
            }
        });
    }

    public async Task<IngestResult> CompleteAsync(CancellationToken cancellationToken = default)
    {
        if (_result is { } result)
        {
            return result;
        }

        await RunAsync(async () =>
        {
            _result = await CompleteOnceAsync(cancellationToken).ConfigureAwait(false);
            await _pipeline.DisposeAsync().ConfigureAwait(false);
        }).ConfigureAwait(false);
        return _result!;
    }

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposals, 1) != 0)
        {
            return;
        }

        var idle = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _isDisposed = true;
        _idle = idle;
        if (Interlocked.CompareExchange(ref _busy, 1, 0) != 0)
        {
            // A call is under way on another thread: what it works in must not be freed before it has ended.
            await _pipeline.StopAsync().ConfigureAwait(false);
            await idle.Task.ConfigureAwait(false);
        }
        else
        {
            Leave();
        }

        _singleRows.Dispose();
        await _pipeline.DisposeAsync().ConfigureAwait(false);
    }

    private Func<Row, RowBatch, RowFault?> NewRowEncoder() => new RowEncoder(Schema, _target.Order, _pipeline.Limits).Encode;

    private void CheckMapping<T>(RowMapping<T> mapping)
    {
        ArgumentNullException.ThrowIfNull(mapping);
        if (!mapping.Schema.Equals(Schema))
        {
            throw new ArgumentException($"The mapping was made for another schema. The mapping's: {mapping.Schema}. The table's: {Schema}.", nameof(mapping));
        }
    }

    private Task FlushSingleRowsAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return _singleRows.FlushAsync(cancellationToken);
    }

    private async Task WriteRowsAsync<T>(IEnumerable<T> rows, Func<Func<T, RowBatch, RowFault?>> newEncoder, CancellationToken cancellationToken)
    {
        await FlushSingleRowsAsync(cancellationToken).ConfigureAwait(false);
        var work = new WorkBuilder<T>(this, newEncoder);
        foreach (var row in rows)
        {
            if (work.Add(row))
            {
                await work.SendAsync(cancellationToken).ConfigureAwait(false);
            }
        }

        await work.SendAsync(cancellationToken).ConfigureAwait(false);
        await _pipeline.DrainAsync(cancellationToken).ConfigureAwait(false);
    }

    private async Task WriteRowsAsync<T>(IAsyncEnumerable<T> rows, Func<Func<T, RowBatch, RowFault?>> newEncoder, CancellationToken cancellationToken)
    {
        await FlushSingleRowsAsync(cancellationToken).ConfigureAwait(false);
        var work = new WorkBuilder<T>(this, newEncoder);
        await foreach (var row in rows.WithCancellation(cancellationToken).ConfigureAwait(false))
        {
            if (work.Add(row))
            {
                await work.SendAsync(cancellationToken).ConfigureAwait(false);
            }
        }

        await work.SendAsync(cancellationToken).ConfigureAwait(false);
        await _pipeline.DrainAsync(cancellationToken).ConfigureAwait(false);
    }

    private async Task WriteFileAsync(ObjectFileReader source, CancellationToken cancellationToken)
    {
        await FlushSingleRowsAsync(cancellationToken).ConfigureAwait(false);
        using var input = await ParquetInput.OpenAsync(source, Schema, _target.Mapping, _target.ParquetLimits, _target.Order, cancellationToken).ConfigureAwait(false);
        if (input.UnusedColumns.Count > 0)
        {
            PipelineLog.UnusedColumns(_target.Logger, input.Name, string.Join(", ", input.UnusedColumns));
        }

        _inputBytes += source.Length;
        var rowGroups = input.File.Metadata.RowGroups;
        _meter.Expect(_rowCount + rowGroups.Sum(g => g.NumRows));
        for (int i = 0; i < rowGroups.Count; i++)
        {
            long rows = rowGroups[i].NumRows;
            if (!IsAlreadyCommitted)
            {
                await _pipeline.AddAsync(new ParquetWork(input, i) { FirstRowNumber = FirstRowNumber + _rowCount }, cancellationToken).ConfigureAwait(false);
            }

            _rowCount += rows;
            _meter.Accepted(rows);
        }

        await _pipeline.DrainAsync(cancellationToken).ConfigureAwait(false);
        foreach (string field in input.FieldsWithRepeatedMapKeys)
        {
            PipelineLog.RepeatedMapKey(_target.Logger, input.Name, field);
        }
    }

    private async Task<IngestResult> CompleteOnceAsync(CancellationToken cancellationToken)
    {
        await FlushSingleRowsAsync(cancellationToken).ConfigureAwait(false);
        long rows = await _pipeline.FinishRowsAsync(cancellationToken).ConfigureAwait(false);
        var accepting = _target.Clock.GetElapsedTime(_openedAt);
        _meter.Enter(IngestStage.Writing);
        var completion = new IngestCompletion(_target, _pipeline, _meter);
        var result = _committed is { } earlier
            ? await completion.AlreadyCommittedAsync(earlier, cancellationToken).ConfigureAwait(false)
            : rows == 0
                ? completion.Nothing()
                : await completion.RunAsync(cancellationToken).ConfigureAwait(false);
        _meter.Enter(IngestStage.Done);
        long rejected = _pipeline.RejectedRowCount + _singleRows.RejectedRowCount;
        return result with
        {
            InputRowCount = _rowCount - rejected,
            RejectedRowCount = rejected,
            InputBytes = _inputBytes > 0 ? _inputBytes : _pipeline.EncodedBytes,
            SpilledBytes = _pipeline.SpilledBytes,
            SpilledRowCount = _pipeline.SpilledRows,
            RespilledRowCount = _pipeline.RespilledRows,
            PeakMemoryBytes = _pipeline.Budget.PeakBytes,
            LeafCount = _pipeline.Tree?.Leaves.Count ?? 0,
            Times = result.Times with { Accepting = accepting },
        };
    }

    private Task RunAsync(Func<Task> body)
    {
        Enter();
        return RunEnteredAsync(body);
    }

    private async Task RunEnteredAsync(Func<Task> body)
    {
        try
        {
            await body().ConfigureAwait(false);
            Leave();
        }
        catch (Exception error)
        {
            await FailAndLeaveAsync(error).ConfigureAwait(false);
        }
    }

    /// <summary>One call at a time, none after a failure, a completion or a disposal.</summary>
    private void Enter()
    {
        if (Interlocked.CompareExchange(ref _busy, 1, 0) != 0)
        {
            throw new InvalidOperationException(
                "Another call of this writer is under way. A writer takes one call at a time: await each before the next, or open a writer for each thread.");
        }

        try
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            if (_failure is not null)
            {
                throw new IngestPoisonedException(IngestId, _failure);
            }

            if (_result is not null)
            {
                throw new InvalidOperationException($"The ingest '{IngestId}' is complete and takes no more rows. Open a new writer.");
            }
        }
        catch
        {
            Leave();
            throw;
        }
    }

    private void Leave()
    {
        // With a full fence before the look, so that a disposal that saw this call is seen.
        Interlocked.Exchange(ref _busy, 0);
        _idle?.TrySetResult();
    }

    /// <summary>Remembers the first error, frees everything, and throws the error again.</summary>
    private async Task FailAndLeaveAsync(Exception error)
    {
        _failure ??= error;
        _target.OnFailure();
        try
        {
            await _pipeline.DisposeAsync().ConfigureAwait(false);
        }
#pragma warning disable CA1031 // A failure while cleaning up must not hide the first one; it is logged.
        catch (Exception second)
#pragma warning restore CA1031
        {
            PipelineLog.CleanUpFailed(_target.Logger, IngestId, second);
        }

        Leave();
        if (_isDisposed && error is (OperationCanceledException or ChannelClosedException))
        {
            throw new ObjectDisposedException(
                $"The writer of the ingest '{IngestId}' was disposed while a call was under way, so the call was ended and nothing of the ingest is visible.", error);
        }

        ExceptionDispatchInfo.Throw(error);
    }

    /// <summary>Collects rows into pieces: few rows while their size is unknown or large, thousands when they are small.</summary>
    /// <remarks>Arrays and encoders of pieces that are done are used again: shared arrays, returned on other threads, were allocated anew for one piece in five.</remarks>
    private sealed class WorkBuilder<T>(IngestWriter writer, Func<Func<T, RowBatch, RowFault?>> newEncoder)
    {
        private readonly ConcurrentQueue<(T[] Rows, Func<T, RowBatch, RowFault?> Encode)> _done = new();
        private T[] _rows = [];
        private Func<T, RowBatch, RowFault?>? _encode;
        private int _count;
        private int _capacity = FirstRowsPerWork;

        /// <summary>True if the piece is full and must be sent.</summary>
        public bool Add(T row)
        {
            if (_count == 0)
            {
                _capacity = writer.RowsPerWork(_capacity);
                TakePiece();
            }

            _rows[_count++] = row;
            return _count == _capacity;
        }

        public async ValueTask SendAsync(CancellationToken cancellationToken)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (_count == 0)
            {
                return;
            }

            long firstRow = writer.FirstRowNumber + writer._rowCount;
            writer._rowCount += _count;
            writer._meter.Accepted(_count);
            if (writer.IsAlreadyCommitted)
            {
                Array.Clear(_rows, 0, _count);
                _done.Enqueue((_rows, _encode!));
            }
            else
            {
                var work = new RowWork<T>(_rows, _count, _encode!, _done) { FirstRowNumber = firstRow };
                await writer._pipeline.AddAsync(work, cancellationToken).ConfigureAwait(false);
            }

            _rows = [];
            _count = 0;
        }

        private void TakePiece()
        {
            while (_done.TryDequeue(out var done))
            {
                if (done.Rows.Length >= _capacity)
                {
                    (_rows, _encode) = done;
                    return;
                }
            }

            (_rows, _encode) = (new T[_capacity], newEncoder());
        }
    }

    private int RowsPerWork(int last)
    {
        long rows = _pipeline.RowCount;
        if (rows == 0)
        {
            return last;
        }

        long average = Math.Max(1, _pipeline.EncodedBytes / rows);
        return (int)Math.Clamp(BytesPerWork / average, 16, MaxRowsPerWork);
    }
}
