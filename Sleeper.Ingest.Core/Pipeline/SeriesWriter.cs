using Sleeper.Ingest.Core.ObjectStores;
using Sleeper.Ingest.Core.Rows;

namespace Sleeper.Ingest.Core.Pipeline;

/// <summary>A stream as a series of ingests with the ids <c>id-1</c>, <c>id-2</c>, …: each commits after so many rows or so much time.</summary>
/// <remarks>
/// One call at a time, as with any writer. A timer commits when rows have waited long enough and no call comes; calls wait for it. A Parquet file
/// is never cut: its rows commit together. An error ends the series; what was committed before stays.
/// </remarks>
internal sealed class SeriesWriter : IIngestWriter
{
    private const int RowsBetweenLooksAtTheClock = 256;

    private readonly Func<string, long, CancellationToken, Task<IngestWriter>> _open;
    private readonly long _everyRows;
    private readonly TimeSpan _everyTime;
    private readonly TimeProvider _clock;
    private readonly ITimer _timer;
    private readonly SemaphoreSlim _gate = new(1, 1);
    private readonly List<IngestResult> _results = [];
    private IngestWriter? _current;
    private long _currentSince;
    private long _rowsBefore;
    private int _number;
    private int _busy;
    private Exception? _failure;
    private IngestResult? _result;
    private bool _isDisposed;

