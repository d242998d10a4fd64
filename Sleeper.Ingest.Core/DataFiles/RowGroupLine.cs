using System.Threading.Channels;
using Sleeper.Ingest.Core.Diagnostics;
using Sleeper.Ingest.Core.Parquet.RowGroups;
using Sleeper.Ingest.Core.Sketches;

namespace Sleeper.Ingest.Core.DataFiles;

/// <summary>Row groups of one file, encoded side by side and appended in order.</summary>
/// <remarks>
/// <code>
/// sorted rows ──▶ columns of a whole group ──▶ waiting line ──▶ encoders ──▶ appended in order
///                 (this thread)                (helpers long)
/// </code>
/// Rows come from one cursor, so one thread maps them, and its copies of the columns free it from where the rows lie. When the line is full that
/// thread encodes the group that has waited longest instead of waiting, so all threads are busy, and the file is written to its end also if no helper ever
/// comes. A group's rows and bytes decide where it ends, nothing else.
/// </remarks>
internal sealed class RowGroupLine : IDisposable
{
    private readonly Channel<Group> _line;
    private readonly Channel<Group> _free;
    private readonly Channel<RowGroupEncoder> _encoders;
    private readonly Func<EncodedRowGroup, Task> _append;
    private readonly List<Group> _groups = [];
    private readonly int _helpers;
    private readonly Lock _lock = new();
    private readonly Dictionary<long, TaskCompletionSource> _turns = [];
    private readonly TaskCompletionSource _helpersGone = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _nextToAppend;
    private int _helpersHere;
    private bool _isDone;
    private Exception? _failure;

    public RowGroupLine(int encoders, Func<RowColumnMapper> newMapper, Func<RowGroupEncoder> newEncoder, Func<EncodedRowGroup, Task> append)
    {
        _append = append;
        _helpers = encoders - 1;
        _line = Channel.CreateBounded<Group>(_helpers);
        _free = Channel.CreateUnbounded<Group>();
        _encoders = Channel.CreateUnbounded<RowGroupEncoder>();
        for (int i = 0; i < encoders; i++)
        {
            _encoders.Writer.TryWrite(newEncoder());
        }

        // One in each helper's hands, as many in the line, and one being filled.
        for (int i = 0; i < (2 * _helpers) + 1; i++)
        {
            var group = new Group(newMapper);
            _groups.Add(group);
            _free.Writer.TryWrite(group);
        }
    }

    /// <summary>Told what each stage takes; null for nobody.</summary>
    public StageClock? Clock { get; init; }

    /// <summary>Encodes and appends so many rows, or all that are left; returns how many.</summary>
    /// <param name="rows">Sorted.</param>
    /// <param name="rowCount">Null for all.</param>
    /// <param name="options">Where groups end.</param>
    /// <param name="sketches">Fed on the way.</param>
    /// <param name="askForHelp">
    /// Told how many may help, and what they are to do. They may begin at any time or never, also when this call has ended: then there is nothing to do.
    /// </param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task<long> RunAsync(
        SortedRows rows, long? rowCount, DataFileOptions options, SketchSet sketches, Action<int, Func<Task>> askForHelp, CancellationToken cancellationToken)
    {
        long filled = 0;
        askForHelp(_helpers, () => HelpAsync(cancellationToken));
        try
        {
            long number = 0;
            while (RowPieces.AreLeft(rows, rowCount - filled))
            {
                cancellationToken.ThrowIfCancellationRequested();
                var group = await _free.Reader.ReadAsync(cancellationToken).ConfigureAwait(false);
                var begun = Clock?.Begin() ?? default;
                filled += group.Fill(number++, rows, rowCount - filled, options, sketches);
                Clock?.End(ClockedStage.Map, begun);
                while (!_line.Writer.TryWrite(group))
                {
                    // The one that has waited longest: a later one would wait for its turn behind it, for ever if nobody helps.
                    await EncodeNextAsync(cancellationToken).ConfigureAwait(false);
                }
            }

            _line.Writer.TryComplete();
            while (await EncodeNextAsync(cancellationToken).ConfigureAwait(false))
            {
            }
        }
        catch (Exception error)
        {
            Fail(error);
        }

        await HelpersEndAsync().ConfigureAwait(false);
        if (_failure is not null)
        {
            System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(_failure);
        }

        return filled;
    }

    public void Dispose()
    {
        foreach (var group in _groups)
        {
            group.Dispose();
        }

        while (_encoders.Reader.TryRead(out var encoder))
        {
            encoder.Dispose();
        }
    }

    private async Task HelpAsync(CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            if (_isDone)
            {
                return;
            }

            _helpersHere++;
        }

        try
        {
            await foreach (var group in _line.Reader.ReadAllAsync(cancellationToken).ConfigureAwait(false))
            {
                await EncodeAsync(group, cancellationToken).ConfigureAwait(false);
            }
        }
