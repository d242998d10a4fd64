using System.Globalization;
using Sleeper.Ingest.Core.Tests.Support;

namespace Sleeper.Ingest.Core.Tests.StateStores.DynamoDb;

/// <summary>Four processes commit to one table at once.</summary>
/// <remarks>With SLEEPER_SOAK set 250 commits each on dynalite and 25 on the other emulator, which is slow; else a few.</remarks>
public sealed class LiveProcessTests
{
    private const int Processes = 4;

    [Theory]
    [InlineData("dynalite", 15, 250)]
    [InlineData("moto", 4, 25)]
    public async Task Four_processes_leave_a_log_without_gap_or_repeat(string kind, int few, int many)
    {
        int count = Environment.GetEnvironmentVariable("SLEEPER_SOAK") is null ? few : many;
        using var server = await LiveLogServer.CreateAsync(kind);
        var workers = Enumerable.Range(0, Processes).Select(w => WorkerProcess.Start(
            "live-commit-loop", "--endpoint", server.ServiceUrl, "--table-id", server.Identity.TableId, "--files-log", server.Identity.FilesLog, "--partitions-log",
            server.Identity.PartitionsLog, "--partition", "p0", "--writer", $"w{w}", "--count", count.ToString(CultureInfo.InvariantCulture))).ToList();
        var committed = (await WorkerProcess.RaceAsync(workers, TimeSpan.FromMinutes(4))).SelectMany(lines => lines)
            .Where(line => line.StartsWith("committed", StringComparison.Ordinal)).Select(line => line.Split(' '))
            .Select(words => (Id: words[1], Number: long.Parse(words[2], CultureInfo.InvariantCulture))).ToList();

        Assert.Equal(Enumerable.Range(1, Processes * count).Select(n => (long)n), committed.Select(c => c.Number).Order());
        using var store = server.Open(99);
        var state = await store.LoadStateAsync(TestContext.Current.CancellationToken);
        Assert.Equal((Processes * count, (long)(Processes * count)), (state.References.Count, state.TransactionNumber));
        foreach (var (id, number) in committed.Where((_, i) => i % 10 == 0))
        {
            Assert.Equal(number, (await store.FindCommitAsync(id, TestContext.Current.CancellationToken))!.TransactionNumber);
        }
    }
}
