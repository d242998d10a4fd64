using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Sleeper.Ingest.Core.Jobs;

namespace Sleeper.Ingest.Core.Samples;

/// <summary>Works jobs off: in a host until it is stopped (Ctrl+C, SIGTERM), or until the inbox is empty.</summary>
internal static class WorkCommand
{
    public static async Task RunAsync(Arguments arguments, CancellationToken token)
    {
        var options = await OptionsAsync(new Places(arguments.Option("--endpoint")), arguments, token) with
        {
            MaxConcurrentJobs = arguments.Number("--at-a-time", 1),
            GracePeriod = TimeSpan.FromSeconds(20),
        };
        if (arguments.Has("--until-empty"))
        {
            using var loggers = LoggerFactory.Create(AddLogging);
            await new IngestJobWorker(options with { StopsWhenEmpty = true, ReceiveWait = TimeSpan.FromSeconds(3), LoggerFactory = loggers }).RunAsync(token);
            return;
        }

        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        AddLogging(builder.Logging);
        builder.Services.AddSleeperIngestWorker(_ => options);
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = options.GracePeriod + TimeSpan.FromSeconds(10));
        using var app = builder.Build();
        await app.RunAsync(token);
    }

    /// <summary>An instance without an inbox: everything as its properties say.</summary>
    public static async Task<IngestJobWorkerOptions> OptionsAsync(Places places, Arguments arguments, CancellationToken token)
    {
        var place = await TablePlace.OpenAsync(places, arguments.Value(0, "TABLES"), token);
        return place.Instance is not null && arguments.From(1).Count == 0
            ? IngestJobWorkerOptions.ForInstance(place.Instance, places.Sqs)
            : new IngestJobWorkerOptions { Queue = places.Queue(arguments.Value(1, "INBOX")), Tables = place.Tables, Tracker = place.Tracker, Inputs = places.Inputs };
    }

    public static void AddLogging(ILoggingBuilder logging) => logging
        .AddSimpleConsole(console => console.SingleLine = true)
        .AddFilter("Microsoft", LogLevel.Warning)
        .AddFilter("Sleeper.Ingest.Core", LogLevel.Warning)
        .AddFilter("Sleeper.Ingest.Core.Jobs", LogLevel.Information);
}
