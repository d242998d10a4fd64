using Sleeper.Ingest.Core.Tests.Support;

namespace Sleeper.Ingest.TestWorker.Fuzzing;

/// <summary>Writes the name of each bad footer that is not refused as it should be.</summary>
internal static class BadFootersCommand
{
    public static Task<int> RunAsync(WorkerArguments arguments)
    {
        foreach (string name in BadFooters.Names)
        {
            string? miss;
            try
            {
                miss = BadFooters.Miss(name);
            }
            catch (Exception fault) when (fault is not InvalidProgramException)
            {
                miss = fault.Message;
            }

            if (miss is not null)
            {
                Console.WriteLine($"{name}: {miss}");
            }
        }

        return Task.FromResult(0);
    }
}
