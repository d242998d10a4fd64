using System.Globalization;

namespace Sleeper.Ingest.Core.Tests.Simulation;

/// <summary>
/// Thousands of histories of one table under faults. <c>SLEEPER_SEEDS=1000000</c> makes it a soak; <c>SLEEPER_SEED=42</c> runs one seed and prints its events.
/// </summary>
public sealed class SimulationTests(ITestOutputHelper output)
{
    /// <summary>Planted bugs are found within so many seeds.</summary>
    private const int SeedsForBug = 1500;

    private static int SeedCount => Environment.GetEnvironmentVariable("SLEEPER_SEEDS") is { } text ? int.Parse(text, CultureInfo.InvariantCulture) : 10_000;

    public static TheoryData<PlantedBug> Bugs => [.. Enum.GetValues<PlantedBug>().Where(b => b != PlantedBug.None)];

    [Fact]
    public void No_seed_breaks_a_promise_and_every_kind_of_fault_happens()
    {
        if (Environment.GetEnvironmentVariable("SLEEPER_SEED") is { } one)
        {
            Simulation.Run(int.Parse(one, CultureInfo.InvariantCulture), PlantedBug.None, output.WriteLine);
            return;
        }

        long[] counts = new long[Enum.GetValues<FaultKind>().Length];
        var failures = new List<string>();
        var gate = new Lock();
        Parallel.For(0, SeedCount, new ParallelOptions { MaxDegreeOfParallelism = Environment.ProcessorCount }, seed =>
        {
            try
            {
                var simulation = Simulation.Run(seed);
                lock (gate)
                {
                    for (int i = 0; i < counts.Length; i++)
                    {
                        counts[i] += simulation.FaultCounts[i];
                    }
                }
            }
            catch (SimulationFailure failure)
            {
                lock (gate)
                {
                    failures.Add(failure.Message);
                }
            }
        });
        output.WriteLine(string.Join(", ", Enum.GetValues<FaultKind>().Select(kind => $"{kind} {counts[(int)kind]}")));
        foreach (string failure in failures.Take(20))
        {
            output.WriteLine(failure.Split('\n')[0]);
        }

        Assert.True(failures.Count == 0, $"{failures.Count} seeds of {SeedCount} fail. The first:\n{failures.FirstOrDefault()}");
        Assert.All(Enum.GetValues<FaultKind>(), kind => Assert.True(counts[(int)kind] >= 100, $"{kind} happened {counts[(int)kind]} times."));
    }

    [Fact]
    public void A_seed_gives_the_same_history_each_time()
    {
        for (int seed = 0; seed < 50; seed++)
        {
            Assert.Equal(Simulation.Run(seed).TraceHash, Simulation.Run(seed).TraceHash);
        }
    }

    [Theory]
    [MemberData(nameof(Bugs))]
    public void A_planted_bug_is_found(PlantedBug bug)
    {
        for (int seed = 0; seed < SeedsForBug; seed++)
        {
            try
            {
                Simulation.Run(seed, bug);
            }
            catch (SimulationFailure failure)
            {
                output.WriteLine($"{bug}: seed {seed}: {failure.Message.Split('\n')[0]}");
                return;
            }
        }

        Assert.Fail($"{bug} was not noticed in {SeedsForBug} seeds.");
    }
}
