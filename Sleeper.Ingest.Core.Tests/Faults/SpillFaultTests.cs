using Sleeper.Ingest.Core.ObjectStores;
using Sleeper.Ingest.Core.Pipeline;
using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.Schemas;
using Sleeper.Ingest.Core.Tests.Support;

namespace Sleeper.Ingest.Core.Tests.Faults;

/// <summary>A whole ingest that spills, on a disk that breaks: it fails with a remedy, leaves nothing, and succeeds when it is tried again.</summary>
public sealed class SpillFaultTests : IDisposable
{
    private const int Rows = 150_000;
    private const int DiskFull = 28;
    private const int DiskError = 5;

    private static readonly Schema Schema = Schema.Create().RowKey("key", FieldType.Int).Value("text", FieldType.String).Build();

    /// <summary>The rows have ends of it, of several lengths: so they go to disk as they are, and often enough.</summary>
    private static readonly string Text = new('x', 130);

    private readonly TemporaryFolder _spill = new();

    public void Dispose() => _spill.Dispose();

    [Theory]
    [InlineData(1)]
    [InlineData(40)]
    public async Task A_write_that_fails_ends_the_ingest_cleanly(int leaves)
    {
        var counting = new FaultySpillFiles();
        await RunAsync(new InMemoryObjectStore(), counting, leaves);
        Assert.InRange(counting.WriteCount, 3, 10_000);

        // Not up to the last one: how far the workers run ahead decides how much is spilled.
        foreach (int write in Points(counting.WriteCount * 2 / 3, 6))
        {
            int errno = write % 2 == 0 ? DiskFull : DiskError;
            var error = await AssertFailsCleanlyAsync(
                new FaultySpillFiles { OnWrite = n => ThrowAt(n, write, errno) }, leaves, $"write {write} of {counting.WriteCount}, errno {errno}");
            Assert.Equal(errno == DiskFull, error is SpillDiskFullException);
            Assert.True(error.IsRetryable);
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(40)]
    public async Task A_read_that_fails_ends_the_ingest_cleanly(int leaves)
    {
        var counting = new FaultySpillFiles();
        await RunAsync(new InMemoryObjectStore(), counting, leaves);
        Assert.InRange(counting.ReadCount, 3, 10_000);

        // From there on, because a read that fails is tried again; and not up to the last one, because workers share the reads out as they come.
        foreach (int read in Points(counting.ReadCount / 2, 4))
        {
            await AssertFailsCleanlyAsync(
                new FaultySpillFiles { OnRead = n => ThrowAt(Math.Min(n, read), read, DiskError) }, leaves, $"from read {read} of about {counting.ReadCount} on");
        }
    }

    [Fact]
    public async Task A_spill_file_that_cannot_be_made_ends_the_ingest_cleanly()
    {
        // From there on, because a name that is taken is tried again.
        for (int create = 1; create <= 4; create++)
        {
            int from = create;
            var error = await AssertFailsCleanlyAsync(
                new FaultySpillFiles { OnCreate = n => ThrowAt(Math.Min(n, from), from, DiskFull) }, 1, $"from the making of file or folder {create} on");
            Assert.True(error.IsRetryable);
        }
    }

    [Fact]
    public async Task A_used_up_disk_budget_ends_the_ingest_cleanly()
    {
        var store = new InMemoryObjectStore();
        var error = await Assert.ThrowsAsync<SpillDiskFullException>(() => RunAsync(store, new FaultySpillFiles(), 40, diskBudget: 1 << 20));
        Assert.Equal(1 << 20, error.BudgetBytes);
        await AssertCleanAsync(store, "used-up disk budget");
        Assert.Equal(Rows, (await RunAsync(store, new FaultySpillFiles(), 40)).RowCount);
    }

    private async Task<IngestException> AssertFailsCleanlyAsync(FaultySpillFiles files, int leaves, string context)
    {
        var store = new InMemoryObjectStore();
        IngestException? failure = null;
        try
        {
            await RunAsync(store, files, leaves);
        }
        catch (IngestException error)
        {
            failure = error;
        }

        Assert.True(failure is not null, $"{context}: the ingest succeeded.");
        await AssertCleanAsync(store, context);
        Assert.True((await RunAsync(store, new FaultySpillFiles(), leaves)).RowCount == Rows, context);
        return failure;
    }

    private async Task AssertCleanAsync(IObjectStore store, string context)
    {
        var strays = await SmallIngest.StrayObjectsAsync(store);
        Assert.True(strays.Count == 0, $"{context}: left {string.Join(", ", strays)}");
        string[] left = [.. Directory.EnumerateFileSystemEntries(_spill.Path)];
        Assert.True(left.Length == 0, $"{context}: left {string.Join(", ", left)}");
        Assert.Equal(0, (await (await Table.OpenAsync(store, "default")).DescribeAsync()).RowCount);
    }

    private async Task<IngestResult> RunAsync(IObjectStore store, FaultySpillFiles files, int leaves, long diskBudget = long.MaxValue)
    {
        var options = IngestFactory.Create().UseObjectStore(store).WithSchema(Schema).WithMemoryBudget(16 << 20).WithDegreeOfParallelism(2)
            .WithSplitPoints(Enumerable.Range(1, leaves - 1).Select(i => (FieldValue)(i * (Rows / leaves)))).WithCompression(DataFileCodec.Lz4Raw)
            .WithDiskBudget(diskBudget).WithSpillFolder(_spill.Path).WithIngestId("spilling").Build();
        await using var writer = await IngestOpening.OpenAsync(options with { SpillFiles = files }, new TableKeeper(), default);
        await writer.WriteAsync(Enumerable.Range(0, Rows).Select(i => new Row(Schema, (int)((uint)i * 7919 % Rows), Text[(i % 20)..])));
        var result = await writer.CompleteAsync();
        Assert.NotEqual(0, result.SpilledBytes);
        return result;
    }

    /// <summary>The first and the last of so many, and some between.</summary>
    private static IEnumerable<int> Points(int count, int points) =>
        Enumerable.Range(0, points).Select(i => 1 + (int)((long)(count - 1) * i / (points - 1))).Distinct();

    private static void ThrowAt(int number, int at, int errno)
    {
        if (number == at)
        {
            throw new IOException("Injected.", errno);
        }
    }
}
