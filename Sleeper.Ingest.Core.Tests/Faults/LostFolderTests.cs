using Sleeper.Ingest.Core.ObjectStores;
using Sleeper.Ingest.Core.Tests.Checking;
using Sleeper.Ingest.Core.Tests.Support;

namespace Sleeper.Ingest.Core.Tests.Faults;

/// <summary>Folders that go away, or may not be written to, while an ingest is under way: it says what is wrong, and nothing is half done.</summary>
public sealed class LostFolderTests : IDisposable
{
    private const string SetPriv = "/usr/bin/setpriv";

    private const UnixFileMode Open = UnixFileMode.StickyBit
        | UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute
        | UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.GroupExecute
        | UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute;

    private static readonly WorkerIngest Small = new("lost", RowCount: 60, Filler: 10);
    private static readonly WorkerIngest Spilled = new("lost", RowCount: 300, Filler: 60_000);

    private readonly TemporaryFolder _root = new();
    private readonly TemporaryFolder _spill = new();

    private string TableFolder => Path.Combine(_root.Path, "default");

    public void Dispose()
    {
        _root.Dispose();
        _spill.Dispose();
    }

    [Fact]
    public async Task A_table_whose_folder_is_removed_in_the_middle_is_said_to_be_gone_and_does_not_come_back_in_part()
    {
        await using (var writer = await OpenAsync(_root.Path))
        {
            await writer.WriteAsync(Small.Rows());
            Directory.Delete(TableFolder, recursive: true);
            var error = await Assert.ThrowsAnyAsync<IngestException>(() => writer.CompleteAsync());
            Assert.Contains("The folder is missing", error.Message, StringComparison.Ordinal);
            Assert.Contains(TableFolder, error.Message, StringComparison.Ordinal);
        }

        Assert.Empty(Files(TableFolder));
        Assert.Empty(Directory.EnumerateFileSystemEntries(_spill.Path));

        // The name is free for a new table.
        await RunAsync(_root.Path, Small);
        await TableChecker.AssertSoundAsync(TableFolder, Small.Expect(Told.Committed), "A new table");
    }

    [Fact]
    public async Task A_spill_folder_that_is_removed_in_the_middle_fails_the_ingest_or_does_no_harm()
    {
        bool isCommitted = false;
        await using (var writer = await OpenAsync(_root.Path))
        {
            await writer.WriteAsync(Spilled.Rows());
            string own = Assert.Single(Directory.GetDirectories(_spill.Path));
            Directory.Delete(own, recursive: true);
            try
            {
                isCommitted = (await writer.CompleteAsync()).RowCount == Spilled.RowCount;
            }
            catch (IngestException error)
            {
                Assert.Contains(_spill.Path, error.Message, StringComparison.Ordinal);
            }
        }

        Assert.Empty(Directory.EnumerateFileSystemEntries(_spill.Path));
        await TableChecker.AssertSoundAsync(TableFolder, Spilled.Expect(isCommitted ? Told.Committed : Told.Failed), "Without its spill folder");
        await RunAsync(_root.Path, Spilled);
        await TableChecker.AssertSoundAsync(TableFolder, Spilled.Expect(Told.Committed), "Again");
    }

    [Fact]
    public async Task A_disk_that_is_mounted_for_reading_only_in_the_middle_fails_the_ingest_and_leaves_nothing()
    {
        using var disk = MountedDisk.CreateOrSkip("10m");
        string tableFolder = Path.Combine(disk.Path, "default");
        await using (var writer = await OpenAsync(disk.Path))
        {
            await writer.WriteAsync(Small.Rows());
            disk.Remount(isReadOnly: true);
            var error = await Assert.ThrowsAnyAsync<IngestException>(() => writer.CompleteAsync());
            Assert.Contains("mounted read-only", error.ToString(), StringComparison.Ordinal);
            Assert.Contains(disk.Path, error.ToString(), StringComparison.Ordinal);
        }

        await TableChecker.AssertSoundAsync(tableFolder, Small.Expect(Told.Failed), "Read-only");
        Assert.Contains("mounted read-only", (await Assert.ThrowsAnyAsync<IngestException>(() => RunAsync(disk.Path, Small))).ToString(), StringComparison.Ordinal);
        Assert.Equal(0, (await (await Table.OpenAsync(new LocalObjectStore(disk.Path), "default")).DescribeAsync()).RowCount);
        disk.Remount(isReadOnly: false);
        await RunAsync(disk.Path, Small);
        await TableChecker.AssertSoundAsync(tableFolder, Small.Expect(Told.Committed), "For writing again");
    }

