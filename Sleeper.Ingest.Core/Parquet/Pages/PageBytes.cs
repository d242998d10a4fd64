using Sleeper.Ingest.Core.Buffers;

namespace Sleeper.Ingest.Core.Parquet.Pages;

/// <summary>A stretch of a file that holds whole pages, walked from front to back: all of it in memory, or a window that moves along.</summary>
/// <remarks>
/// <code>
/// stretch   | passed | available, from Start on | not read yet |
///                    ^ Offset                                  ^ end: Offset + Left
/// </code>
/// Each byte is read once: what is left of the window moves to its front before the rest is filled. Not thread-safe.
/// </remarks>
internal sealed class PageBytes : IDisposable
{
    private readonly IRandomAccessReader? _file;
    private readonly PageMemory? _memory;
    private readonly long _windowBytes;
    private NativeBuffer? _window;
    private nint _start;

    /// <summary>A stretch that lies in memory, which belongs to the caller and must outlive this.</summary>
    public PageBytes(nint start, long offset, long length)
    {
        _start = start;
        Offset = offset;
        Left = length;
        Available = length;
    }

    /// <summary>A stretch that is read through a window of so many bytes; larger only where one page is.</summary>
    public PageBytes(IRandomAccessReader file, long offset, long length, long windowBytes, PageMemory memory)
    {
        _file = file;
        _memory = memory;
        _windowBytes = windowBytes;
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
    public long HeldBytes => _window?.LengthBytes ?? 0;

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
            long length = Math.Min(Left, Math.Max(_windowBytes, count + (count / 8)));
            await _memory!.TakeAsync(length, cancellationToken).ConfigureAwait(false);
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

        await MakeRoomAsync(count, cancellationToken).ConfigureAwait(false);
        NativeBuffer window = _window!;
        MoveToFront(window);
        int length = (int)Math.Min(window.LengthBytes, Left) - (int)Available;
        Memory<byte> room = new NativeBufferMemory(window).Memory.Slice((int)Available, length);
        await _file!.ReadAsync(Offset + Available, room, cancellationToken).ConfigureAwait(false);
        Available += length;
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

    public void Dispose()
    {
        Available = 0;
        _start = 0;
        FreeWindow();
    }

    private unsafe void CopyTo(byte[] destination, long skip) => new ReadOnlySpan<byte>(Start + skip, destination.Length).CopyTo(destination);

    private unsafe void MoveTo(NativeBuffer larger)
    {
        new ReadOnlySpan<byte>(Start, (int)Available).CopyTo(larger.Span);
        FreeWindow();
        _window = larger;
        _start = (nint)larger.Pointer;
    }

    private unsafe void MoveToFront(NativeBuffer window)
    {
        new ReadOnlySpan<byte>(Start, (int)Available).CopyTo(window.Span);
        _start = (nint)window.Pointer;
    }

    private void FreeWindow()
    {
        if (_window is { } window)
        {
            _window = null;
            window.Dispose();
            _memory!.GiveBack(window.LengthBytes);
        }
    }
}
