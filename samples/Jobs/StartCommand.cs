using System.Diagnostics;
using Microsoft.Extensions.Logging;
using Sleeper.Ingest.Core.Jobs;
using Sleeper.Ingest.Core.Jobs.Ecs;

namespace Sleeper.Ingest.Core.Samples;

/// <summary>Starts as many workers as the inbox is long, up to a maximum: processes of this machine, or an instance's tasks on ECS. They end when the inbox is empty.</summary>
internal static class StartCommand
{
    public static async Task RunAsync(Arguments arguments, CancellationToken token)
    {
        var places = new Places(arguments.Option("--endpoint"));
        string tables = arguments.Value(0, "TABLES");
        using var loggers = LoggerFactory.Create(WorkCommand.AddLogging);
        var options = new IngestTaskStarterOptions { MaxTasks = Environment.ProcessorCount, Period = TimeSpan.FromSeconds(5) };
        if (arguments.Has("--ecs"))
        {
            using var instance = await places.InstanceAsync(tables, token);
            using var ecs = new EcsTaskLauncher(EcsTaskLauncherOptions.ForInstance(instance));
            var queue = IngestJobWorkerOptions.ForInstance(instance, places.Sqs).Queue!;
            await new IngestTaskStarter(queue, ecs, With(IngestTaskStarterOptions.ForInstance(instance))).RunAsync(token);
            return;
        }

        using var launcher = new LocalTaskLauncher(ThisProgram([
            "work", tables, .. arguments.From(1).Take(1), "--until-empty", .. arguments.Option("--endpoint") is { } endpoint ? (string[])["--endpoint", endpoint] : []]));
        var inbox = (await WorkCommand.OptionsAsync(places, arguments, token)).Queue!;
        var starter = new IngestTaskStarter(inbox, launcher, With(options));
        if (!arguments.Has("--until-empty"))
        {
            await starter.RunAsync(token);
            return;
        }

        while (await starter.RunOnceAsync(token) > 0 || await launcher.CountAsync(token) > 0)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(200), token);
        }

        IngestTaskStarterOptions With(IngestTaskStarterOptions defaults) => defaults with
        {
            MaxTasks = arguments.Number("--max", defaults.MaxTasks),
            JobsPerTask = arguments.Number("--jobs-per-task", 1),
            LoggerFactory = loggers,
        };
    }

    private static ProcessStartInfo ThisProgram(IEnumerable<string> arguments)
    {
        // "dotnet Jobs.dll" or "Jobs": whatever runs now.
        bool isHost = Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet";
        return new ProcessStartInfo(Environment.ProcessPath!, [.. isHost ? (string[])[Environment.GetCommandLineArgs()[0]] : [], .. arguments]);
    }
}
