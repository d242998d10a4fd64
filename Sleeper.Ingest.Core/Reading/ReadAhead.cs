using Sleeper.Ingest.Core.Buffers;

namespace Sleeper.Ingest.Core.Reading;

/// <summary>Opens files and decodes their first rows before it is their turn, several at the same time, as far as memory goes. Knows the files whose turn it is, which read on.</summary>
/// <remarks>
/// Files are begun in the order in which they are needed at the latest: by their least wanted key. What goes wrong with one is thrown when it is taken, so
/// that the rows before it are given first. One caller at a time; what runs in the background touches its own file only.
/// </remarks>
internal sealed class ReadAhead : IAsyncDisposable
{
    private readonly ReadContext _context;
    private readonly MemoryBudget _budget;
    private readonly PlannedReference[] _inOrder;
    private readonly Dictionary<int, Task<DataFileCursor?>> _begun = [];
    private readonly HashSet<int> _taken = [];
    private readonly List<DataFileCursor> _open = [];
    private readonly CancellationToken _cancellationToken;
    private CancellationTokenSource _stop;
    private int _most;
    private int _next;

    public ReadAhead(ReadContext context, MemoryBudget budget, IEnumerable<PlannedReference> planned, CancellationToken cancellationToken)
    {
        _context = context;
        _budget = budget;
        _inOrder = [.. planned.OrderBy(p => p.Lower, Comparer<byte[]>.Create((l, r) => l.AsSpan().SequenceCompareTo(r))).ThenBy(p => p.Ordinal)];
        _most = context.FilesAhead;
        _cancellationToken = cancellationToken;
        _stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
    }

    /// <summary>The cursor of a reference whose turn it is; at its first row if it was read ahead.</summary>
    /// <exception cref="TableReadException">The file is missing, damaged, or has other columns.</exception>
    public async ValueTask<DataFileCursor> TakeAsync(PlannedReference planned)
    {
        Begin();
        _taken.Add(planned.Ordinal);
        DataFileCursor? cursor = null;
        if (_begun.Remove(planned.Ordinal, out var ahead))
        {
            Begin();
            cursor = await ahead.ConfigureAwait(false);
        }

        if (cursor is null)
        {
            return await OpenAsync(planned, FilePosition.Start).ConfigureAwait(false);
        }

        TakeTurn(cursor);
        return cursor;
    }

    /// <summary>Opens a file whose turn it is, at a place in it.</summary>
    /// <exception cref="TableReadException">The file is missing, damaged, or has other columns.</exception>
    /// <exception cref="ShortMemoryException">There is no memory for its footer.</exception>
    public async ValueTask<DataFileCursor> OpenAsync(PlannedReference planned, FilePosition position)
    {
        _taken.Add(planned.Ordinal);
        var cursor = await DataFileCursor.OpenAsync(_context, planned, MemoryOf(planned, isAhead: false), position, _cancellationToken).ConfigureAwait(false);
        TakeTurn(cursor);
        return cursor;
    }

    public async ValueTask DisposeAsync()
    {
        await DropAsync().ConfigureAwait(false);
        _stop.Dispose();
    }

    private void TakeTurn(DataFileCursor cursor)
    {
        _open.RemoveAll(other => other.IsDisposed);
        _open.Add(cursor);
        cursor.TakeTurn(_cancellationToken);
    }

    private FileMemory MemoryOf(PlannedReference planned, bool isAhead) =>
        new(_context, _budget, planned.Reference.FileName, GiveWayAsync) { IsAhead = isAhead };

    private void Begin()
    {
        while (_begun.Count < _most && _next < _inOrder.Length && _budget.FreeBytes >= (2 * _context.FileShareBytes) + _context.StretchBytes)
        {
            var planned = _inOrder[_next++];
            if (!_taken.Contains(planned.Ordinal))
            {
                var token = _stop.Token;
                var begin = Task.Factory.StartNew(() => BeginAsync(planned, token), CancellationToken.None, TaskCreationOptions.DenyChildAttach, _context.Scheduler);
                _begun.Add(planned.Ordinal, begin.Unwrap());
            }
        }
    }

    private async Task<DataFileCursor?> BeginAsync(PlannedReference planned, CancellationToken cancellationToken)
    {
        DataFileCursor? cursor = null;
        bool isKept = false;
        try
        {
            cursor = await DataFileCursor.OpenAsync(_context, planned, MemoryOf(planned, isAhead: true), FilePosition.Start, cancellationToken).ConfigureAwait(false);
            await cursor.MoveToNextStretchAsync(cancellationToken).ConfigureAwait(false);
            isKept = true;
            return cursor;
        }
        catch (InsufficientMemoryException)
        {
            return null;
        }
        finally
        {
            if (!isKept && cursor is not null)
            {
                await cursor.DisposeAsync().ConfigureAwait(false);
            }
        }
    }

    /// <summary>Lets go of everything that is read ahead; from then on half as many files are, so that the same bytes are not read twice again and again.</summary>
    private async ValueTask<bool> GiveWayAsync()
    {
        bool isAny = _begun.Count > 0;
        foreach (var cursor in _open)
        {
            isAny |= await cursor.DropReadOnAsync().ConfigureAwait(false);
        }

        if (_begun.Count == 0)
        {
            return isAny;
        }

        _most /= 2;
        await DropAsync().ConfigureAwait(false);
        _stop.Dispose();
        _stop = CancellationTokenSource.CreateLinkedTokenSource(_cancellationToken);
        return true;
    }

    private async ValueTask DropAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        foreach (var ahead in _begun.Values)
        {
            await ((Task)ahead).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (ahead.IsCompletedSuccessfully && await ahead.ConfigureAwait(false) is { } cursor)
            {
                await cursor.DisposeAsync().ConfigureAwait(false);
            }
        }

        _begun.Clear();
    }
}
