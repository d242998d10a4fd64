using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Sleeper.Ingest.Core.Buffers;

namespace Sleeper.Ingest.Core.Rows;

/// <summary>Encoded rows on their way to the buckets: the bytes of each row's key and values one after the other, and its leaf.</summary>
/// <remarks>
/// Written row by row: <see cref="BeginRow"/>, any number of <see cref="Reserve"/> and <see cref="Advance"/>, <see cref="EndKey"/>, again,
/// <see cref="EndRow"/>; or <see cref="DiscardRow"/>. Reused: grows as needed and keeps its memory. One thread at a time.
/// The memory counts in the budget; it is part of what the plan sets aside, and a single huge row may take more only if that fits.
/// </remarks>
internal sealed unsafe class RowBatch : IDisposable
{
    /// <summary>Most batches of a small ingest stay empty: with room for all rows at once, opening a writer allocated 9.5 MB.</summary>
    private const int FirstRows = 64;

    private const int CopiedState = 0;
    private const int PlacedState = 1;
    private const int CopyingState = 2;

    private readonly MemoryBudget _budget;
    private readonly int _fullBytes;
    private readonly int _fullRows;
    private readonly Func<long, bool> _tryReserveMore;
    private NativeBuffer _bytes;
    private byte* _start;
    private int _capacity;
    private int _position;
    private int _rowStart;
    private int _keyEnd;
    private NativeBuffer _spanBytes;
    private RowSpan* _spans;
    private int _spanCapacity;
    private NativeBuffer? _placeBytes;
    private volatile int _copyState;

    /// <summary>A batch that calls itself full at so many bytes or rows. Memory for a row that is larger is asked for at the delegate, if one is given.</summary>
    public RowBatch(MemoryBudget budget, int fullBytes, int fullRows, Func<long, bool>? tryReserveMore = null)
    {
        _budget = budget;
        _tryReserveMore = tryReserveMore ?? budget.TryReserve;
        _fullBytes = fullBytes;
        _fullRows = fullRows;
        _spanCapacity = Math.Min(fullRows, FirstRows);
        _spanBytes = new NativeBuffer((nint)_spanCapacity * sizeof(RowSpan));
        _spans = (RowSpan*)_spanBytes.Pointer;
        budget.Reserve(fullBytes);
        _bytes = new NativeBuffer(fullBytes, budget);
        _start = _bytes.Pointer;
        _capacity = fullBytes;
    }

    /// <summary>The longest row: encoders ask before they write what could be longer, so that no row's length is taken on trust.</summary>
    public int MaxRowBytes { get; init; } = int.MaxValue;

    public int RowCount { get; private set; }

    public int ByteCount => _rowStart;

    /// <summary>Bytes of the row being written so far.</summary>
    public int CurrentRowBytes => _position - _rowStart;

    public bool IsFull => _rowStart >= _fullBytes - (_fullBytes >> 4) || RowCount >= _fullRows;

    /// <summary>True when every row's leaf is set.</summary>
    public bool IsRouted { get; set; }

    /// <summary>The first byte of the first row's key.</summary>
    public byte* Start => _start;

    /// <summary>The key of the row being written.</summary>
    public byte* CurrentKey => _start + _rowStart;

    /// <summary>Bytes of the key of the row being written, once it is ended.</summary>
    public int CurrentKeyBytes => _keyEnd - _rowStart;

    /// <summary>The first row that was given a place in a bucket and is not there yet, as far as <see cref="EndPlaced"/>.</summary>
    public int FirstPlaced { get; private set; }

    public int EndPlaced { get; private set; }

    /// <summary>Where the bytes of <see cref="FirstPlaced"/> begin; whoever copies moves it on.</summary>
    public int FirstPlacedByte { get; set; }

    public ReadOnlySpan<RowSpan> Rows => new(_spans, RowCount);

    public Span<RowSpan> RowsToRoute => new(_spans, RowCount);

    /// <summary>Gives every row the same leaf.</summary>
    public void SetLeaves(int leaf)
    {
        foreach (ref var row in RowsToRoute)
        {
            row = row with { Leaf = leaf };
        }
    }

    /// <summary>Room for the place of each row.</summary>
    public byte** ReservePlaces()
    {
        if (_placeBytes is null || _placeBytes.LengthBytes < (nint)RowCount * sizeof(byte*))
        {
            _placeBytes?.Dispose();
            _placeBytes = new NativeBuffer((nint)_spanCapacity * sizeof(byte*));
        }

        return (byte**)_placeBytes.Pointer;
    }

    /// <summary>Rows up to <paramref name="end"/> have places: from now on they may be copied, by one thread.</summary>
    public void SetPlaced(int first, int end)
    {
        System.Diagnostics.Debug.Assert(_copyState == CopiedState, "What has a place is copied before more gets one.");
        if (first == 0)
        {
            FirstPlacedByte = 0;
        }

        (FirstPlaced, EndPlaced) = (first, end);
        _copyState = PlacedState;
    }

