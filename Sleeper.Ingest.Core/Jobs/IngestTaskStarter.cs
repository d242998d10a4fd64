using Microsoft.Extensions.Logging;
using Sleeper.Ingest.Core.Queues;

namespace Sleeper.Ingest.Core.Jobs;

/// <summary>Starts as many worker tasks as the queue of jobs is long, up to a maximum. The tasks end by themselves.</summary>
/// <remarks>
/// One starter for a queue: two would each start as many. It counts on the queue's count, which is approximate, so a task may find nothing to do, and ends. Tasks that
/// run are taken for busy: each message that waits gets a task of its own (<see cref="IngestTaskStarterOptions.JobsPerTask"/> makes that fewer).
/// </remarks>
/// <example><code>
/// var starter = new IngestTaskStarter(queue, new LocalTaskLauncher(new ProcessStartInfo("dotnet", "Jobs.dll work ./table ./inbox --until-empty")));
/// await starter.RunAsync(stopping);
/// </code></example>
public sealed class IngestTaskStarter
{
    private readonly IMessageQueue _queue;
    private readonly ITaskLauncher _launcher;
    private readonly IngestTaskStarterOptions _options;
    private readonly ILogger _logger;

    /// <summary>A starter.</summary>
    /// <param name="queue">The queue that the tasks work off.</param>
    /// <param name="launcher">Starts them.</param>
    /// <param name="options">Null for the defaults.</param>
    /// <exception cref="ArgumentException">An option is below 1, or the period is not positive.</exception>
    public IngestTaskStarter(IMessageQueue queue, ITaskLauncher launcher, IngestTaskStarterOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(queue);
        ArgumentNullException.ThrowIfNull(launcher);
        options ??= new IngestTaskStarterOptions();
        if (options.MaxTasks < 1 || options.JobsPerTask < 1 || options.Period <= TimeSpan.Zero)
        {
            throw new ArgumentException(
                $"MaxTasks and JobsPerTask are at least 1 and Period is positive, but they are {options.MaxTasks}, {options.JobsPerTask} and {options.Period}.", nameof(options));
        }

        _queue = queue;
        _launcher = launcher;
        _options = options;
        _logger = options.LoggerFactory.CreateLogger("Sleeper.Ingest.Core.Jobs");
    }

    /// <summary>Looks once, and starts what is missing.</summary>
    /// <returns>How many tasks were started.</returns>
    public async Task<int> RunOnceAsync(CancellationToken cancellationToken = default)
    {
        long waiting = await _queue.CountAsync(cancellationToken).ConfigureAwait(false);
        if (waiting <= 0)
        {
            return 0;
        }

        int running = await _launcher.CountAsync(cancellationToken).ConfigureAwait(false);
        long wanted = Math.Min((waiting + _options.JobsPerTask - 1) / _options.JobsPerTask, _options.MaxTasks - running);
        if (wanted <= 0)
        {
            return 0;
        }

        int started = await _launcher.LaunchAsync((int)wanted, cancellationToken).ConfigureAwait(false);
        TaskStarterLog.Started(_logger, started, wanted, waiting, running);
        return started;
    }

    /// <summary>Looks at once and then every period, until it is cancelled. An error is logged, and the next look tries again.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                await RunOnceAsync(cancellationToken).ConfigureAwait(false);
            }
            catch (Exception e) when (e is IngestException or QueueException or IOException)
            {
                TaskStarterLog.Failed(_logger, _queue.Name, e);
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                return;
            }

            await Task.Delay(_options.Period, _options.Clock, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}
