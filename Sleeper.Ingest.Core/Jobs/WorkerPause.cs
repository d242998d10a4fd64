namespace Sleeper.Ingest.Core.Jobs;

/// <summary>Holds back who would take another job, while somebody waits for a disk or a permission.</summary>
internal sealed class WorkerPause
{
    private readonly Lock _lock = new();
    private TaskCompletionSource? _over;
    private int _count;

    public void Enter()
    {
        lock (_lock)
        {
            _count++;
            _over ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }

    /// <summary>True if nobody waits any more.</summary>
    public bool Leave()
    {
        lock (_lock)
        {
            if (--_count > 0)
            {
                return false;
            }

            _over?.SetResult();
            _over = null;
            return true;
        }
    }

    public Task WaitAsync(CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            return _over?.Task.WaitAsync(cancellationToken) ?? Task.CompletedTask;
        }
    }
}
