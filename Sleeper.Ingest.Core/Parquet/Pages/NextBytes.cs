using Sleeper.Ingest.Core.Buffers;

namespace Sleeper.Ingest.Core.Parquet.Pages;

/// <summary>Bytes behind those of a window, which are fetched while those are decoded: what becomes the window when it is used up.</summary>
/// <remarks>
/// <code>
/// buffer   | kept: the window's last bytes, from the first page on that is not whole there | fetched |
///          ^ Offset                                                                                  ^ End
/// </code>
/// One owner, who takes the buffer when the bytes have arrived or stops the read; before that the buffer belongs to the read.
/// </remarks>
internal sealed class NextBytes : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly NativeBuffer _buffer;
    private readonly Task _read;

    private NextBytes(IRandomAccessReader file, NativeBuffer buffer, long offset, int keptBytes, int lengthBytes)
    {
        _buffer = buffer;
        Offset = offset;
        End = offset + lengthBytes;
        _read = ReadAsync(file, keptBytes, lengthBytes - keptBytes);
    }

    /// <summary>Where in the file its first byte lies.</summary>
    public long Offset { get; }

    /// <summary>Where in the file its last byte ends.</summary>
    public long End { get; }

    /// <summary>Memory that it takes.</summary>
    public long HeldBytes => _buffer.LengthBytes;

    /// <summary>Sends the request. What goes wrong with it is thrown when its bytes are wanted.</summary>
    /// <param name="file">Where from.</param>
    /// <param name="buffer">Has <paramref name="keptBytes"/> at its front and room for the rest.</param>
    /// <param name="offset">Where in the file the kept bytes begin.</param>
    /// <param name="keptBytes">Bytes that are there.</param>
    /// <param name="lengthBytes">Bytes that will be there.</param>
    public static NextBytes Begin(IRandomAccessReader file, NativeBuffer buffer, long offset, int keptBytes, int lengthBytes) =>
        new(file, buffer, offset, keptBytes, lengthBytes);

    /// <summary>Waits for the bytes; the buffer then belongs to the caller. If that fails, this must be disposed.</summary>
    public async ValueTask<NativeBuffer> ArriveAsync(CancellationToken cancellationToken)
    {
        await _read.WaitAsync(cancellationToken).ConfigureAwait(false);
        _stop.Dispose();
        return _buffer;
    }

    /// <summary>Stops the read and frees the buffer once nothing writes to it. Not to be called when the buffer was given away.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        await _read.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
        _buffer.Dispose();
    }

    private async Task ReadAsync(IRandomAccessReader file, int start, int length) =>
        await file.ReadAsync(Offset + start, new NativeBufferMemory(_buffer).Memory.Slice(start, length), _stop.Token).ConfigureAwait(false);
}
