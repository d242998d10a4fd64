using System.Threading.Channels;
using Sleeper.Ingest.Core.Diagnostics;

namespace Sleeper.Ingest.Core.Pipeline;

/// <summary>Works off pieces of input on a fixed number of workers. The one place where this library starts threads.</summary>
/// <remarks>
/// Pieces are taken in the order of their numbers, a bounded number waits, and whoever adds more waits with them. The first error ends
/// everything: it is given to everyone who waits or calls later. One caller at a time.
/// </remarks>
internal sealed class WorkerPool : IAsyncDisposable
{
    private readonly Channel<IngestWork> _channel;
    private readonly SequenceGate _gate;
    private readonly StageClock? _clock;
    private readonly Task[] _workers;
    private readonly CancellationTokenSource _stop = new();
    private readonly Lock _lock = new();
    private long _nextNumber;
    private long _pending;
    private Exception? _error;
    private TaskCompletionSource? _drained;
    private int _isDisposed;

    public WorkerPool(int workers, SequenceGate gate, Func<EncodeContext> newContext, StageClock? clock = null)
    {
        _gate = gate;
        _clock = clock;
        _channel = Channel.CreateBounded<IngestWork>(new BoundedChannelOptions(workers + 1) { SingleWriter = true });

        // All contexts before the first row: afterwards buckets may have taken their memory.
        EncodeContext[] contexts = [.. Enumerable.Range(0, workers).Select(_ => newContext())];
        _workers = [.. contexts.Select(context => Task.Run(() => WorkAsync(context)))];
    }

    /// <summary>The first error, or null.</summary>
    public Exception? Error => Volatile.Read(ref _error);

    /// <summary>Runs other work on so many workers; the first that fails stops the others, and its error is thrown.</summary>
    public static async Task RunAsync(int workers, Func<CancellationToken, Task> body, CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Exception? first = null;
        await Task.WhenAll(Enumerable.Range(0, workers).Select(_ => Task.Run(RunOneAsync, CancellationToken.None))).ConfigureAwait(false);
        if (first is not null)
        {
            System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(first);
        }

        async Task RunOneAsync()
        {
            try
            {
                await body(stop.Token).ConfigureAwait(false);
            }
#pragma warning disable CA1031 // Thrown above, once all have ended.
            catch (Exception error)
#pragma warning restore CA1031
            {
                Interlocked.CompareExchange(ref first, error, null);
                await stop.CancelAsync().ConfigureAwait(false);
            }
        }
    }

    /// <summary>Adds a piece, waiting if too many wait already.</summary>
    public async ValueTask AddAsync(IngestWork work, CancellationToken cancellationToken)
    {
        ThrowIfFailed();
        work.Number = _nextNumber++;
        lock (_lock)
        {
            _pending++;
        }

        try
        {
            var begun = _clock?.Begin() ?? default;
            await _channel.Writer.WriteAsync(work, cancellationToken).ConfigureAwait(false);
            _clock?.End(ClockedStage.ProducerWaits, begun);
        }
        catch (ChannelClosedException)
        {
            ThrowIfFailed();
            throw;
        }
    }

    /// <summary>Waits until all pieces added so far are in their buckets.</summary>
    /// <exception cref="Exception">The first error of any of them.</exception>
    public Task DrainAsync(CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            if (_error is not null)
            {
                return Task.FromException(_error);
            }

            if (_pending == 0)
            {
                return Task.CompletedTask;
            }

            _drained = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return _drained.Task.WaitAsync(cancellationToken);
        }
    }

    /// <summary>Ends the workers when all is worked off.</summary>
    public async Task CompleteAsync(CancellationToken cancellationToken)
    {
        await DrainAsync(cancellationToken).ConfigureAwait(false);
        _channel.Writer.TryComplete();
        await Task.WhenAll(_workers).ConfigureAwait(false);
    }

    public async ValueTask DisposeAsync()
    {
        // Called twice, also at once: both return only when the workers have ended.
        bool isFirst = Interlocked.Exchange(ref _isDisposed, 1) == 0;
        if (isFirst)
        {
            await _stop.CancelAsync().ConfigureAwait(false);
            _channel.Writer.TryComplete();
        }

        await Task.WhenAll(_workers).ConfigureAwait(false);
        if (isFirst)
        {
            _stop.Dispose();
        }
    }

    private async Task WorkAsync(EncodeContext context)
    {
        try
        {
            using var owned = context;
            var begun = _clock?.Begin() ?? default;
            await foreach (var work in _channel.Reader.ReadAllAsync(_stop.Token).ConfigureAwait(false))
            {
                _clock?.End(ClockedStage.WorkerWaits, begun);
                context.Begin(work.Number);
                await work.EncodeAsync(context, _stop.Token).ConfigureAwait(false);
                await context.FinishAsync(_stop.Token).ConfigureAwait(false);
                Done();
                begun = _clock?.Begin() ?? default;
            }
        }
#pragma warning disable CA1031 // Every error of a worker must reach the caller, whatever it is.
        catch (Exception error)
#pragma warning restore CA1031
        {
            Fail(error);
        }
    }

    private void Done()
    {
        TaskCompletionSource? drained = null;
        lock (_lock)
        {
            if (--_pending == 0)
            {
                (drained, _drained) = (_drained, null);
            }
        }

        drained?.SetResult();
    }

    private void Fail(Exception error)
    {
        TaskCompletionSource? drained;
        lock (_lock)
        {
            _error ??= error;
            (drained, _drained) = (_drained, null);
        }

        _channel.Writer.TryComplete();
        _gate.Fail(error);
        drained?.TrySetException(error);
        _stop.Cancel();
    }

    private void ThrowIfFailed()
    {
        if (Error is { } error)
        {
            System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(error);
        }
    }
}