    public SeriesWriter(
        string ingestId, long everyRows, TimeSpan everyTime, TimeProvider clock, Func<string, long, CancellationToken, Task<IngestWriter>> open)
    {
        IngestId = ingestId;
        _everyRows = everyRows;
        _everyTime = everyTime;
        _clock = clock;
        _open = open;
        _timer = clock.CreateTimer(_ => _ = CommitWhenDueAsync(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    public string IngestId { get; }

    /// <summary>Each ingest of the series finds out for itself; see the results.</summary>
    public bool IsAlreadyCommitted => false;

    public long RowCount => _rowsBefore + (_current?.RowCount ?? 0);

    public async ValueTask WriteAsync(Row row, CancellationToken cancellationToken = default) =>
        await RunAsync(async writer => await writer.WriteAsync(row, cancellationToken).ConfigureAwait(false), cancellationToken).ConfigureAwait(false);

    public Task WriteAsync(IEnumerable<Row> rows, CancellationToken cancellationToken = default) =>
        WriteInPartsAsync(rows, (writer, part) => writer.WriteAsync(part, cancellationToken), cancellationToken);

    public Task WriteAsync(IAsyncEnumerable<Row> rows, CancellationToken cancellationToken = default) =>
        WriteInPartsAsync(rows, (writer, part) => writer.WriteAsync(part, cancellationToken), cancellationToken);

    public Task WriteAsync<T>(IEnumerable<T> rows, RowMapping<T> mapping, CancellationToken cancellationToken = default) =>
        WriteInPartsAsync(rows, (writer, part) => writer.WriteAsync(part, mapping, cancellationToken), cancellationToken);

    public Task WriteAsync<T>(IAsyncEnumerable<T> rows, RowMapping<T> mapping, CancellationToken cancellationToken = default) =>
        WriteInPartsAsync(rows, (writer, part) => writer.WriteAsync(part, mapping, cancellationToken), cancellationToken);

    public Task WriteParquetAsync(string path, CancellationToken cancellationToken = default) =>
        RunAsync(writer => writer.WriteParquetAsync(path, cancellationToken), cancellationToken);

    public Task WriteParquetAsync(IObjectStore store, string path, CancellationToken cancellationToken = default) =>
        RunAsync(writer => writer.WriteParquetAsync(store, path, cancellationToken), cancellationToken);

    /// <summary>Commits what is left. The result adds up all ingests of the series; its commit number is the last one's.</summary>
    public async Task<IngestResult> CompleteAsync(CancellationToken cancellationToken = default)
    {
        if (_result is { } result)
        {
            return result;
        }

        await RunAsync(
            async () =>
            {
                await CommitAsync(cancellationToken).ConfigureAwait(false);
                _result = AddUp();
            },
            cancellationToken).ConfigureAwait(false);
        return _result!;
    }

    public async ValueTask DisposeAsync()
    {
        if (_isDisposed)
        {
            return;
        }

        _isDisposed = true;
        await _timer.DisposeAsync().ConfigureAwait(false);
        if (_current is { } busy)
        {
            await busy.DisposeAsync().ConfigureAwait(false);
        }

        await _gate.WaitAsync().ConfigureAwait(false);
        if (_current is { } current)
        {
            await current.DisposeAsync().ConfigureAwait(false);
        }

        // A timer that went off just before finds the door open and the writer disposed.
        _gate.Release();
    }

    private Task WriteInPartsAsync<T>(IEnumerable<T> rows, Func<IngestWriter, IEnumerable<T>, Task> write, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(rows);
        return RunAsync(
            async () =>
            {
                using var source = rows.GetEnumerator();
                bool more = source.MoveNext();
                while (more)
                {
                    var writer = await CurrentAsync(cancellationToken).ConfigureAwait(false);
                    await write(writer, NextPart(_everyRows - writer.RowCount)).ConfigureAwait(false);
                    await CommitIfDueAsync(cancellationToken).ConfigureAwait(false);
                }

                IEnumerable<T> NextPart(long left)
                {
                    for (long i = 0; more && i < left && (i % RowsBetweenLooksAtTheClock != 0 || i == 0 || !IsTimeOver()); i++)
                    {
                        yield return source.Current;
                        more = source.MoveNext();
                    }
                }
            },
            cancellationToken);
    }

    private Task WriteInPartsAsync<T>(
        IAsyncEnumerable<T> rows, Func<IngestWriter, IAsyncEnumerable<T>, Task> write, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(rows);
        return RunAsync(
            async () =>
            {
                var source = rows.GetAsyncEnumerator(cancellationToken);
                await using (source.ConfigureAwait(false))
                {
                    bool more = await source.MoveNextAsync().ConfigureAwait(false);
                    while (more)
                    {
                        var writer = await CurrentAsync(cancellationToken).ConfigureAwait(false);
                        await write(writer, NextPartAsync(_everyRows - writer.RowCount)).ConfigureAwait(false);
                        await CommitIfDueAsync(cancellationToken).ConfigureAwait(false);
                    }

                    async IAsyncEnumerable<T> NextPartAsync(long left)
                    {
                        for (long i = 0; more && i < left && (i == 0 || !IsTimeOver()); i++)
                        {
                            yield return source.Current;
                            more = await source.MoveNextAsync().ConfigureAwait(false);
                        }
                    }
                }
            },
            cancellationToken);
    }

    private Task RunAsync(Func<IngestWriter, Task> body, CancellationToken cancellationToken) =>
        RunAsync(
            async () =>
            {
                await body(await CurrentAsync(cancellationToken).ConfigureAwait(false)).ConfigureAwait(false);
                await CommitIfDueAsync(cancellationToken).ConfigureAwait(false);
            },
            cancellationToken);

    private async Task RunAsync(Func<Task> body, CancellationToken cancellationToken)
    {
        await EnterAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            await body().ConfigureAwait(false);
        }
        catch (Exception error)
        {
            _failure ??= error;
            throw;
        }
        finally
        {
            Leave();
        }
    }

    private Task CommitIfDueAsync(CancellationToken cancellationToken) =>
        _current!.RowCount >= _everyRows || IsTimeOver() ? CommitAsync(cancellationToken) : Task.CompletedTask;

    private async Task<IngestWriter> CurrentAsync(CancellationToken cancellationToken)
    {
        if (_current is null)
        {
            _number++;
            _current = await _open(string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{IngestId}-{_number}"), _rowsBefore, cancellationToken).ConfigureAwait(false);
            _currentSince = _clock.GetTimestamp();
            _timer.Change(_everyTime, Timeout.InfiniteTimeSpan);
        }

        return _current;
    }

    private bool IsTimeOver() => _current is not null && _clock.GetElapsedTime(_currentSince) >= _everyTime;

    private async Task CommitAsync(CancellationToken cancellationToken)
    {
        if (_current is not { } current)
        {
            return;
        }

        var result = await current.CompleteAsync(cancellationToken).ConfigureAwait(false);
        _results.Add(result);
        _rowsBefore += current.RowCount;
        _current = null;
        await current.DisposeAsync().ConfigureAwait(false);
    }

    private async Task CommitWhenDueAsync()
    {
        await _gate.WaitAsync().ConfigureAwait(false);
        try
        {
            if (!_isDisposed && _failure is null && IsTimeOver())
            {
                await CommitAsync(CancellationToken.None).ConfigureAwait(false);
            }
        }
#pragma warning disable CA1031 // There is no caller here: the next call gets the error.
        catch (Exception error)
#pragma warning restore CA1031
        {
            _failure ??= error;
        }
        finally
        {
            _gate.Release();
        }
    }

    private async Task EnterAsync(CancellationToken cancellationToken)
    {
        if (Interlocked.CompareExchange(ref _busy, 1, 0) != 0)
        {
            throw new InvalidOperationException(
                "Another call of this writer is under way. A writer takes one call at a time: await each before the next, or open a writer for each thread.");
        }

        try
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            await _gate.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (Exception error)
        {
            if (error is OperationCanceledException)
            {
                _failure ??= error;
            }

            Volatile.Write(ref _busy, 0);
            throw;
        }

        if (_failure is not null || _result is not null)
        {
            Leave();
            throw _failure is not null
                ? new IngestPoisonedException(IngestId, _failure)
                : new InvalidOperationException($"The ingest '{IngestId}' is complete and takes no more rows. Open a new writer.");
        }
    }

    private void Leave()
    {
        _gate.Release();
        Volatile.Write(ref _busy, 0);
    }

    private IngestResult AddUp()
    {
        var committed = _results.Where(r => r.Outcome != IngestOutcome.NothingToCommit).ToList();
        return new IngestResult
        {
            IngestId = IngestId,
            Outcome = committed.Count == 0 ? IngestOutcome.NothingToCommit
                : committed.Exists(r => r.Outcome == IngestOutcome.Queued) ? IngestOutcome.Queued
                : committed.TrueForAll(r => r.Outcome == IngestOutcome.AlreadyCommitted) ? IngestOutcome.AlreadyCommitted
                : IngestOutcome.Committed,
            CommitNumber = committed.Count == 0 ? 0 : committed[^1].CommitNumber,
            RowCount = _results.Sum(r => r.RowCount),
            InputRowCount = _results.Sum(r => r.InputRowCount),
            RejectedRowCount = _results.Sum(r => r.RejectedRowCount),
            Files = [.. _results.SelectMany(r => r.Files)],
            LeafCount = _results.Count == 0 ? 0 : _results[^1].LeafCount,
            InputBytes = _results.Sum(r => r.InputBytes),
            OutputBytes = _results.Sum(r => r.OutputBytes),
            SpilledBytes = _results.Sum(r => r.SpilledBytes),
            SpilledRowCount = _results.Sum(r => r.SpilledRowCount),
            RespilledRowCount = _results.Sum(r => r.RespilledRowCount),
            PeakMemoryBytes = _results.Select(r => r.PeakMemoryBytes).DefaultIfEmpty().Max(),
            Times = _results.Aggregate(
                new IngestTimes(default, default, default, default),
                (sum, r) => new IngestTimes(
                    sum.Accepting + r.Times.Accepting, sum.Writing + r.Times.Writing, sum.Syncing + r.Times.Syncing, sum.Committing + r.Times.Committing)),
        };
    }
}
