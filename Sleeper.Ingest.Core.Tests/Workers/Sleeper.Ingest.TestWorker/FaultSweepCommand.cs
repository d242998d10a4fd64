using System.Globalization;

namespace Sleeper.Ingest.TestWorker;

/// <summary>
/// Runs one ingest after the other, each into a store of its own below <c>--root</c>, and lets the first, then the second, ... call of the kind
/// <c>--kind</c> below the table fail with the errno <c>--error</c>, until an ingest makes fewer such calls; <c>--late true</c>: after the call had its
/// effect; <c>--always true</c>: with all later calls of the kind. The other options are those of <c>ingest</c>. Says "N" and what ingest says of the ingest "atN".
/// Meant to run under the library <c>faults.c</c>.
/// </summary>
internal static class FaultSweepCommand
{
    public static async Task<int> RunAsync(WorkerArguments arguments)
    {
        for (var at = 1; ; at++)
        {
            var text = at.ToString(CultureInfo.InvariantCulture);
            var root = Path.Combine(arguments.Text("root"), text);
            var spill = Path.Combine(arguments.Text("spill"), text);
            SystemCallFaults.Arm(
                $"{root}:{spill}", arguments.Text("kind"), at, arguments.Number("error"), arguments.Text("late") == "true", arguments.Text("always") == "true");
            var line = await IngestCommand.RunOneAsync(arguments.With("root", root).With("spill", spill), $"at{text}");
            var calls = SystemCallFaults.Arm("", "", 0, 0, late: false, always: false);
            if (calls < at)
            {
                return 0;
            }

            await Console.Out.WriteLineAsync($"{text} {line}");
        }
    }
}
