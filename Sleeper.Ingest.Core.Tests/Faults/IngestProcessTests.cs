using System.Globalization;
using Sleeper.Ingest.Core.ObjectStores;
using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.StateStores.OwnTables;
using Sleeper.Ingest.Core.StateStores.TransactionLog;
using Sleeper.Ingest.Core.Tests.Checking;
using Sleeper.Ingest.Core.Tests.Support;

namespace Sleeper.Ingest.Core.Tests.Faults;

/// <summary>Whole ingests in processes of their own: racing one another, beside dead ones, and on a kernel that fails syncs.</summary>
public sealed class IngestProcessTests : IDisposable
{
    private const string TableName = "default";
    private const int Rows = 60;

    private readonly TemporaryFolder _root = new();
    private readonly TemporaryFolder _spill = new();
    private readonly LocalObjectStore _store;

    public IngestProcessTests() => _store = new LocalObjectStore(_root.Path, new LocalObjectStoreOptions { Durable = false });

    public void Dispose()
    {
        _root.Dispose();
        _spill.Dispose();
    }

    [Fact]
    public async Task Of_two_processes_with_one_ingest_id_exactly_one_adds_its_rows()
    {
        const int Ids = 15;
        await Table.CreateAsync(_store, TableName, SmallIngest.Schema, SmallIngest.SplitPoints);
        var lines = await RaceAsync(["same", "same"], Ids);
        Assert.All(lines, each => Assert.Equal(Ids, each.Count(line => line.StartsWith("committed ", StringComparison.Ordinal))));
        Assert.Equal(Ids, lines.SelectMany(each => each).Count(line => line.EndsWith(" Committed", StringComparison.Ordinal)));
        Assert.Equal(Ids, lines.SelectMany(each => each).Count(line => line.EndsWith(" AlreadyCommitted", StringComparison.Ordinal)));
        var copies = await SmallIngest.CopiesAsync(_store);
        Assert.Equal(Ids, copies.Count);
        Assert.All(copies.Values, count => Assert.Equal(1, count));
        Assert.Empty(await SmallIngest.StrayObjectsAsync(_store));
        await AssertSoundAsync(Enumerable.Range(0, Ids).Select(i => $"same-{i}"), Told.Committed);
    }

    [Fact]
    public async Task Four_processes_with_several_ingests_each_all_commit()
    {
        const int Count = 6;
        var lines = await RaceAsync(["w0", "w1", "w2", "w3"], Count); // The table is made by whoever comes first.
        Assert.All(lines, each => Assert.Equal(Count, each.Count(line => line.EndsWith(" Committed", StringComparison.Ordinal))));
        var copies = await SmallIngest.CopiesAsync(_store);
        Assert.Equal(4 * Count, copies.Count);
        Assert.All(copies.Values, count => Assert.Equal(1, count));
        Assert.Empty(await SmallIngest.StrayObjectsAsync(_store));
        await AssertSoundAsync(Enumerable.Range(0, 4 * Count).Select(i => $"w{i / Count}-{i % Count}"), Told.Committed);
    }

    [Fact]
    public async Task Spill_files_of_the_dead_are_removed_at_the_next_start_and_those_of_the_living_stay()
    {
        await Table.CreateAsync(_store, TableName, SmallIngest.Schema, SmallIngest.SplitPoints);
        await using var living = Start("living", ["--hold", "true"], 700_000);
        await living.ExpectLineAsync("written");
        string[] ofLiving = SpillFolders();
        Assert.Single(ofLiving);
        await using (var dying = Start("dying", ["--hold", "true"], 700_000))
        {
            await dying.ExpectLineAsync("written");
            await dying.KillAsync();
        }

        Assert.Equal(2, SpillFolders().Length);
        await using (var next = Start("next"))
        {
            await next.ExpectLineAsync("committed next-0 1 Committed");
        }

        Assert.Equal(ofLiving, SpillFolders());
        await living.WriteLineAsync("go on");
        await living.ExpectLineAsync("committed living-0 2 Committed");
        Assert.Empty(Directory.EnumerateFileSystemEntries(_spill.Path));
        var description = await (await Table.OpenAsync(_store, TableName)).DescribeAsync();
        Assert.Equal(700_000 + Rows, description.RowCount);
    }

