namespace Sleeper.Ingest.Core.Pipeline;

/// <summary>Counts what an ingest has done and tells the caller of it, a few times a second at most.</summary>
/// <remarks>Thread-safe. What the caller's callback throws is its own affair and goes to the thread that reported.</remarks>
internal sealed class ProgressMeter(IProgress<IngestProgress>? progress, TimeProvider clock)
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(100);

    private readonly Lock _reporting = new();
    private long _rowsAccepted;
    private long _rowsWritten;
    private long _bytesWritten;
    private long _spilledBytes;
    private long _rowsExpected = -1;
    private int _filesWritten;
    private int _stage;
    private long _lastReport;

    public long RowsAccepted => Interlocked.Read(ref _rowsAccepted);

    public void Accepted(long rows)
    {
        Interlocked.Add(ref _rowsAccepted, rows);
        MaybeReport();
    }

    public void Expect(long rows) => Interlocked.Exchange(ref _rowsExpected, rows);

    public void Spilled(long bytes)
    {
        Interlocked.Add(ref _spilledBytes, bytes);
        MaybeReport();
    }

    public void Written(long bytes)
    {
        Interlocked.Add(ref _bytesWritten, bytes);
        MaybeReport();
    }

    public void FileDone(long rows)
    {
        Interlocked.Add(ref _rowsWritten, rows);
        Interlocked.Increment(ref _filesWritten);
        MaybeReport();
    }

    public void Enter(IngestStage stage)
    {
        Volatile.Write(ref _stage, (int)stage);
        Report();
    }

    private void MaybeReport()
    {
        if (progress is null)
        {
            return;
        }

        long last = Interlocked.Read(ref _lastReport);
        long now = clock.GetTimestamp();
        if (last != 0 && clock.GetElapsedTime(last, now) < Interval)
        {
            return;
        }

        if (Interlocked.CompareExchange(ref _lastReport, now, last) == last)
        {
            Report();
        }
    }

    private void Report()
    {
        if (progress is null)
        {
            return;
        }

        // Looking and telling go together, so that no report is older than the one before it.
        lock (_reporting)
        {
            long expected = Interlocked.Read(ref _rowsExpected);
            progress.Report(new IngestProgress(
                (IngestStage)Volatile.Read(ref _stage),
                Interlocked.Read(ref _rowsAccepted),
                Interlocked.Read(ref _rowsWritten),
                Volatile.Read(ref _filesWritten),
                Interlocked.Read(ref _bytesWritten),
                Interlocked.Read(ref _spilledBytes),
                expected < 0 ? null : expected));
        }
    }
}
