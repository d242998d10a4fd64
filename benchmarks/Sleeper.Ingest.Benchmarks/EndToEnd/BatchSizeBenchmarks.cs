using BenchmarkDotNet.Attributes;
using Sleeper.Ingest.Benchmarks.Jobs;
using Sleeper.Ingest.Core;

namespace Sleeper.Ingest.Benchmarks.EndToEnd;

/// <summary>How long are rows not visible, and what do they cost, by the rows of a commit? Copy it, and put your own rows, leaves, store and prices in.</summary>
/// <remarks>
/// The mean is the delay from the first row of a commit until its rows are visible, if all are there. The columns beside it are <see cref="IngestPlan"/>'s: files
/// and dollars for a million rows. Where rows come slowly, add the time in which a commit fills.
/// </remarks>
[MemoryDiagnoser]
[PlanColumns]
public class BatchSizeBenchmarks
{
    /// <summary>Leaf partitions of the table.</summary>
    public const int LeafCount = 128;

    private string _folder = "";
    private IngestFactory _factory = null!;
    private S128Row[] _rows = [];

    /// <summary>Rows of one commit.</summary>
    [Params(1_000, 10_000, 100_000, 1_000_000)]
    public int RowsPerCommit { get; set; }

    /// <summary>What the plan for such commits says: ten million rows of S128.</summary>
    public static IngestPlan Plan(int rowsPerCommit) => IngestPlan.Make(
        new IngestWorkload { RowCount = 10_000_000, RowBytes = 32, LeafCount = LeafCount, RowsPerCommit = rowsPerCommit },
        prices: new IngestPrices { DollarsPerMillionPuts = 5m, DollarsPerMillionGets = 0.4m });

    [GlobalSetup]
    public void Setup()
    {
        _folder = Directory.CreateTempSubdirectory("sleeper-batch-size-").FullName;
        _factory = Workloads.S128.Split(IngestFactory.Create().WithFolder(_folder).WithSchema(Workloads.S128.Schema));
        _rows = [.. S128Row.Generate(RowsPerCommit)];
    }

    [GlobalCleanup]
    public void Cleanup() => Directory.Delete(_folder, recursive: true);

    /// <summary>One commit.</summary>
    [Benchmark]
    public async Task<long> Commit()
    {
        await using var writer = await _factory.OpenAsync();
        await writer.WriteAsync(_rows, S128Row.Mapping);
        return (await writer.CompleteAsync()).RowCount;
    }
}
