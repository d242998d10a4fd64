using Sleeper.Ingest.Core.Buffers;

namespace Sleeper.Ingest.Benchmarks.Measuring;

/// <summary>Looks every few milliseconds at what the process holds, and keeps what was there when it was most: by whom.</summary>
internal sealed class MemoryWatch : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _watching;
    private bool _isStopped;

    public MemoryWatch() => _watching = Task.Factory.StartNew(Watch, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    /// <summary>Memory of no file: heaps, stacks, buffers.</summary>
    public long AnonymousBytes { get; private set; }

    /// <summary>Pages of files that are mapped: code.</summary>
    public long FileBytes { get; private set; }

    /// <summary>Buffers of the library outside the collected heap.</summary>
    public long NativeBytes { get; private set; }

    /// <summary>What the collector counts as in use.</summary>
    public long HeapBytes { get; private set; }

    public async ValueTask DisposeAsync()
    {
        if (_isStopped)
        {
            return;
        }

        _isStopped = true;
        await _stop.CancelAsync();
        await _watching;
        _stop.Dispose();
    }

    private void Watch()
    {
        // Nothing is allocated here: it would be taken for the ingest's.
        using var file = File.OpenHandle("/proc/self/statm");
        byte[] text = new byte[256];
        while (!_stop.Token.WaitHandle.WaitOne(5))
        {
            var fields = text.AsSpan(0, RandomAccess.Read(file, text, 0));
            Next(ref fields);
            long resident = Next(ref fields) * Environment.SystemPageSize;
            long ofFiles = Next(ref fields) * Environment.SystemPageSize;
            if (resident > AnonymousBytes + FileBytes)
            {
                (AnonymousBytes, FileBytes, NativeBytes, HeapBytes) = (resident - ofFiles, ofFiles, NativeBuffer.LiveBytes, GC.GetTotalMemory(forceFullCollection: false));
            }
        }
    }

    private static long Next(ref Span<byte> fields)
    {
        if (!System.Buffers.Text.Utf8Parser.TryParse(fields, out long value, out int used))
        {
            throw new InvalidDataException("The kernel's line of numbers ends early.");
        }

        fields = fields[(used + 1)..];
        return value;
    }
}
