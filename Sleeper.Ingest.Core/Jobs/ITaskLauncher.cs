namespace Sleeper.Ingest.Core.Jobs;

/// <summary>Starts processes that work through ingest jobs and end by themselves when there are none: on this machine, on ECS, or wherever.</summary>
public interface ITaskLauncher
{
    /// <summary>How many run now or are about to.</summary>
    /// <exception cref="TaskLaunchException">It cannot be found out.</exception>
    Task<int> CountAsync(CancellationToken cancellationToken = default);

    /// <summary>Starts some more.</summary>
    /// <returns>How many were started: fewer, where there is no room for all.</returns>
    /// <exception cref="TaskLaunchException">None could be started.</exception>
    Task<int> LaunchAsync(int count, CancellationToken cancellationToken = default);
}
