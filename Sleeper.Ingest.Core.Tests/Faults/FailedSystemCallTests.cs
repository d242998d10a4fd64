using System.Text.RegularExpressions;
using Sleeper.Ingest.Core.ObjectStores;
using Sleeper.Ingest.Core.Tests.Support;

namespace Sleeper.Ingest.Core.Tests.Faults;

/// <summary>Ingests whose n-th call to the kernel fails, for every n: each ends as committed, as failed with everything removed, or as unknown with everything kept.</summary>
public sealed partial class FailedSystemCallTests : IDisposable
{
    private static readonly WorkerIngest Small = new("at", RowCount: 120, Filler: 200);

    /// <summary>Its data files are too long to be written in one call.</summary>
    private static readonly WorkerIngest SeveralWrites = new("at", RowCount: 120, Filler: 8_000);
    private static readonly WorkerIngest Spilled = new("at", RowCount: 300, Filler: 60_000);

    private readonly TemporaryFolder _root = new();
    private readonly TemporaryFolder _spill = new();

    public void Dispose()
    {
        _root.Dispose();
        _spill.Dispose();
    }

    [Theory]
    [InlineData("create", "create:28:early:once,create:13:early:always,create:5:early:always", 30)]
    [InlineData("mkdir", "mkdir:28:early:once,mkdir:30:early:always", 20)]
    [InlineData("write", "write:28:early:always,write:5:early:once,write:5:late:once", 50)]
    [InlineData("fsync", "fsync:5:early:once,fsync:5:late:always", 30)]
    [InlineData("syncfs", "syncfs:5:early:once,syncfs:5:late:always", 2)]
    [InlineData("rename", "rename:28:early:always,rename:5:early:once,rename:5:late:once", 30)]
    [InlineData("unlink", "unlink:5:early:always,unlink:13:early:once", 4)]
    public async Task A_call_that_fails_on_the_table_leaves_a_true_answer(string kind, string faults, int atLeast)
    {
        var ingest = kind == "write" ? SeveralWrites : Small;
        var lines = await SweepAsync(ingest, faults);
        Assert.True(lines.Count >= atLeast, $"Only {lines.Count} calls of the kind {kind} were hit.");
        for (int i = 0; i < lines.Count; i++)
        {
            await AssertTruthAsync(lines[i], ingest, maintainFirst: i % 2 == 0);
        }

        // Each kind fails an ingest somewhere; only removing is never more than tidying up.
        Assert.Equal(kind != "unlink", lines.Exists(line => line.Contains(" failed ", StringComparison.Ordinal)));
        Assert.Equal(kind == "fsync", lines.Exists(line => line.Contains(" unknown ", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_call_that_fails_on_the_spill_folder_fails_the_ingest_and_leaves_nothing()
    {
        var lines = await SweepAsync(
            Spilled,
            "create:28:early:once,create:13:early:always,mkdir:28:early:once,write:28:early:once,write:5:early:once,unlink:5:early:once",
            "--only", "spill", "--step", "40");
        Assert.InRange(lines.Count, 9, 30);
        foreach (string line in lines)
        {
            Assert.Equal(!line.StartsWith("unlink", StringComparison.Ordinal), line.Contains(" failed ", StringComparison.Ordinal));
            await AssertTruthAsync(line, Spilled, maintainFirst: true);
        }
    }

    private async Task<List<string>> SweepAsync(WorkerIngest ingest, string faults, params string[] arguments)
    {
        await using var worker = WorkerProcess.StartUnder(
            FaultShim.Launcher([], 0), "fault-sweep",
            ["--root", _root.Path, "--spill", _spill.Path, "--table", "default", "--splits", "g,p", "--workers", "1", "--faults", faults,
                "--rows", $"{ingest.RowCount}", "--filler", $"{ingest.Filler}", .. arguments]);
        var lines = await worker.ReadToEndAsync();
        await worker.ExpectSuccessAsync();
        return lines;
    }

    private async Task AssertTruthAsync(string line, WorkerIngest ingest, bool maintainFirst)
    {
        string[] words = line.Split(' ');
        string folder = Path.Combine(words[0].Replace(':', '-'), words[1]);
        string root = Path.Combine(_root.Path, folder);
        string spill = Path.Combine(_spill.Path, folder);
        bool isTidying = words[0].StartsWith("unlink", StringComparison.Ordinal);
        if (words[2] == "failed")
        {
            Assert.Contains(line.Contains(spill, StringComparison.Ordinal) ? spill : root, line, StringComparison.Ordinal);
            Assert.Matches(Remedy(), line);
            Assert.DoesNotContain(Files(root), file => file.Contains("/data/", StringComparison.Ordinal) || Path.GetFileName(file).StartsWith(ObjectPath.TemporaryPrefix, StringComparison.Ordinal));
            Assert.Empty(Files(spill));
        }
        else if (!isTidying)
        {
            // Committed or unknown: all files of the ingest are there.
            Assert.Equal(6, Files(root).Count(file => file.Contains("/data/", StringComparison.Ordinal)));
        }

        await DeadIngest.RecoverAsync(root, spill, ingest, words[2], maintainFirst, line);
    }

    private static string[] Files(string folder) => Directory.Exists(folder) ? Directory.GetFiles(folder, "*", SearchOption.AllDirectories) : [];

    [GeneratedRegex("make room|Free some|[Cc]heck the disk|read and write access|mount it|[Cc]hoose a folder|open the store anew|Try again")]
    private static partial Regex Remedy();
}