    [Theory]
    [InlineData("fsync:error=EIO", 3)]
    [InlineData("fsync:error=EIO:when=1", 3)]
    [InlineData("fsync:error=EIO:when=2", 3)]
    [InlineData("fsync:error=EIO:when=4", 3)]
    [InlineData("syncfs:error=EIO", 26)]
    public async Task A_sync_that_the_kernel_fails_fails_the_ingest_or_leaves_it_whole(string fault, int leaves)
    {
        var points = Enumerable.Range(1, leaves - 1).Select(i => (FieldValue)((char)('a' + (26 * i / leaves))).ToString(CultureInfo.InvariantCulture));
        await Table.CreateAsync(_store, TableName, SmallIngest.Schema, [.. points]);
        string line;
        await using (var worker = WorkerProcess.StartUnder(
            [Strace(), "-f", "-qq", "-o", "/dev/null", "-e", $"inject={fault}"], "ingest", Arguments("eio", Rows)))
        {
            line = (await worker.ReadToEndAsync())[^1];
            await worker.ExpectSuccessAsync();
        }

        var table = await Table.OpenAsync(_store, TableName);
        bool isCommitted = (await table.ResolveAsync("eio-0")).Committed is not null;
        int copies = (await SmallIngest.CopiesAsync(_store)).GetValueOrDefault("eio-0");
        Assert.True(copies == (isCommitted ? 1 : 0), $"{fault}: {line}, and there are {copies} copies.");
        Assert.True(!line.StartsWith("committed ", StringComparison.Ordinal) || isCommitted, $"{fault}: {line}");
        Assert.True(!line.StartsWith("failed ", StringComparison.Ordinal) || !isCommitted, $"{fault}: {line}");

        // An intent whose own making failed may be left: it promises nothing.
        var files = (await SmallIngest.StrayObjectsAsync(_store)).FindAll(path => path.Contains("/data/", StringComparison.Ordinal));
        Assert.True(line.StartsWith("unknown ", StringComparison.Ordinal) || files.Count == 0, $"{fault}: {line}, left {string.Join(", ", files)}");
        Assert.False(isCommitted && !fault.Contains("when", StringComparison.Ordinal), $"{fault}: {line}");
        await AssertSoundAsync(["eio-0"], isCommitted ? Told.Committed : Told.Failed, isRunning: true);
    }

    private Task AssertSoundAsync(IEnumerable<string> ids, Told told, bool isRunning = false)
    {
        var expected = new ExpectedTable(ingestField: 1, numberField: 2);
        foreach (string id in ids)
        {
            expected.Add(id, told, SmallIngest.Rows(id), isRunning);
        }

        return TableChecker.AssertSoundAsync(Path.Combine(_root.Path, TableName), expected, "At the end");
    }

    private Task<List<string>[]> RaceAsync(string[] ids, int count) =>
        WorkerProcess.RaceAsync([.. ids.Select(id => Start(id, "--count", $"{count}", "--wait", "true", "--durable", "false"))]);

    private WorkerProcess Start(string id, params string[] arguments) => Start(id, arguments, Rows);

    private WorkerProcess Start(string id, string[] arguments, int rows) => WorkerProcess.Start("ingest", [.. Arguments(id, rows), .. arguments]);

    private string[] Arguments(string id, int rows) =>
        ["--root", _root.Path, "--table", TableName, "--id", id, "--rows", $"{rows}", "--spill", _spill.Path];

    private string[] SpillFolders() => Directory.GetDirectories(_spill.Path);

    private static string Strace()
    {
        var path = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Select(folder => Path.Combine(folder, "strace")).FirstOrDefault(File.Exists);
        if (path is null)
        {
            Assert.SkipWhen(Environment.GetEnvironmentVariable("CI") != "true", "strace is not installed, so the kernel cannot be made to fail a sync; install the package strace.");
            Assert.Fail("strace is missing, and the build machine must have it: install the package strace.");
        }

        return path;
    }
}
