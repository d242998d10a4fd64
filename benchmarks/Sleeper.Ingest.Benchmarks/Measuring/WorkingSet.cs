using System.Globalization;

namespace Sleeper.Ingest.Benchmarks.Measuring;

/// <summary>The most memory that the process had resident while this object lived.</summary>
/// <remarks>
/// On Linux the kernel keeps the peak itself (VmHWM) and can be told to begin anew. Where that is not allowed, or on another system, the size is
/// sampled every 10 ms instead, which can miss a short peak.
/// </remarks>
internal sealed class WorkingSet : IAsyncDisposable
{
    private const string Status = "/proc/self/status";

    private readonly CancellationTokenSource _stop = new();
    private readonly bool _isKeptByKernel;
    private readonly Task _sampling;
    private long _peakBytes;
    private bool _isStopped;

    private WorkingSet()
    {
        _isKeptByKernel = TryResetPeak();
        StartBytes = Current();
        _peakBytes = StartBytes;
        _sampling = SampleAsync();
    }

    public long StartBytes { get; }

    public long PeakBytes => _peakBytes;

    public static WorkingSet Watch() => new();

    public async ValueTask DisposeAsync()
    {
        if (_isStopped)
        {
            return;
        }

        _isStopped = true;
        await _stop.CancelAsync();
        await _sampling;
        Note(_isKeptByKernel ? ReadStatus("VmHWM:") : Current());
        _stop.Dispose();
    }

    private static bool TryResetPeak()
    {
        try
        {
            // "5" sets the peak to the present size (proc(5), clear_refs).
            File.WriteAllText("/proc/self/clear_refs", "5");
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private static long Current() => File.Exists(Status) ? ReadStatus("VmRSS:") : Environment.WorkingSet;

    private static long ReadStatus(string name)
    {
        string line = File.ReadLines(Status).First(text => text.StartsWith(name, StringComparison.Ordinal));
        return 1024 * long.Parse(line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture);
    }

    private async Task SampleAsync()
    {
        while (!_isKeptByKernel && !_stop.IsCancellationRequested)
        {
            Note(Current());
            await Task.Delay(10, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private void Note(long bytes) => _peakBytes = Math.Max(_peakBytes, bytes);
}
