using System.Diagnostics;
using Sleeper.Ingest.Core.Buffers;

namespace Sleeper.Ingest.Core.Parquet.Pages;

/// <summary>A stretch of a file that holds whole pages, walked from front to back: all of it in memory, or a window that moves along.</summary>
/// <remarks>
/// <code>
/// stretch   | passed | available, from Start on | not read yet             |
///                    ^ Offset                                              ^ end: Offset + Left
/// next                              | kept | fetched: see NextBytes |
///                                   ^ the first page that is not whole in the window
/// </code>
/// Each byte is read once, unless memory is short: what is left of the window moves to its front before the rest is filled. Of a file that is far away, half of the
/// window's memory is the window and the other half is filled with what comes next, while the window is decoded. Not thread-safe, but for
/// <see cref="DropNextAsync"/>.
/// </remarks>
internal sealed class PageBytes : IDisposable
{
    private readonly IRandomAccessReader? _file;
    private readonly PageMemory? _memory;
    private readonly long _windowBytes;
    private readonly bool _readsOn;
    private NativeBuffer? _window;
    private NativeBuffer? _spare;
    private NextBytes? _next;
    private nint _start;

    /// <summary>A stretch that lies in memory, which belongs to the caller and must outlive this.</summary>
    public PageBytes(nint start, long offset, long length)
    {
        _start = start;
        Offset = offset;
        Left = length;
        Available = length;
    }

    /// <summary>A stretch that is read through a window of so many bytes, with what is fetched before it is needed; larger only where one page is.</summary>
    public PageBytes(IRandomAccessReader file, long offset, long length, long windowBytes, PageMemory memory)
    {
        _file = file;
        _memory = memory;
        _readsOn = file.RequestCostBytes >= IRandomAccessReader.FarBytes;
        _windowBytes = _readsOn ? (windowBytes + 1) / 2 : windowBytes;
        Offset = offset;
        Left = length;
    }

    /// <summary>The number of its first page among those of the column chunk, for messages.</summary>
    public int FirstPage { get; init; }

    /// <summary>Where in the file the next byte lies.</summary>
    public long Offset { get; private set; }

    /// <summary>Bytes to the end of the stretch.</summary>
    public long Left { get; private set; }

    /// <summary>Bytes of them that lie in memory.</summary>
    public long Available { get; private set; }

    /// <summary>The next byte. Valid until bytes are read.</summary>
    public unsafe byte* Start => (byte*)_start;

    /// <summary>Memory held here, not by the caller.</summary>
    public long HeldBytes => (_window?.LengthBytes ?? 0) + (_spare?.LengthBytes ?? 0) + (Volatile.Read(ref _next)?.HeldBytes ?? 0);

    /// <summary>True if <see cref="BeginNext"/> could fetch something.</summary>
    public bool CanReadOn => _readsOn && Available > 0 && Available < Left && Volatile.Read(ref _next) is null;

    /// <summary>True if the next bytes, as many as there are up to <paramref name="count"/>, lie in memory.</summary>
    public bool Holds(long count) => Available >= Math.Min(count, Left);

    public void Skip(long count)
    {
        _start += (nint)count;
        Offset += count;
        Left -= count;
        Available -= count;
    }

    /// <summary>Makes sure that the window can hold so many bytes, and at least as many as it is meant to.</summary>
    public async ValueTask MakeRoomAsync(long count, CancellationToken cancellationToken)
    {
        count = Math.Min(count, Left);
        if (_window is null || _window.LengthBytes < count)
        {
            // An eighth more than the page, so that pages of nearly the same size do not make the window grow each time.
            Free(ref _spare);
            long length = Math.Min(Left, Math.Max(_windowBytes, count + (count / 8)));
            if (_window is not null && !await _memory!.TryTakeAsync(length, cancellationToken).ConfigureAwait(false))
            {
                // Not both side by side, then: what is left of the window is read again.
                Free(ref _window);
                Available = 0;
            }

            if (_window is null)
            {
                await _memory!.TakeAsync(length, cancellationToken).ConfigureAwait(false);
            }

            MoveTo(new NativeBuffer((nint)length));
        }
    }

    /// <summary>Reads on until the next bytes, as many as there are up to <paramref name="count"/>, lie in memory, and as far as the window reaches.</summary>
    public async ValueTask FillAsync(long count, CancellationToken cancellationToken)
    {
        if (Holds(count))
        {
            return;
        }

        if (Interlocked.Exchange(ref _next, null) is { } next)
        {
            await TakeAsync(next, cancellationToken).ConfigureAwait(false);
            if (Holds(count))
            {
                return;
            }
        }

        await MakeRoomAsync(count, cancellationToken).ConfigureAwait(false);
        NativeBuffer window = _window!;
        MoveToFront(window);
        int length = (int)Math.Min(window.LengthBytes, Left) - (int)Available;
        Memory<byte> room = new NativeBufferMemory(window).Memory.Slice((int)Available, length);
        await _file!.ReadAsync(Offset + Available, room, cancellationToken).ConfigureAwait(false);
        Available += length;
    }

