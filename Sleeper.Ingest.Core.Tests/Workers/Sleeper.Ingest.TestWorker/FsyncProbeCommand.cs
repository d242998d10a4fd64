using System.Globalization;
using System.Text;
using Sleeper.Ingest.Core.ObjectStores;

namespace Sleeper.Ingest.TestWorker;

/// <summary>
/// Does one durable thing in the folder <c>--root</c> and writes "returned" or "threw TYPE MESSAGE". What: <c>--what</c> put-if-absent, put,
/// flush; with <c>--count</c> objects for flush. Meant to run under a tool that lets syncs fail.
/// </summary>
internal static class FsyncProbeCommand
{
    public static async Task<int> RunAsync(WorkerArguments arguments)
    {
        var store = new LocalObjectStore(arguments.Text("root"));
        try
        {
            await ProbeAsync(store, arguments);
            await Console.Out.WriteLineAsync("returned");
        }
        catch (Exception error) when (error is IOException or Core.IngestException)
        {
            await Console.Out.WriteLineAsync($"threw {error.GetType().Name} {error.Message.ReplaceLineEndings(" ")}");
        }

        return 0;
    }

    private static async Task ProbeAsync(LocalObjectStore store, WorkerArguments arguments)
    {
        var content = Encoding.UTF8.GetBytes("content");
        switch (arguments.Text("what"))
        {
            case "put-if-absent":
                await store.PutIfAbsentAsync("log/1.json", content);
                break;
            case "put":
                await store.PutAsync("log/latest", content);
                break;
            case "flush":
                await FlushAsync(store, arguments.Number("count"), content);
                break;
            default:
                throw new ArgumentException($"There is no probe '{arguments.Text("what")}'.", nameof(arguments));
        }
    }

    private static async Task FlushAsync(LocalObjectStore store, int count, byte[] content)
    {
        await using var barrier = await store.OpenBarrierAsync();
        List<string> paths = [];
        for (var number = 0; number < count; number++)
        {
            var path = string.Create(CultureInfo.InvariantCulture, $"data/leaf{number}/a.parquet");
            await using var writer = await store.CreateAsync(path);
            await writer.AppendAsync(content);
            await writer.CompleteAsync();
            paths.Add(path);
        }

        await barrier.FlushAsync(paths);
    }
}
