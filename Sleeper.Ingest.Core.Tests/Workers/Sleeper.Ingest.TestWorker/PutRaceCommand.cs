using System.Text;
using Sleeper.Ingest.Core.ObjectStores;

namespace Sleeper.Ingest.TestWorker;

/// <summary>
/// Puts if absent at <c>race/0 .. race/(rounds-1)</c> of the folder <c>--root</c>, with the content <c>--writer</c>; writes "won N" for each
/// path it was told to have written. Waits for the start signal.
/// </summary>
internal static class PutRaceCommand
{
    public static async Task<int> RunAsync(WorkerArguments arguments)
    {
        var store = new LocalObjectStore(arguments.Text("root"));
        var content = Encoding.UTF8.GetBytes(arguments.Text("writer"));
        await WorkerArguments.WaitForStartAsync();
        for (var round = 0; round < arguments.Number("rounds"); round++)
        {
            if (await store.PutIfAbsentAsync($"race/{round}", content))
            {
                await Console.Out.WriteLineAsync($"won {round}");
            }
        }

        return 0;
    }
}
