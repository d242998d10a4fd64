namespace Sleeper.Ingest.Core.Jobs;

/// <summary>Tells the tracker now and then how far a run is. A run that ends before the first time costs nothing.</summary>
internal sealed class JobProgressSender : IProgress<IngestProgress>, IAsyncDisposable
{
    private readonly JobRecords _records;
    private readonly PeriodicTimer _timer;
    private readonly Task _sending;
    private readonly Lock _lock = new();
    private IngestProgress? _latest;

    public JobProgressSender(JobRecords records, TimeSpan period, TimeProvider clock)
    {
        _records = records;
        _timer = new PeriodicTimer(period, clock);
        _sending = SendAsync();
    }

    public void Report(IngestProgress value)
    {
        lock (_lock)
        {
            _latest = value;
        }
    }

    public async ValueTask DisposeAsync()
    {
        _timer.Dispose();
        await _sending.ConfigureAwait(false);
    }

    private async Task SendAsync()
    {
        while (await _timer.WaitForNextTickAsync(CancellationToken.None).ConfigureAwait(false))
        {
            if (Take() is not { } progress)
            {
                continue;
            }

            try
            {
                await _records.ProgressAsync(progress).ConfigureAwait(false);
            }
#pragma warning disable CA1031 // The next one may succeed.
            catch (Exception)
#pragma warning restore CA1031
            {
                // Progress that nobody hears of harms nobody; a tracker that stays broken is logged with the end of the run.
            }
        }
    }

    private IngestProgress? Take()
    {
        lock (_lock)
        {
            var latest = _latest;
            _latest = null;
            return latest;
        }
    }
}