    /// <summary>True for the one thread that is to copy the placed rows.</summary>
    public bool TryBeginCopy() => Interlocked.CompareExchange(ref _copyState, CopyingState, PlacedState) == PlacedState;

    public void EndCopy() => _copyState = CopiedState;

    /// <summary>Another thread copies: a millisecond at most.</summary>
    public void WaitUntilCopied()
    {
        var spin = default(SpinWait);
        while (_copyState != CopiedState)
        {
            spin.SpinOnce();
        }
    }

    public void Clear()
    {
        System.Diagnostics.Debug.Assert(_copyState == CopiedState, "Rows are in their buckets before the batch is used again.");
        RowCount = 0;
        _position = 0;
        _rowStart = 0;
        IsRouted = false;
    }

    /// <summary>True if the row being written may take so many more bytes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool HasRoom(int bytes) => bytes <= MaxRowBytes - CurrentRowBytes;

    public void BeginRow() => _position = _rowStart;

    /// <summary>Where the next bytes of the row go, with room for so many.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public byte* Reserve(int bytes)
    {
        if (_capacity - _position < bytes)
        {
            Grow(bytes);
        }

        return _start + _position;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Advance(int bytes) => _position += bytes;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void EndKey() => _keyEnd = _position;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void EndRow(int leaf)
    {
        if (RowCount == _spanCapacity)
        {
            GrowSpans(2 * _spanCapacity);
        }

        _spans[RowCount++] = new RowSpan(_keyEnd - _rowStart, _position - _keyEnd, leaf);
        _rowStart = _position;
    }

    /// <summary>Rows that may still be added before the batch calls itself full.</summary>
    public int FreeRows => Math.Max(0, _fullRows - RowCount);

    /// <summary>Bytes that fit without growing.</summary>
    public int FreeBytes => _capacity - _rowStart;

    /// <summary>Where the bytes of several rows go, which <see cref="AddRows"/> then counts in. There must be room.</summary>
    public byte* ReserveRows(int bytes)
    {
        System.Diagnostics.Debug.Assert(bytes <= FreeBytes, "Several rows are only reserved where they fit.");
        return _start + _rowStart;
    }

    /// <summary>Where the lengths and leaves of so many more rows go, which <see cref="AddRows"/> then counts in.</summary>
    public Span<RowSpan> ReserveSpans(int count)
    {
        if (_spanCapacity - RowCount < count)
        {
            GrowSpans(Math.Max(2 * _spanCapacity, RowCount + count));
        }

        return new Span<RowSpan>(_spans + RowCount, count);
    }

    /// <summary>Counts in rows that were written at <see cref="ReserveRows"/> and <see cref="ReserveSpans"/>.</summary>
    public void AddRows(int count, int bytes)
    {
        RowCount += count;
        _rowStart += bytes;
        _position = _rowStart;
    }

    public void DiscardRow() => _position = _rowStart;

    public void Dispose()
    {
        _bytes.Dispose();
        _spanBytes.Dispose();
        _placeBytes?.Dispose();
    }

    /// <summary>Outside the collected heap: as arrays that grow, these were a sixth of what an ingest of S128 allocates and half with FLIGHTS, and large enough to cause collections of generation 2.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private void GrowSpans(int capacity)
    {
        var larger = new NativeBuffer((nint)capacity * sizeof(RowSpan));
        Rows.CopyTo(new Span<RowSpan>((RowSpan*)larger.Pointer, capacity));
        _spanBytes.Dispose();
        _spanBytes = larger;
        _spans = (RowSpan*)larger.Pointer;
        _spanCapacity = capacity;
    }

    private void Grow(int bytes)
    {
        int needed = checked(_position + bytes);
        int capacity = (int)Math.Min(Array.MaxLength, Math.Max(needed + 1024L, 2L * _capacity));
        if (!_tryReserveMore(capacity))
        {
            capacity = needed + 1024;
            if (!_tryReserveMore(capacity))
            {
                throw new IngestException(
                    $"A row needs {capacity:N0} bytes, but of the memory budget of {_budget.LimitBytes:N0} bytes only {_budget.FreeBytes:N0} can be made free. "
                    + "Raise the memory budget, or lower the degree of parallelism.");
            }
        }

        var larger = new NativeBuffer(capacity, _budget);
        NativeMemory.Copy(_start, larger.Pointer, (nuint)_position);
        _bytes.Dispose();
        _bytes = larger;
        _start = larger.Pointer;
        _capacity = capacity;
    }
}

/// <summary>One row of a <see cref="RowBatch"/>: rows lie one after the other, so lengths are enough.</summary>
/// <param name="KeyLength">Bytes of the normalised key.</param>
/// <param name="ValueLength">Bytes of the values.</param>
/// <param name="Leaf">The position of the row's leaf among the leaves of the tree, or <see cref="Refused"/>; meaningless until the batch is routed.</param>
internal readonly record struct RowSpan(int KeyLength, int ValueLength, int Leaf)
{
    /// <summary>In place of a leaf: the row has none. It stays where it is in the batch and goes no further; the caller was told.</summary>
    public const int Refused = -1;
}