    /// <summary>Begins to fetch what comes behind the window, if there is memory for that.</summary>
    /// <param name="passedBytes">Bytes from <see cref="Offset"/> on that hold whole pages: the rest of the window is kept, in front of what is fetched.</param>
    /// <param name="pageBytes">The size of the page that lies there, or what it may be.</param>
    public unsafe void BeginNext(long passedBytes, long pageBytes)
    {
        Debug.Assert(CanReadOn && passedBytes <= Available, "There must be something to fetch.");
        int kept = (int)(Available - passedBytes);
        long length = Math.Min(Left - passedBytes, Math.Max(_windowBytes, pageBytes + (pageBytes / 8)));
        if (passedBytes > 0 && length > kept && TryTake(length) is { } buffer)
        {
            new ReadOnlySpan<byte>(Start + passedBytes, kept).CopyTo(buffer.Span);
            Volatile.Write(ref _next, NextBytes.Begin(_file!, buffer, Offset + passedBytes, kept, (int)length));
        }

        Free(ref _spare);
    }

    /// <summary>Lets go of what is fetched before it is needed; false if that is nothing. May be called by any thread.</summary>
    public async ValueTask<bool> DropNextAsync()
    {
        if (Interlocked.Exchange(ref _next, null) is not { } next)
        {
            return false;
        }

        await DropAsync(next).ConfigureAwait(false);
        return true;
    }

    /// <summary>Copies bytes that lie further on, from memory or from the file, without moving there; fewer at the end of the stretch.</summary>
    public async ValueTask<byte[]> PeekAsync(long skip, int count, CancellationToken cancellationToken)
    {
        byte[] bytes = new byte[(int)Math.Min(count, Left - skip)];
        if (skip + bytes.Length <= Available)
        {
            CopyTo(bytes, skip);
        }
        else
        {
            await _file!.ReadAsync(Offset + skip, bytes, cancellationToken).ConfigureAwait(false);
        }

        return bytes;
    }

    /// <summary>Frees the window. What is being fetched is freed when its read has ended: <see cref="DropNextAsync"/> before this waits for that.</summary>
    public void Dispose()
    {
        Available = 0;
        _start = 0;
        Free(ref _window);
        Free(ref _spare);
        _ = DropNextAsync().AsTask();
    }

    /// <summary>Makes what was fetched the window.</summary>
    private async ValueTask TakeAsync(NextBytes next, CancellationToken cancellationToken)
    {
        Debug.Assert(Offset >= next.Offset && Offset + Available <= next.End, "It must hold all pages that are not passed.");
        try
        {
            NativeBuffer buffer = await next.ArriveAsync(cancellationToken).ConfigureAwait(false);
            (_spare, _window) = (_window, buffer);
        }
        catch
        {
            await DropAsync(next).ConfigureAwait(false);
            throw;
        }

        Available = next.End - Offset;
        MoveInto(_window, (nint)(Offset - next.Offset));
    }

    private async ValueTask DropAsync(NextBytes next)
    {
        long bytes = next.HeldBytes;
        await next.DisposeAsync().ConfigureAwait(false);
        _memory!.GiveBack(bytes);
    }

    private unsafe void MoveInto(NativeBuffer window, nint position) => _start = (nint)(window.Pointer + position);

    /// <summary>Memory for so many bytes, that of the window before if it fits; null if there is none.</summary>
    private NativeBuffer? TryTake(long length)
    {
        if (_spare is { } spare && spare.LengthBytes >= length && spare.LengthBytes <= 2 * length)
        {
            _spare = null;
            return spare;
        }

        Free(ref _spare);
        return _memory!.TryTake(length) ? new NativeBuffer((nint)length) : null;
    }

    private unsafe void CopyTo(byte[] destination, long skip) => new ReadOnlySpan<byte>(Start + skip, destination.Length).CopyTo(destination);

    private unsafe void MoveTo(NativeBuffer larger)
    {
        new ReadOnlySpan<byte>(Start, (int)Available).CopyTo(larger.Span);
        Free(ref _window);
        _window = larger;
        _start = (nint)larger.Pointer;
    }

    private unsafe void MoveToFront(NativeBuffer window)
    {
        new ReadOnlySpan<byte>(Start, (int)Available).CopyTo(window.Span);
        _start = (nint)window.Pointer;
    }

    private void Free(ref NativeBuffer? buffer)
    {
        if (buffer is { } free)
        {
            buffer = null;
            free.Dispose();
            _memory!.GiveBack(free.LengthBytes);
        }
    }
}
