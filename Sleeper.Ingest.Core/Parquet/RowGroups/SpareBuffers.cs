using Sleeper.Ingest.Core.Buffers;

namespace Sleeper.Ingest.Core.Parquet.RowGroups;

/// <summary>Memory of one file's row groups that is not needed any more, kept for those that come next. Thread-safe.</summary>
/// <remarks>
/// The system clears fresh memory page by page, at the first touch: to fill 4 MiB takes 2 to 10 times as long as where they were used before. A buffer that lies idle
/// stays reserved where it was, is only kept if enough is free for others besides, and is freed when memory cannot be had. After
/// <see cref="Close"/> nothing is kept.
/// </remarks>
internal sealed class SpareBuffers : IDisposable
{
    /// <summary>Smaller ones the C library uses again itself.</summary>
    private const long MinBytes = 64 << 10;

    private const int MaxIdle = 256;

    private readonly Lock _lock = new();
    private readonly List<(NativeBuffer Buffer, IReadMemory Memory)> _idle = [];
    private bool _isClosed;

    /// <summary>A buffer of so many bytes or a few more. The caller has reserved so many; what it is longer is reserved here.</summary>
    /// <returns>A buffer of which all bytes are reserved; to be given to <see cref="Give"/>.</returns>
    public NativeBuffer Take(long bytes, IReadMemory memory)
    {
        if (bytes < MinBytes || !memory.KeepsSpares)
        {
            return new NativeBuffer((nint)bytes);
        }

        if (TakeIdle(bytes) is { } idle)
        {
            idle.Memory.Release(idle.Buffer.LengthBytes);
            if (idle.Buffer.LengthBytes == bytes || memory.TryReserve(idle.Buffer.LengthBytes - bytes))
            {
                return idle.Buffer;
            }

            idle.Buffer.Dispose();
            return new NativeBuffer((nint)bytes);
        }

        // Row groups are of nearly the same size: with a sixteenth more, the first one's buffer does for the others.
        long spare = bytes / 16;
        return new NativeBuffer((nint)(!_isClosed && memory.TryReserve(spare) ? bytes + spare : bytes));
    }

    /// <summary>Takes a buffer back, and gives its memory back or keeps both.</summary>
    public void Give(NativeBuffer buffer, IReadMemory memory)
    {
        long bytes = buffer.LengthBytes;
        if (bytes >= MinBytes && memory.KeepsSpares && memory.TryReserve(bytes))
        {
            memory.Release(bytes);
            lock (_lock)
            {
                if (!_isClosed && _idle.Count < MaxIdle)
                {
                    _idle.Add((buffer, memory));
                    return;
                }
            }
        }

        buffer.Dispose();
        memory.Release(bytes);
    }

    /// <summary>Frees what lies idle; false if there is nothing.</summary>
    public bool Free()
    {
        (NativeBuffer Buffer, IReadMemory Memory)[] freed;
        lock (_lock)
        {
            freed = [.. _idle];
            _idle.Clear();
        }

        foreach ((NativeBuffer buffer, IReadMemory memory) in freed)
        {
            long bytes = buffer.LengthBytes;
            buffer.Dispose();
            memory.Release(bytes);
        }

        return freed.Length > 0;
    }

    /// <summary>Frees what lies idle, and from here on what comes back: for when no row group comes next.</summary>
    public void Close()
    {
        lock (_lock)
        {
            _isClosed = true;
        }

        Free();
    }

    public void Dispose() => Close();

    private (NativeBuffer Buffer, IReadMemory Memory)? TakeIdle(long bytes)
    {
        lock (_lock)
        {
            int best = -1;
            for (int i = 0; i < _idle.Count; i++)
            {
                long length = _idle[i].Buffer.LengthBytes;
                if (length >= bytes && length - bytes <= bytes / 8 && (best < 0 || length < _idle[best].Buffer.LengthBytes))
                {
                    best = i;
                }
            }

            if (best < 0)
            {
                return null;
            }

            (NativeBuffer Buffer, IReadMemory Memory) taken = _idle[best];
            _idle.RemoveAt(best);
            return taken;
        }
    }
}
