using System.Globalization;
using Sleeper.Ingest.Core;
using Sleeper.Ingest.Core.StateStores;

namespace Sleeper.Ingest.TestWorker;

/// <summary>
/// Maintains the table <c>--table</c> in the folder <c>--root</c> over and over until it is killed or its standard input ends, with a grace of <c>--grace</c>
/// milliseconds. Writes "maintained DONE LEFT" after each time.
/// </summary>
internal static class MaintainLoopCommand
{
    public static async Task<int> RunAsync(WorkerArguments arguments)
    {
        var table = await Table.OpenAsync(arguments.Text("root"), arguments.Text("table"));
        var options = new MaintenanceOptions { Grace = TimeSpan.FromMilliseconds(arguments.Number("grace", 0)) };
        var end = Task.Run(Console.In.ReadLine); // The reader of standard input has no reads that do not block.
        while (!end.IsCompleted)
        {
            var report = await table.MaintainAsync(options);
            await Console.Out.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"maintained {report.Done.Count} {report.Left.Count}"));
        }

        return 0;
    }
}
