using Sleeper.Ingest.Core.ObjectStores;
using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.Schemas;
using Sleeper.Ingest.Core.Tests.Support;

namespace Sleeper.Ingest.Core.Tests;

/// <summary>What a plan says, against ingests that were made.</summary>
public sealed class IngestPlanTests
{
    private static readonly Schema Schema = Schema.Create().RowKey("key", FieldType.Long).Value("text", FieldType.String).Build();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(16, 5_000, 1_000, FileWritingStrategy.OneFilePerLeaf)]
    [InlineData(16, 4_500, 1_000, FileWritingStrategy.OneFilePerLeaf)]
    [InlineData(1, 300, 100, FileWritingStrategy.OneFilePerLeaf)]
    [InlineData(16, 3_000, 1_000, FileWritingStrategy.OneReferencePerLeaf)]
    public async Task Files_objects_and_requests_of_a_series_of_ingests_are_those_of_the_plan(int leaves, int rows, int rowsPerCommit, FileWritingStrategy strategy)
    {
        var (calls, results, objects) = await IngestAsync(leaves, rows, rowsPerCommit, strategy, warmUp: 256);
        var plan = Plan(leaves, rows, rowsPerCommit, new IngestOptions { FileStrategy = strategy, MemoryBudgetBytes = 32 << 20, DegreeOfParallelism = 2 });

        Assert.Equal(plan.CommitCount, results.Count);
        Assert.Equal(plan.Whole.FileCount, results.Sum(r => r.Files.Count));
        Assert.Equal(plan.Whole.ObjectCount, objects);
        Assert.Equal(plan.Whole.Requests, StoreRequestsOf.Calls(calls));
        Assert.Equal(plan.PerCommit.FileCount, results[0].Files.Count);
        Assert.Equal(plan.Whole.Dollars, plan.Prices.Of(plan.Whole.Requests));
    }

    [Fact]
    public async Task The_requests_of_snapshots_are_within_a_twentieth_of_the_plan()
    {
        var (calls, results, _) = await IngestAsync(leaves: 1, rows: 600, rowsPerCommit: 1, FileWritingStrategy.OneFilePerLeaf, warmUp: 256);
        var plan = Plan(leaves: 1, rows: 600, rowsPerCommit: 1);

        Assert.Equal(600, results.Count);
        var counted = StoreRequestsOf.Calls(calls);
        Assert.InRange(plan.Whole.Requests.Gets, counted.Gets * 0.95, counted.Gets * 1.05);
        Assert.InRange(plan.Whole.Requests.Puts, counted.Puts * 0.95, counted.Puts * 1.05);
        Assert.InRange(plan.Whole.Requests.Lists, counted.Lists - 3, counted.Lists + 3);
    }

    [Theory]
    [InlineData(10_000, 6_000)]
    [InlineData(500, 200)]
    [InlineData(100, 1)]
    public async Task Commits_of_few_rows_hit_the_leaves_that_chance_gives_them(int leaves, int rows)
    {
        var store = new InMemoryObjectStore();
        await Table.CreateAsync(store, "default", Schema, SplitPoints(leaves), Token);
        var table = await IngestedTable.IngestAsync(Schema, Rows(rows), store: store);

        var plan = Plan(leaves, rows, rows);

        Assert.InRange(plan.Whole.FileCount, table.Result.Files.Count * 0.93, table.Result.Files.Count * 1.07);
        Assert.Equal(plan.LeavesPerCommit, plan.Whole.FileCount);
    }

    [Theory]
    [InlineData(16, 1, 1, 400_000)]
    [InlineData(16, 2, 8, 400_000)]
    [InlineData(16, 2, 128, 600_000)]
    [InlineData(32, 1, 300, 900_000)]
    [InlineData(64, 2, 16, 300_000)]
    [InlineData(24, 2, 2, 450_000)]
    public async Task Spilled_rows_and_memory_are_within_a_tenth_of_the_plan(int budgetMiB, int workers, int leaves, int rows)
    {
        var store = new InMemoryObjectStore();
        await Table.CreateAsync(store, "default", Schema, SplitPoints(leaves), Token);
        var table = await IngestedTable.IngestAsync(
            Schema, Rows(rows), factory => factory.WithMemoryBudget((long)budgetMiB << 20).WithDegreeOfParallelism(workers).WithCompression(DataFileCodec.None), store: store);
        var options = new IngestOptions { MemoryBudgetBytes = (long)budgetMiB << 20, DegreeOfParallelism = workers };

        var plan = Plan(leaves, rows, rows, options);

        var result = table.Result;

        // The plan counts rows as they are in memory; on disk these ones, all of one length, take less.
        double spilledBytes = result.SpilledRowCount * RowBytes;
        string context = $"counted: {spilledBytes:N0} spilled, {result.SpilledBytes:N0} on disk, {result.PeakMemoryBytes:N0} at the peak, {result.InputBytes:N0} in; planned: {plan.Whole.SpilledBytes:N0}, {plan.Whole.MemoryBytes:N0}";
        double slack = Math.Max(spilledBytes * 0.1, spilledBytes > 0 ? (budgetMiB << 20) * 0.1 : 0);
        Assert.True(Math.Abs(plan.Whole.SpilledBytes - spilledBytes) <= slack, context);
        Assert.True(result.SpilledBytes <= spilledBytes, context);
        Assert.True(Math.Abs(plan.Whole.MemoryBytes - result.PeakMemoryBytes) <= result.PeakMemoryBytes * 0.1, context);
    }

    [Fact]
    public async Task A_sample_gives_the_bytes_of_a_row_as_the_ingest_holds_it()
    {
        var table = await IngestedTable.IngestAsync(Schema, Rows(1000));

        Assert.Equal((double)table.Result.InputBytes / 1000, IngestWorkload.MeasureRowBytes(Schema, Rows(1000)), 6);
        Assert.Throws<ArgumentException>(() => IngestWorkload.MeasureRowBytes(Schema, []));
        var error = Assert.Throws<ArgumentException>(() => IngestWorkload.MeasureRowBytes(Schema, [new Row(Schema, 1L, FieldValue.Null)]));
        Assert.Contains("'text'", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void More_than_memory_holds_is_planned_without_playing_every_row()
    {
        var plan = Plan(128, 100_000_000_000, long.MaxValue, new IngestOptions { MemoryBudgetBytes = 64 << 20, DegreeOfParallelism = 2 });

        Assert.InRange(plan.Whole.SpilledBytes, 0.99 * 100e9 * RowBytes, 1.01 * 100e9 * RowBytes);
        Assert.InRange(plan.Whole.MemoryBytes, 50 << 20, 64 << 20);
    }

    [Fact]
    public void Cost_follows_the_price_table_and_falls_with_the_batch_while_the_delay_grows()
    {
        var prices = new IngestPrices { DollarsPerMillionPuts = 5, DollarsPerMillionGets = 0, DollarsPerMillionLists = 0, DollarsPerHour = 3600 };
        var workload = new IngestWorkload
        {
            RowCount = 100_000_000, RowBytes = 50, LeafCount = 100, RowsPerCommit = 10_000, IngestedRowsPerSecond = 1_000_000, ArrivingRowsPerSecond = 10_000,
        };

        var small = IngestPlan.Make(workload, prices: prices);
        var large = IngestPlan.Make(workload with { RowsPerCommit = 10_000_000 }, prices: prices);

        // The Java original's own table says 1,000,000 PUTs and 5 dollars for 10,000 commits into 100 leaves; it leaves the sketches out, and we put an intent and an entry.
        Assert.Equal((200 + 2) * 10_000L + (3 * (10_000 / 256)), small.Whole.Requests.Puts);
        Assert.Equal(small.Whole.Requests.Puts * 5m / 1_000_000m + 100m, small.Whole.Dollars, 6);
        Assert.True(large.Whole.Dollars < small.Whole.Dollars);
        Assert.Equal(TimeSpan.FromSeconds(1.01), small.DelayUntilVisible);
        Assert.Equal(TimeSpan.FromSeconds(1010), large.DelayUntilVisible);
        Assert.Equal(TimeSpan.FromSeconds(100), small.Duration);
        Assert.Equal(small.Whole.Dollars / 100, small.Whole.DollarsPerMillionRows);
    }

    [Fact]
    public void Objects_above_the_part_size_cost_their_parts()
    {
        var workload = new IngestWorkload { RowCount = 1_000_000, RowBytes = 100, LeafCount = 1, CompressedShare = 1 };

        long whole = IngestPlan.Make(workload).Whole.Requests.Puts;
        long parts = IngestPlan.Make(workload with { UploadPartBytes = 8_000_000 }).Whole.Requests.Puts;

        // 13 parts, a beginning and an end, in place of one.
        Assert.Equal(whole + 14, parts);
    }

    [Fact]
    public void A_leaf_has_its_share_of_everything()
    {
        var plan = Plan(128, 128_000_000, 12_800_000, new IngestOptions { MemoryBudgetBytes = 64 << 20, DegreeOfParallelism = 2 });

        Assert.Equal(1_000_000, plan.PerLeaf.RowCount);
        Assert.Equal(10, plan.PerLeaf.FileCount);
        Assert.Equal(plan.Whole.SpilledBytes / 128, plan.PerLeaf.SpilledBytes);
        Assert.Equal(plan.Whole.BytesPerFile, plan.PerLeaf.BytesPerFile, 1.0);
        string text = plan.ToString();
        Assert.Contains("128,000,000 rows", text, StringComparison.Ordinal);
        Assert.Contains("a leaf", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Figures_that_make_no_sense_are_refused_all_together()
    {
        var workload = new IngestWorkload { RowCount = 0, RowBytes = 0.5, LeafCount = 0, RowsPerCommit = 0, CompressedShare = 0, IngestedRowsPerSecond = 0, ArrivingRowsPerSecond = double.NaN, UploadPartBytes = 0 };

        var error = Assert.Throws<ArgumentException>(() => IngestPlan.Make(workload));

        foreach (string part in (string[])["0 rows", "0.5 bytes", "0 leaves", "commits of 0", "share", "ingesting 0", "NaN", "parts of 0"])
        {
            Assert.Contains(part, error.Message, StringComparison.Ordinal);
        }

        var tooSmall = Assert.Throws<ArgumentException>(() => Plan(1, 1, 1, new IngestOptions { MemoryBudgetBytes = 16 << 20, DegreeOfParallelism = 64 }));
        Assert.Contains("WithMemoryBudget", tooSmall.Message, StringComparison.Ordinal);
    }

    private static double RowBytes { get; } = IngestWorkload.MeasureRowBytes(Schema, Rows(1000));

    private static IngestPlan Plan(int leaves, long rows, long rowsPerCommit, IngestOptions? options = null) => IngestPlan.Make(
        new IngestWorkload { RowCount = rows, RowBytes = RowBytes, LeafCount = leaves, RowsPerCommit = rowsPerCommit },
        options ?? new IngestOptions { MemoryBudgetBytes = 32 << 20, DegreeOfParallelism = 2 });

    /// <summary>A series of ingests by one factory into a table that has a fresh snapshot: its calls, its results, and how many objects it left.</summary>
    private static async Task<(List<string> Calls, List<IngestResult> Results, int Objects)> IngestAsync(
        int leaves, int rows, int rowsPerCommit, FileWritingStrategy strategy, int warmUp)
    {
        var memory = new InMemoryObjectStore();
        await Table.CreateAsync(memory, "default", Schema, SplitPoints(leaves), Token);
        var before = Factory(memory);
        for (int i = 0; i < warmUp; i++)
        {
            await OneAsync(before, Rows(1));
        }

        int objects = (await TableFixture.ObjectsAsync(memory, "")).Count;
        var counted = new ScriptedObjectStore(memory);
        var factory = Factory(counted);
        var results = new List<IngestResult>();
        for (int first = 0; first < rows; first += rowsPerCommit)
        {
            results.Add(await OneAsync(factory, Rows(Math.Min(rowsPerCommit, rows - first), first)));
        }

        return ([.. counted.Calls], results, (await TableFixture.ObjectsAsync(memory, "")).Count - objects);

        IngestFactory Factory(IObjectStore store) => IngestFactory.Create().UseObjectStore(store).WithSchema(Schema).WithFileStrategy(strategy)
            .WithMemoryBudget(32 << 20).WithDegreeOfParallelism(2).WithCompression(DataFileCodec.None);
    }

    private static async Task<IngestResult> OneAsync(IngestFactory factory, IEnumerable<Row> rows)
    {
        await using var writer = await factory.OpenAsync(Token);
        await writer.WriteAsync(rows, Token);
        return await writer.CompleteAsync(Token);
    }

    /// <summary>Leaves of equal width of the keys that <see cref="Rows"/> gives.</summary>
    private static FieldValue[] SplitPoints(int leaves) =>
        [.. Enumerable.Range(1, leaves - 1).Select(i => (FieldValue)(long)((UInt128)ulong.MaxValue * (UInt128)i / (UInt128)leaves - (UInt128)(1UL << 63)))];

    private static IEnumerable<Row> Rows(int count, int first = 0)
    {
        var random = new Random(first + 1);
        for (int i = 0; i < count; i++)
        {
            yield return new Row(Schema, random.NextInt64(long.MinValue, long.MaxValue), "a text of some forty letters, the same ever");
        }
    }
}
