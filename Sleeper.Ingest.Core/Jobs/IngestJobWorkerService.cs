using Microsoft.Extensions.Hosting;

namespace Sleeper.Ingest.Core.Jobs;

/// <summary>A worker that a host starts and stops.</summary>
internal sealed class IngestJobWorkerService(IngestJobWorker worker) : BackgroundService
{
    protected override Task ExecuteAsync(CancellationToken stoppingToken) => worker.RunAsync(stoppingToken);
}
