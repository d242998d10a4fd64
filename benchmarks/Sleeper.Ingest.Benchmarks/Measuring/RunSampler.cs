using System.Diagnostics;
using System.Globalization;
using Sleeper.Ingest.Core;

namespace Sleeper.Ingest.Benchmarks.Measuring;

/// <summary>Looks at an ingest every 100 ms; what is between two looks is lost.</summary>
internal sealed class RunSampler : IProgress<IngestProgress>, IAsyncDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(100);

    private readonly Stopwatch _clock = Stopwatch.StartNew();
    private readonly CancellationTokenSource _stop = new();
    private readonly Lock _lock = new();
    private readonly List<RunSample> _samples = [];
    private readonly Task _sampling;
    private IngestProgress _last;
    private bool _isStopped;

    public RunSampler() => _sampling = Task.Factory.StartNew(Sample, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    /// <summary>All looks, once this object is disposed.</summary>
    public IReadOnlyList<RunSample> Samples => _samples;

    public void Report(IngestProgress value)
    {
        lock (_lock)
        {
            bool isNewStage = value.Stage != _last.Stage;
            _last = value;
            if (isNewStage)
            {
                Look();
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_isStopped)
        {
            return;
        }

        _isStopped = true;
        await _stop.CancelAsync();
        await _sampling;
        _stop.Dispose();
    }

    private void Sample()
    {
        do
        {
            lock (_lock)
            {
                Look();
            }
        }
        while (!_stop.Token.WaitHandle.WaitOne(Interval));
    }

    private void Look() => _samples.Add(new RunSample(_clock.Elapsed.TotalSeconds, _last, Environment.WorkingSet, CachedBytes()));

    private static long CachedBytes()
    {
        const string Name = "Cached:";
        const string Memory = "/proc/meminfo";
        return File.Exists(Memory) && File.ReadLines(Memory).FirstOrDefault(line => line.StartsWith(Name, StringComparison.Ordinal)) is { } text
            ? 1024 * long.Parse(text[Name.Length..].Replace("kB", "", StringComparison.Ordinal), NumberStyles.AllowLeadingWhite | NumberStyles.AllowTrailingWhite, CultureInfo.InvariantCulture)
            : 0;
    }
}
