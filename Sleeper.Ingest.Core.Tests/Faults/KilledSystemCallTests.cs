using Sleeper.Ingest.Core.Tests.Support;

namespace Sleeper.Ingest.Core.Tests.Faults;

/// <summary>One small ingest that makes its table, spills, merges, syncs and commits, in a process that is killed at each of its calls that change a file.</summary>
/// <remarks>
/// Of a row of calls of one kind in one folder (the blocks of a spill file, the pages of a data file) the first and the last are taken;
/// with SLEEPER_SOAK set all of them. A write that is the last call has half of its bytes written.
/// </remarks>
public sealed class KilledSystemCallTests : IDisposable
{
    private const int Killed = 128 + 9;

    private static readonly WorkerIngest Ingest = new("i-0", RowCount: 300, Filler: 60_000);

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_process_killed_at_any_call_that_changes_a_file_leaves_its_ingest_whole_or_absent()
    {
        var calls = await CountAsync();
        string[] kinds = ["create", "fsync", "mkdir", "rename", "rmdir", "syncfs", "unlink", "write"];
        Assert.Equal(kinds, calls.Kinds);
        Assert.InRange(calls.Count, 100, 300);
        var all = Environment.GetEnvironmentVariable("SLEEPER_SOAK") is null ? calls.WithoutRepeats() : [.. Enumerable.Range(1, calls.Count)];
        int committed = 0;
        await Parallel.ForEachAsync(all, new ParallelOptions { MaxDegreeOfParallelism = 2 }, async (at, _) =>
        {
            string root = Path.Combine(_folder.Path, $"root-{at}");
            string spill = Path.Combine(_folder.Path, $"spill-{at}");
            await using var worker = Start(root, spill, FaultShim.Launcher([root, spill], at));
            var lines = await worker.ReadToEndAsync();
            int code = await worker.WaitForExitAsync();

            // Clean-up at the end may take a call more or less than in the run that was counted.
            Assert.True(code == Killed || (code == 0 && at > calls.Count - 3), $"{calls.Describe(at)}: ended with {code}. {worker.Errors}");
            bool isCommitted = lines.Exists(line => line.StartsWith("committed ", StringComparison.Ordinal));
            Interlocked.Add(ref committed, isCommitted ? 1 : 0);
            await DeadIngest.RecoverAsync(root, spill, Ingest, isCommitted ? "committed" : null, maintainFirst: at % 2 == 0, calls.Describe(at));
            Directory.Delete(root, recursive: true);
        });
        Assert.True(committed < all.Count / 2, $"{committed} of {all.Count} processes lived to the end.");
    }

    private async Task<SystemCalls> CountAsync()
    {
        string root = Path.Combine(_folder.Path, "root");
        string spill = Path.Combine(_folder.Path, "spill");
        string log = Path.Combine(_folder.Path, "calls");
        await using var worker = Start(root, spill, FaultShim.Launcher([root, spill], 0, $"FAULT_LOG={log}"));
        Assert.Equal("committed i-0 1 Committed", (await worker.ReadToEndAsync())[^1]);
        await worker.ExpectSuccessAsync();
        await DeadIngest.RecoverAsync(root, spill, Ingest, "committed", maintainFirst: false, "nothing was hit");
        return SystemCalls.Read(log);
    }

    private static WorkerProcess Start(string root, string spill, IEnumerable<string> launcher) => WorkerProcess.StartUnder(
        launcher, "ingest", "--root", root, "--table", "default", "--id", "i", "--rows", $"{Ingest.RowCount}", "--filler", $"{Ingest.Filler}", "--splits", "g,p", "--workers", "1",
        "--spill", spill);
}
