using Sleeper.Ingest.Core.ObjectStores;
using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.Schemas;
using Sleeper.Ingest.Core.Tests.Support;

namespace Sleeper.Ingest.Core.Tests.Faults;

/// <summary>Disks that are really full: tiny file systems in memory, mounted for a test.</summary>
public sealed class FullDiskTests : IDisposable
{
    private static readonly Schema Schema = Schema.Create().RowKey("key", FieldType.Int).Value("bytes", FieldType.ByteArray).Build();

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_full_disk_under_the_table_fails_the_ingest_and_leaves_nothing()
    {
        using var disk = MountedDisk.CreateOrSkip("1m");
        var store = new LocalObjectStore(disk.Path);
        var error = await Assert.ThrowsAnyAsync<IngestException>(() => IngestAsync(store, Path.Combine(_folder.Path, "spill"), 3_000));
        Assert.True(error.IsRetryable, error.ToString());
        Assert.Empty(await SmallIngest.StrayObjectsAsync(store));
        Assert.Equal(0, (await (await Table.OpenAsync(store, "default")).DescribeAsync()).RowCount);

        // There is room again for an ingest that fits.
        Assert.Equal(100, (await IngestAsync(store, Path.Combine(_folder.Path, "spill"), 100)).RowCount);
    }

    [Fact]
    public async Task A_full_disk_under_the_spill_folder_fails_the_ingest_and_leaves_nothing()
    {
        using var disk = MountedDisk.CreateOrSkip("1m");
        var store = new InMemoryObjectStore();
        string spill = Path.Combine(disk.Path, "spill");
        var error = await Assert.ThrowsAsync<SpillDiskFullException>(() => IngestAsync(store, spill, 40_000));
        Assert.True(error.IsRetryable, error.ToString());
        Assert.Empty(await SmallIngest.StrayObjectsAsync(store));
        Assert.Empty(Directory.EnumerateFileSystemEntries(spill));
        Assert.Equal(0, (await (await Table.OpenAsync(store, "default")).DescribeAsync()).RowCount);
        Assert.Equal(40_000, (await IngestAsync(store, Path.Combine(_folder.Path, "spill"), 40_000)).RowCount);
    }

    /// <summary>Rows of about 1 KiB that no codec makes smaller.</summary>
    private static async Task<IngestResult> IngestAsync(IObjectStore store, string spillFolder, int rows)
    {
        await using var writer = await IngestFactory.Create().UseObjectStore(store).WithSchema(Schema).WithSplitPoints(0).WithMemoryBudget(16 << 20)
            .WithDegreeOfParallelism(2).WithRowGroups(500, 1 << 20).WithSpillFolder(spillFolder).WithIngestId("large").OpenAsync();
        var random = new Random(1);
        await writer.WriteAsync(Enumerable.Range(0, rows).Select(_ =>
        {
            byte[] bytes = new byte[1024];
            random.NextBytes(bytes);
            return new Row(Schema, random.Next(int.MinValue, int.MaxValue), bytes);
        }));
        return await writer.CompleteAsync();
    }
}
