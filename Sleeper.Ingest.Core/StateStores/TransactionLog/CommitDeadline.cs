namespace Sleeper.Ingest.Core.StateStores.TransactionLog;

/// <summary>
/// The time that a commit has. A caller's cancellation does not stop what was sent: it shortens the time to <see cref="StateStoreOptions.CancelGrace"/>,
/// in which the commit still finds out what became of it.
/// </summary>
internal sealed class CommitDeadline : IDisposable
{
    private readonly CancellationTokenSource _source;
    private readonly CancellationTokenRegistration _registration;

    public CommitDeadline(StateStoreOptions options, CancellationToken caller)
    {
        long started = options.Time.GetTimestamp();
        _source = new CancellationTokenSource(options.CommitTimeLimit, options.Time);
        _registration = caller.Register(() =>
        {
            var left = options.CommitTimeLimit - options.Time.GetElapsedTime(started);
            if (left > options.CancelGrace)
            {
                _source.CancelAfter(options.CancelGrace);
            }
        });
    }

    /// <summary>Cancelled when the time is over.</summary>
    public CancellationToken Token => _source.Token;

    public bool IsOver => _source.IsCancellationRequested;

    public void Dispose()
    {
        _registration.Dispose();
        _source.Dispose();
    }
}
