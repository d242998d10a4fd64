using System.Globalization;

namespace Sleeper.Ingest.Core.Tests.PowerLoss;

/// <summary>
/// Several processes share a table in a folder when the power goes. <c>SLEEPER_SEEDS=100000</c> makes it a soak, <c>SLEEPER_SEED=42</c> runs one seed.
/// </summary>
public sealed class SharedFolderTests(ITestOutputHelper output)
{
    private const int SeedsOfSuite = 250;

    [Fact]
    public async Task Nothing_that_anybody_was_told_is_untrue_after_a_loss_of_power()
    {
        if (Environment.GetEnvironmentVariable("SLEEPER_SEED") is { } one)
        {
            await SharedFolder.RunAsync(int.Parse(one, CultureInfo.InvariantCulture));
            return;
        }

        int seeds = Environment.GetEnvironmentVariable("SLEEPER_SEEDS") is { } text ? int.Parse(text, CultureInfo.InvariantCulture) : SeedsOfSuite;
        var failures = new List<string>();
        int losses = 0, kills = 0, commits = 0, refusals = 0;
        for (int seed = 0; seed < seeds; seed++)
        {
            try
            {
                var run = await SharedFolder.RunAsync(seed);
                losses += run.PowerLosses;
                kills += run.Kills;
                commits += run.Commits;
                refusals += run.Refusals;
            }
            catch (LostRowsException e)
            {
                failures.Add(e.Message);
            }
        }

        output.WriteLine($"{losses} losses of power, {kills} kills, {commits} commits told, {refusals} refusals told.");
        failures.ForEach(f => output.WriteLine(f.Split('\n')[0]));
        Assert.True(failures.Count == 0, $"{failures.Count} seeds of {seeds} fail. The first:\n{failures.FirstOrDefault()}");
        Assert.True(losses > seeds / 2 && kills > seeds / 4 && commits > seeds && refusals > seeds / 20, $"{losses} losses, {kills} kills, {commits} commits, {refusals} refusals.");
    }
}
