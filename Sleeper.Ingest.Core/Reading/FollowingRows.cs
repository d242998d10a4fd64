namespace Sleeper.Ingest.Core.Reading;

/// <summary>Rows of a file that are being opened while those before them are decoded. Taken or disposed of, once.</summary>
internal sealed class FollowingRows : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop;
    private readonly Task<OpenRows> _rows;

    private FollowingRows(CancellationTokenSource stop, Task<OpenRows> rows)
    {
        _stop = stop;
        _rows = rows;
    }

    public static FollowingRows Begin(Func<CancellationToken, Task<OpenRows>> openAsync, CancellationToken cancellationToken)
    {
        var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        return new FollowingRows(stop, openAsync(stop.Token));
    }

    /// <summary>The rows, whose turn it is now; null if there was no memory for them.</summary>
    public async ValueTask<OpenRows?> TakeAsync()
    {
        try
        {
            var rows = await _rows.ConfigureAwait(false);
            rows.Memory.IsAhead = false;
            return rows;
        }
        catch (InsufficientMemoryException)
        {
            return null;
        }
        finally
        {
            _stop.Dispose();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        await ((Task)_rows).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (_rows.IsCompletedSuccessfully)
        {
            await (await _rows.ConfigureAwait(false)).CloseAsync().ConfigureAwait(false);
        }

        _stop.Dispose();
    }
}
