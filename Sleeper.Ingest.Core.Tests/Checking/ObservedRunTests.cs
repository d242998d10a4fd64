using System.Globalization;
using Sleeper.Ingest.Core.Tests.Support;

namespace Sleeper.Ingest.Core.Tests.Checking;

/// <summary>An ingest that spills, in a process of its own, watched from outside: it keeps to its memory and ends soon when it is cancelled.</summary>
public sealed class ObservedRunTests : IDisposable
{
    private const int BudgetMebibytes = 16;

    private static readonly WorkerIngest Spilled = new("i-0", RowCount: 4000, Filler: 6000);
    private static readonly WorkerIngest Small = new("i-0", RowCount: 60, Filler: 10);

    private readonly TemporaryFolder _root = new();
    private readonly TemporaryFolder _spill = new();

    public void Dispose()
    {
        _root.Dispose();
        _spill.Dispose();
    }

    [Fact]
    public async Task An_ingest_keeps_to_its_memory_and_ends_soon_wherever_it_is_cancelled()
    {
        var expected = await ObserveAsync(Spilled, "0,20,50,100,150,200,300,400");
        Assert.True(expected.Ingests.Values.Count(i => i.Run?.CancelledFor is not null) >= 3, "Hardly any cancellation came in time.");
        await TableChecker.AssertSoundAsync(Path.Combine(_root.Path, "default"), expected, "Watched");
        Assert.Empty(Directory.EnumerateFileSystemEntries(_spill.Path));
    }

    [Fact]
    public async Task Memory_beside_the_budget_is_noticed()
    {
        var expected = await ObserveAsync(Small, "", "--hoard", "160");
        var violation = Assert.Single(await TableChecker.CheckAsync(Path.Combine(_root.Path, "default"), expected));
        Assert.Equal("I16", violation.Id);
    }

    [Fact]
    public async Task A_cancellation_that_is_heard_late_is_noticed()
    {
        var expected = await ObserveAsync(Small, "1", "--deaf", "true");
        var violation = Assert.Single(await TableChecker.CheckAsync(Path.Combine(_root.Path, "default"), expected));
        Assert.Equal("I18", violation.Id);
    }

    private async Task<ExpectedTable> ObserveAsync(WorkerIngest ingest, string cancelAfter, params string[] arguments)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "The peak of a process's memory is read from /proc.");

        // The youngest generation would else grow with the processor's cache, full of the garbage of whoever makes the rows.
        await using var worker = WorkerProcess.StartUnder(
            ["/usr/bin/env", "DOTNET_GCgen0size=0x400000"],
            "observed-ingest",
            ["--root", _root.Path, "--spill", _spill.Path, "--table", "default", "--splits", "g,p", "--id", "i", "--budget", $"{BudgetMebibytes}",
                "--rows", $"{ingest.RowCount}", "--filler", $"{ingest.Filler}", "--cancel-after", cancelAfter, .. arguments]);
        var expected = new ExpectedTable(ingestField: 1, numberField: 2);
        long? peakBytes = null;
        for (string? line; (line = await worker.ReadLineAsync()) != "done";)
        {
            string[] words = line?.Split(' ') ?? ["nothing", worker.Errors];
            Assert.True(words[0] is "committed" or "cancelled", line ?? worker.Errors);
            TimeSpan? cancelledFor = words[0] == "cancelled" ? TimeSpan.FromMilliseconds(int.Parse(words[2], CultureInfo.InvariantCulture)) : null;
            var told = cancelledFor is null ? Told.Committed : Told.Failed;
            (ingest with { Id = words[1] }).AddTo(expected, told, new ObservedRun { BudgetBytes = BudgetMebibytes << 20, CancelledFor = cancelledFor });
            if (peakBytes is null)
            {
                // Later on the garbage of the rows of many ingests would count.
                peakBytes = PeakBytes(worker);
                await worker.WriteLineAsync("go on");
            }
        }

        await worker.ExpectSuccessAsync();
        var first = expected.Ingests["i-0"];
        expected.Add(first with { Run = first.Run! with { PeakBytes = peakBytes ?? 0 } });
        return expected;
    }

    private static long PeakBytes(WorkerProcess worker)
    {
        string peak = File.ReadLines($"/proc/{worker.Id}/status").First(text => text.StartsWith("VmHWM:", StringComparison.Ordinal));
        return 1024 * long.Parse(peak.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture);
    }
}