    [Theory]
    [InlineData("table", "read and write access")]
    [InlineData("spill", "may write to")]
    public async Task A_folder_that_may_not_be_written_to_is_named(string which, string remedy)
    {
        await Table.CreateAsync(new LocalObjectStore(_root.Path), "default", WorkerIngest.Schema, ["g", "p"]);
        string closed = which == "table" ? _root.Path : _spill.Path;
        Assert.SkipUnless(SetModes(_root.Path, Open) && SetModes(_spill.Path, Open), "The modes of folders cannot be set here.");
        SetModes(closed, Open & ~(UnixFileMode.UserWrite | UnixFileMode.GroupWrite | UnixFileMode.OtherWrite));
        string line = await RunAsNobodyAsync();
        SetModes(closed, Open);
        Assert.StartsWith("failed ", line, StringComparison.Ordinal);
        Assert.Contains(closed, line, StringComparison.Ordinal);
        Assert.Contains(remedy, line, StringComparison.Ordinal);

        await TableChecker.AssertSoundAsync(TableFolder, (Spilled with { Id = "lost-0" }).Expect(Told.Failed), which);
    }

    private Task<IIngestWriter> OpenAsync(string root) => IngestFactory.Create()
        .UseObjectStore(new LocalObjectStore(root)).WithSchema(WorkerIngest.Schema).WithSplitPoints("g", "p").WithIngestId(Small.Id)
        .WithMemoryBudget(16 << 20).WithDegreeOfParallelism(2).WithSpillFolder(_spill.Path).OpenAsync();

    private async Task RunAsync(string root, WorkerIngest ingest)
    {
        await using var writer = await OpenAsync(root);
        await writer.WriteAsync(ingest.Rows());
        await writer.CompleteAsync();
    }

    /// <summary>Runs the ingest in a process without root's rights, for which no folder is closed.</summary>
    private async Task<string> RunAsNobodyAsync()
    {
        string[] launcher = [];
        if (Environment.IsPrivilegedProcess)
        {
            Assert.SkipUnless(File.Exists(SetPriv), $"Root may write to every folder, and there is no {SetPriv} to be somebody else; install the package util-linux.");
            launcher = [SetPriv, "--reuid=65534", "--regid=65534", "--clear-groups"];
        }

        await using var worker = WorkerProcess.StartUnder(
            launcher, "ingest", "--root", _root.Path, "--spill", _spill.Path, "--table", "default", "--id", Spilled.Id, "--rows", $"{Spilled.RowCount}",
            "--filler", $"{Spilled.Filler}");
        var lines = await worker.ReadToEndAsync();
        await worker.ExpectSuccessAsync();
        return lines[^1];
    }

    /// <summary>Sets the mode of a folder and of all folders in it.</summary>
    private static bool SetModes(string folder, UnixFileMode mode)
    {
        if (OperatingSystem.IsWindows())
        {
            return false;
        }

        foreach (string each in Directory.GetDirectories(folder, "*", SearchOption.AllDirectories).Append(folder))
        {
            File.SetUnixFileMode(each, mode);
        }

        return true;
    }

    private static string[] Files(string folder) => Directory.Exists(folder) ? Directory.GetFiles(folder, "*", SearchOption.AllDirectories) : [];
}
