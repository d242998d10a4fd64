using Sleeper.Ingest.Core.ObjectStores;

namespace Sleeper.Ingest.TestWorker;

/// <summary>
/// Writes objects of <c>--length</c> bytes (all of value <c>--value</c>) to the folder <c>--root</c> until it is killed: in turn by put-if-absent,
/// by replacing <c>latest</c> and through a writer. Writes "done PATH" after each.
/// </summary>
internal static class PutForeverCommand
{
    public static async Task<int> RunAsync(WorkerArguments arguments)
    {
        var store = new LocalObjectStore(arguments.Text("root"));
        var content = new byte[arguments.Number("length")];
        Array.Fill(content, (byte)arguments.Number("value"));
        var name = arguments.Text("name", "object");
        for (var number = 0; ; number++)
        {
            await PutAsync(store, $"log/{name}-{number}", content);
            await store.PutAsync("latest", content);
            await using var writer = await store.CreateAsync($"data/{number % 10}/{name}-{number}");
            await writer.AppendAsync(content.AsMemory(0, content.Length / 2));
            await writer.AppendAsync(content.AsMemory(content.Length / 2));
            await writer.CompleteAsync();
            await Console.Out.WriteLineAsync($"done data/{number % 10}/{name}-{number}");
        }
    }

    private static async Task PutAsync(LocalObjectStore store, string path, byte[] content)
    {
        if (!await store.PutIfAbsentAsync(path, content))
        {
            throw new InvalidOperationException($"'{path}' was taken by nobody else.");
        }

        await Console.Out.WriteLineAsync($"done {path}");
    }
}
