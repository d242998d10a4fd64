using System.Globalization;
using Sleeper.Ingest.Core;
using Sleeper.Ingest.Core.StateStores;

namespace Sleeper.Ingest.TestWorker;

/// <summary>
/// What a program does that is started after another died: asks for each ingest of <c>--again</c> (ids with commas between) whether it is committed, runs
/// it again under its id, maintains the table without any grace time if <c>--maintain true</c>, and then ingests <c>ID-0, ID-1, ...</c> until it is killed.
/// The other options are those of <c>ingest</c>. Says "resolved ID yes" or "resolved ID no", "maintained COUNT", "begun ID" and what ingest says.
/// </summary>
internal static class RecoverCommand
{
    public static async Task<int> RunAsync(WorkerArguments arguments)
    {
        foreach (var id in arguments.Text("again", "").Split(',', StringSplitOptions.RemoveEmptyEntries))
        {
            await SayAsync($"resolved {id} {await ResolveAsync(arguments, id)}");
            await SayAsync(await IngestCommand.RunOneAsync(arguments, id));
        }

        if (arguments.Text("maintain", "false") == "true")
        {
            var table = await Table.OpenAsync(arguments.Text("root"), arguments.Text("table"));
            var report = await table.MaintainAsync(new MaintenanceOptions { Grace = TimeSpan.Zero, SpillFolder = arguments.Text("spill") });
            await SayAsync(string.Create(CultureInfo.InvariantCulture, $"maintained {report.Done.Count}"));
        }

        for (var number = 0; ; number++)
        {
            var id = string.Create(CultureInfo.InvariantCulture, $"{arguments.Text("id")}-{number}");
            await SayAsync($"begun {id}");
            await SayAsync(await IngestCommand.RunOneAsync(arguments, id));
        }
    }

    private static async Task<string> ResolveAsync(WorkerArguments arguments, string id)
    {
        var table = await Table.OpenAsync(arguments.Text("root"), arguments.Text("table"));
        return (await table.ResolveAsync(id)).Committed is null ? "no" : "yes";
    }

    private static Task SayAsync(string line) => Console.Out.WriteLineAsync(line);
}