#pragma warning disable CA1031 // The first error of any worker is thrown by RunAsync.
        catch (Exception error)
#pragma warning restore CA1031
        {
            Fail(error);
        }

        lock (_lock)
        {
            if (--_helpersHere == 0 && _isDone)
            {
                _helpersGone.SetResult();
            }
        }
    }

    /// <summary>Lets no more helpers in and waits for those that are here.</summary>
    private Task HelpersEndAsync()
    {
        lock (_lock)
        {
            _isDone = true;
            return _helpersHere == 0 ? Task.CompletedTask : _helpersGone.Task;
        }
    }

    /// <summary>Encodes the group that has waited longest; false if none waits.</summary>
    private async ValueTask<bool> EncodeNextAsync(CancellationToken cancellationToken)
    {
        if (!_line.Reader.TryRead(out var group))
        {
            return false;
        }

        await EncodeAsync(group, cancellationToken).ConfigureAwait(false);
        return true;
    }

    private async Task EncodeAsync(Group group, CancellationToken cancellationToken)
    {
        _encoders.Reader.TryRead(out var encoder);
        EncodedRowGroup encoded;
        try
        {
            var begun = Clock?.Begin() ?? default;
            encoded = group.Encode(encoder!);
            Clock?.End(ClockedStage.Columns, begun, encoded.Length);
        }
        finally
        {
            _encoders.Writer.TryWrite(encoder!);
        }

        long number = group.Number;
        _free.Writer.TryWrite(group);
        await TurnAsync(number).WaitAsync(cancellationToken).ConfigureAwait(false);
        await _append(encoded).ConfigureAwait(false);
        Pass(number);
    }

    private Task TurnAsync(long number)
    {
        lock (_lock)
        {
            if (_failure is not null)
            {
                return Task.FromException(_failure);
            }

            if (number == _nextToAppend)
            {
                return Task.CompletedTask;
            }

            var turn = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _turns.Add(number, turn);
            return turn.Task;
        }
    }

    private void Pass(long number)
    {
        TaskCompletionSource? next;
        lock (_lock)
        {
            _nextToAppend = number + 1;
            _turns.Remove(_nextToAppend, out next);
        }

        next?.SetResult();
    }

    private void Fail(Exception error)
    {
        TaskCompletionSource[] turns;
        lock (_lock)
        {
            _failure ??= error;
            turns = [.. _turns.Values];
            _turns.Clear();
        }

        // Whoever waits for a free group, a place in the line or a turn learns of it there.
        _line.Writer.TryComplete(error);
        _free.Writer.TryComplete(error);
        foreach (var turn in turns)
        {
            turn.TrySetException(error);
        }
    }

    /// <summary>The columns of one row group, in pieces of a few thousand rows.</summary>
    private sealed class Group(Func<RowColumnMapper> newMapper) : IDisposable
    {
        private readonly List<RowColumnMapper> _pieces = [];
        private int _used;

        public long Number { get; private set; }

        /// <summary>Maps the next rows; returns how many the group has.</summary>
        public long Fill(long number, SortedRows rows, long? left, DataFileOptions options, SketchSet sketches)
        {
            Number = number;
            _used = 0;
            long groupRows = Math.Min(left ?? long.MaxValue, options.RowGroupRows);
            long groupBytes = options.RowGroupBytes;
            long filled = 0;
            while (groupRows > 0 && groupBytes > 0 && (left is not null || RowPieces.AreLeft(rows, null)))
            {
                if (_used == _pieces.Count)
                {
                    _pieces.Add(newMapper());
                }

                int count = RowPieces.MapNext(rows, groupRows, ref groupBytes, _pieces[_used++], sketches);
                groupRows -= count;
                filled += count;
            }

            return filled;
        }

        public EncodedRowGroup Encode(RowGroupEncoder encoder)
        {
            for (int piece = 0; piece < _used; piece++)
            {
                var vectors = _pieces[piece].Vectors;
                for (int column = 0; column < vectors.Count; column++)
                {
                    encoder.Append(column, vectors[column]);
                }
            }

            return encoder.Finish();
        }

        public void Dispose() => _pieces.ForEach(piece => piece.Dispose());
    }
}
