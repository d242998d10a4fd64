namespace Sleeper.Ingest.TestWorker;

/// <summary>
/// A program with one command a file, run as <c>dotnet Sleeper.Ingest.TestWorker.dll COMMAND --name value ...</c> by the tests' WorkerProcess.
/// A command talks in lines: what it writes to standard output is for the test; errors go to standard error and make the exit code 1.
/// </summary>
internal static class Program
{
    private static readonly Dictionary<string, Func<WorkerArguments, Task<int>>> Commands = new(StringComparer.Ordinal)
    {
        ["put-race"] = PutRaceCommand.RunAsync,
        ["fsync-probe"] = FsyncProbeCommand.RunAsync,
        ["put-forever"] = PutForeverCommand.RunAsync,
        ["commit-loop"] = CommitLoopCommand.RunAsync,
        ["live-commit-loop"] = LiveCommitLoopCommand.RunAsync,
        ["maintain-loop"] = MaintainLoopCommand.RunAsync,
        ["ingest"] = IngestCommand.RunAsync,
        ["observed-ingest"] = ObservedIngestCommand.RunAsync,
        ["recover"] = RecoverCommand.RunAsync,
        ["fault-sweep"] = FaultSweepCommand.RunAsync,
        ["work-jobs"] = WorkJobsCommand.RunAsync,
        ["allocations"] = AllocationsCommand.RunAsync,
        ["fuzz"] = Fuzzing.FuzzCommand.RunAsync,
        ["bad-footers"] = Fuzzing.BadFootersCommand.RunAsync,
    };

    public static async Task<int> Main(string[] args)
    {
        if (args.Length == 0 || !Commands.TryGetValue(args[0], out var command))
        {
            await Console.Error.WriteLineAsync($"Usage: COMMAND --name value ...; commands: {string.Join(", ", Commands.Keys.Order())}");
            return 2;
        }

        try
        {
            return await command(new WorkerArguments(args.AsSpan(1)));
        }
        catch (Exception error) when (error is not OutOfMemoryException)
        {
            await Console.Error.WriteLineAsync(error.ToString());
            return 1;
        }
    }
}
