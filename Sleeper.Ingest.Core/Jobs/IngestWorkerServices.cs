using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Sleeper.Ingest.Core.Jobs;

/// <summary>Adds workers to a host.</summary>
public static class IngestWorkerServices
{
    /// <summary>Adds a worker that runs while the host does. On SIGTERM it takes no new jobs; running ones have the grace time of its options.</summary>
    /// <remarks>The host must give it more time than that: 30 seconds by default (<c>HostOptions.ShutdownTimeout</c>). Several workers may be added.</remarks>
    /// <param name="services">The host's services.</param>
    /// <param name="options">Makes the worker's settings. Where they name no logger factory, the host's is used.</param>
    /// <example><code>
    /// builder.Services.AddSleeperIngestWorker(_ => new IngestJobWorkerOptions
    /// {
    ///     Queue = new ObjectStoreQueue("inbox"),
    ///     Tables = new ObjectStoreJobTables(new LocalObjectStore("tables")),
    ///     Inputs = new JobInputs { AllowsLocalFiles = true },
    /// });
    /// </code></example>
    public static IServiceCollection AddSleeperIngestWorker(this IServiceCollection services, Func<IServiceProvider, IngestJobWorkerOptions> options)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(options);
        return services.AddSingleton<IHostedService>(provider =>
        {
            var settings = options(provider);
            var loggers = settings.LoggerFactory is NullLoggerFactory ? provider.GetService<ILoggerFactory>() ?? settings.LoggerFactory : settings.LoggerFactory;
            return new IngestJobWorkerService(new IngestJobWorker(settings with { LoggerFactory = loggers }));
        });
    }
}
