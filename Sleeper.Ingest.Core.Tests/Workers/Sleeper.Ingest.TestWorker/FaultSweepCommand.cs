using System.Globalization;

namespace Sleeper.Ingest.TestWorker;

/// <summary>
/// Lets one system call after the other fail. For each fault of the list <c>--faults</c> (<c>KIND:ERRNO:early|late:once|always,...</c>) it runs ingests, each
/// in folders of its own, <c>--root/FAULT/N</c> and <c>--spill/FAULT/N</c>: in the N-th the N-th call of that kind fails there, before or after its effect,
/// once or with all later ones, until an ingest makes fewer such calls. N goes up by <c>--step</c> (1 without); <c>--only spill</c> counts no calls on the
/// table. The other options are those of <c>ingest</c>. Says "FAULT N" and what ingest says of the ingest "at". Meant to run under the library <c>faults.c</c>.
/// </summary>
internal static class FaultSweepCommand
{
    public static async Task<int> RunAsync(WorkerArguments arguments)
    {
        foreach (var fault in arguments.Text("faults").Split(','))
        {
            await SweepAsync(arguments, fault);
        }

        return 0;
    }

    private static async Task SweepAsync(WorkerArguments arguments, string fault)
    {
        var parts = fault.Split(':');
        for (var at = 1; ; at += arguments.Number("step", 1))
        {
            var folder = Path.Combine(fault.Replace(':', '-'), at.ToString(CultureInfo.InvariantCulture));
            var root = Path.Combine(arguments.Text("root"), folder);
            var spill = Path.Combine(arguments.Text("spill"), folder);
            SystemCallFaults.Arm(
                arguments.Text("only", "") == "spill" ? spill : $"{root}:{spill}",
                parts[0], at, int.Parse(parts[1], CultureInfo.InvariantCulture), late: parts[2] == "late", always: parts[3] == "always");
            var line = await IngestCommand.RunOneAsync(arguments.With("root", root).With("spill", spill), "at");
            if (SystemCallFaults.Arm("", "", 0, 0, late: false, always: false) < at)
            {
                return;
            }

            await Console.Out.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"{fault} {at} {line}"));
        }
    }
}
