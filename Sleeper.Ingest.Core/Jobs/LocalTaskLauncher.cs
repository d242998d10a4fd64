using System.ComponentModel;
using System.Diagnostics;

namespace Sleeper.Ingest.Core.Jobs;

/// <summary>Starts worker tasks as processes of this machine. It counts those that it started itself. Thread-safe.</summary>
public sealed class LocalTaskLauncher : ITaskLauncher, IDisposable
{
    private readonly ProcessStartInfo _start;
    private readonly Lock _lock = new();
    private readonly List<Process> _processes = [];

    /// <summary>A launcher.</summary>
    /// <param name="start">What is started each time; not to be changed afterwards. Its output is not read, so redirect none.</param>
    public LocalTaskLauncher(ProcessStartInfo start)
    {
        ArgumentNullException.ThrowIfNull(start);
        _start = start;
    }

    /// <summary>The processes that run, by their ids.</summary>
    public IReadOnlyList<int> Running
    {
        get
        {
            lock (_lock)
            {
                ForgetEnded();
                return [.. _processes.Select(p => p.Id)];
            }
        }
    }

    /// <inheritdoc/>
    public Task<int> CountAsync(CancellationToken cancellationToken = default) => Task.FromResult(Running.Count);

    /// <inheritdoc/>
    public Task<int> LaunchAsync(int count, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        lock (_lock)
        {
            ForgetEnded();
            for (int i = 0; i < count; i++)
            {
                try
                {
                    _processes.Add(Process.Start(_start) ?? throw new TaskLaunchException($"'{_start.FileName}' started no process."));
                }
                catch (Exception e) when (e is Win32Exception or InvalidOperationException)
                {
                    return i > 0
                        ? Task.FromResult(i)
                        : Task.FromException<int>(new TaskLaunchException($"'{_start.FileName}' cannot be started: {e.Message} Check that it is there and may be executed.", e));
                }
            }
        }

        return Task.FromResult(count);
    }

    /// <summary>Lets go of the processes; they run on.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            _processes.ForEach(p => p.Dispose());
            _processes.Clear();
        }
    }

    private void ForgetEnded()
    {
        foreach (var ended in _processes.FindAll(p => p.HasExited))
        {
            _processes.Remove(ended);
            ended.Dispose();
        }
    }
}
