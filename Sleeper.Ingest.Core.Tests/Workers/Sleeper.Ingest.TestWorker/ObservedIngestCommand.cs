using System.Globalization;
using Sleeper.Ingest.Core;
using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.StateStores;

namespace Sleeper.Ingest.TestWorker;

/// <summary>
/// Runs ingests that are watched from outside: <c>ID-0</c> to its end, when it waits for a line, so that its peak of memory can be read; then
/// <c>ID-1, ID-2, ...</c>, each of which is cancelled so many milliseconds after its begin as <c>--cancel-after</c> says (numbers with commas between). Says
/// what <c>ingest</c> says of an ingest, or "cancelled ID MS": the processor time that the process took from the cancellation until the ingest had returned;
/// at the end "done". Two planted bugs: with <c>--hoard MIB</c> it keeps so much memory beside the budget, with <c>--deaf true</c> the source of the rows
/// works on for more than a second after the cancellation, which comes with the first row. The other options are those of <c>ingest</c>.
/// </summary>
internal static class ObservedIngestCommand
{
    private static readonly TimeSpan Deafness = TimeSpan.FromSeconds(1.2);

    public static async Task<int> RunAsync(WorkerArguments arguments)
    {
        var hoard = new byte[arguments.Number("hoard", 0) << 20];
        Random.Shared.NextBytes(hoard);
        await Console.Out.WriteLineAsync(await IngestCommand.RunOneAsync(arguments, $"{arguments.Text("id")}-0"));
        await Console.In.ReadLineAsync();
        GC.KeepAlive(hoard);
        var number = 0;
        foreach (var delay in arguments.Text("cancel-after", "").Split(',', StringSplitOptions.RemoveEmptyEntries))
        {
            var id = string.Create(CultureInfo.InvariantCulture, $"{arguments.Text("id")}-{++number}");
            await Console.Out.WriteLineAsync(await CancelAsync(arguments, id, TimeSpan.FromMilliseconds(int.Parse(delay, CultureInfo.InvariantCulture))));
        }

        await Console.Out.WriteLineAsync("done");
        return 0;
    }

    private static async Task<string> CancelAsync(WorkerArguments arguments, string id, TimeSpan delay)
    {
        using var stop = new CancellationTokenSource();
        var cancelledAt = new TaskCompletionSource<TimeSpan>(TaskCreationOptions.RunContinuationsAsynchronously);
        stop.Token.Register(() => cancelledAt.TrySetResult(Environment.CpuUsage.TotalTime));
        var rows = IngestCommand.RowsOf(arguments, id);
        if (arguments.Text("deaf", "false") == "true")
        {
            rows = WorkOn(rows, stop);
        }
        else
        {
            stop.CancelAfter(delay);
        }

        try
        {
            await using var writer = await IngestCommand.OpenAsync(arguments, id, stop.Token);
            await writer.WriteAsync(rows, stop.Token);
            var result = await writer.CompleteAsync(stop.Token);
            return string.Create(CultureInfo.InvariantCulture, $"committed {id} {result.CommitNumber} {result.Outcome}");
        }
        catch (OperationCanceledException)
        {
            // What was registered last is called first: the ingest may end before the time of the cancellation was taken.
            var endedAt = Environment.CpuUsage.TotalTime;
            double took = Math.Max(0, (endedAt - await cancelledAt.Task).TotalMilliseconds);
            return string.Create(CultureInfo.InvariantCulture, $"cancelled {id} {took:F0}");
        }
        catch (CommitOutcomeUnknownException)
        {
            return $"unknown {id}";
        }
    }

    private static IEnumerable<Row> WorkOn(IEnumerable<Row> rows, CancellationTokenSource stop)
    {
        stop.Cancel();
        for (var until = Environment.CpuUsage.TotalTime + Deafness; Environment.CpuUsage.TotalTime < until;)
        {
            Thread.SpinWait(100_000);
        }

        foreach (var row in rows)
        {
            yield return row;
        }
    }
}
