using Sleeper.Ingest.Core.ObjectStores;
using Sleeper.Ingest.Core.Tests.Support;

namespace Sleeper.Ingest.Core.Tests.ObjectStores;

/// <summary>Several processes on one folder, processes that are killed, and syncs that the kernel lets fail.</summary>
public sealed class LocalObjectStoreProcessTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("local-store-processes-").FullName;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Fact]
    public async Task Of_four_processes_that_put_if_absent_one_wins_each_path()
    {
        const int Rounds = 100;
        var workers = Enumerable.Range(0, 4)
            .Select(writer => WorkerProcess.Start("put-race", "--root", _root, "--writer", $"{writer}", "--rounds", $"{Rounds}"))
            .ToArray();
        var lines = await WorkerProcess.RaceAsync(workers);

        var winners = new string?[Rounds];
        for (var writer = 0; writer < workers.Length; writer++)
        {
            foreach (var line in lines[writer])
            {
                var round = int.Parse(line["won ".Length..], System.Globalization.CultureInfo.InvariantCulture);
                Assert.Null(winners[round]);
                winners[round] = $"{writer}";
            }
        }

        for (var round = 0; round < Rounds; round++)
        {
            Assert.Equal(winners[round], await File.ReadAllTextAsync(Path.Combine(_root, "race", $"{round}"), Token));
        }

        Assert.Equal(Rounds, Directory.GetFiles(_root, "*", SearchOption.AllDirectories).Length);
    }

    [Fact]
    public async Task A_killed_process_leaves_only_whole_objects()
    {
        const int Length = 100_000;
        var store = new LocalObjectStore(_root);
        for (var cycle = 0; cycle < 5; cycle++)
        {
            await using var worker = WorkerProcess.Start(
                "put-forever", "--root", _root, "--length", $"{Length}", "--value", $"{cycle + 1}", "--name", $"cycle{cycle}");
            for (var line = 0; line < 7 + (cycle * 5); line++)
            {
                Assert.NotNull(await worker.ReadLineAsync());
            }

            await worker.KillAsync();
            List<string> done = await worker.ReadToEndAsync();
            HashSet<string> found = [];
            await foreach (var info in store.ListAsync("", cancellationToken: Token))
            {
                found.Add(info.Path);
                var bytes = await File.ReadAllBytesAsync(Path.Combine(_root, info.Path), Token);
                Assert.Equal(Length, bytes.Length);
                Assert.DoesNotContain(bytes, value => value != bytes[0]);
                Assert.Equal(Length, info.LengthBytes);
            }

            Assert.All(done, line => Assert.Contains(line["done ".Length..], found));
        }
    }

    [Theory]
    [InlineData("put-if-absent", 0, "fsync:error=EIO", "ObjectStoreException")]
    [InlineData("put-if-absent", 0, "fsync:error=EIO:when=2", "ObjectStoreException")] // the folder, after the file
    [InlineData("put", 0, "fsync:error=EIO", "ObjectStoreException")]
    [InlineData("flush", 2, "fsync:error=EIO", "IOException")]
    [InlineData("flush", 100, "syncfs:error=EIO", "IOException")]
    [InlineData("flush", 2, "fsync:error=EINTR:when=1", "returned")]
    [InlineData("flush", 100, "syncfs:error=EINTR:when=1", "returned")]
    [InlineData("flush", 100, "syncfs:error=ENOSYS", "returned")] // then file by file
    public async Task A_sync_that_the_kernel_fails_is_reported(string what, int count, string fault, string outcome)
    {
        var strace = StraceOrSkip();
        await using var worker = WorkerProcess.StartUnder(
            [strace, "-f", "-qq", "-o", "/dev/null", "-e", $"inject={fault}"],
            "fsync-probe", "--root", Path.Combine(_root, "store"), "--what", what, "--count", $"{count}");
        var line = await worker.ReadLineAsync();
        await worker.ExpectSuccessAsync();
        Assert.NotNull(line);
        if (outcome == "returned")
        {
            Assert.Equal(outcome, line);
            return;
        }

        Assert.StartsWith($"threw {outcome} ", line, StringComparison.Ordinal);
        Assert.Contains(_root, line, StringComparison.Ordinal);
    }

    private static string StraceOrSkip()
    {
        var path = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
            .Select(static folder => Path.Combine(folder, "strace"))
            .FirstOrDefault(File.Exists);
        if (path is null && Environment.GetEnvironmentVariable("CI") == "true")
        {
            Assert.Fail("strace is missing, and the build machine must have it: install the package strace.");
        }

        if (path is null)
        {
            Assert.Skip("strace is not installed, so the kernel cannot be made to fail a sync; install the package strace.");
        }

        return path;
    }
}
