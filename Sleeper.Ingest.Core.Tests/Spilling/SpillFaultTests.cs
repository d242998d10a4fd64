using Sleeper.Ingest.Core.Spilling;
using Sleeper.Ingest.Core.Tests.Support;

namespace Sleeper.Ingest.Core.Tests.Spilling;

public class SpillFaultTests
{
    [Theory]
    [InlineData(28, true)]
    [InlineData(122, true)]
    [InlineData(5, false)]
    public void A_failed_write_removes_the_file_poisons_the_writer_and_gives_everything_back(int errno, bool isDiskFull)
    {
        using var rows = new SampleRows([.. Enumerable.Range(0, 30_000).Select(i => BitConverter.GetBytes((long)i))]);
        int writes = CountWrites(rows);
        Assert.InRange(writes, 4, 40);
        for (int failing = 0; failing < writes; failing++)
        {
            var files = new InMemorySpillFiles { OnWrite = number => { if (number == failing) { throw InMemorySpillFiles.Error(errno); } } };
            using var bed = new SpillTestBed(files);
            SpillFile file = bed.Directory.CreateFile();
            using var writer = new SpillWriter(file, bed.Memory, 64 * 1024);
            IngestException error = Assert.ThrowsAny<IngestException>(() => WriteAll(bed, writer, rows));
            Assert.Equal(isDiskFull, error is SpillDiskFullException);
            Assert.True(error.IsRetryable);
            Assert.IsType<IOException>(error.InnerException);
            Assert.False(files.FileExists(file.Path));
            Assert.Equal(0, bed.Disk.UsedBytes);
            IngestException again = Assert.Throws<IngestException>(() => bed.WriteBucket(writer, 1, rows));
            Assert.Same(error, again.InnerException);
        }
    }

    [Fact]
    public void A_used_up_disk_budget_says_folder_budget_and_remedy()
    {
        using var rows = new SampleRows([.. Enumerable.Range(0, 30_000).Select(i => BitConverter.GetBytes((long)i))]);
        var files = new InMemorySpillFiles();
        using var bed = new SpillTestBed(files, diskBytes: 300_000);
        using var writer = new SpillWriter(bed.Directory.CreateFile(), bed.Memory, 1_000);
        SpillDiskFullException error = Assert.Throws<SpillDiskFullException>(() => bed.WriteBucket(writer, 1, rows));
        Assert.Equal(300_000, error.BudgetBytes);
        Assert.StartsWith("/spill", error.Folder, StringComparison.Ordinal);
        Assert.Contains("300,000", error.Message);
        Assert.Contains("larger disk budget", error.Message);
        Assert.True(error.IsRetryable);
        Assert.DoesNotContain(files.Files.Keys, path => path.EndsWith(".spill", StringComparison.Ordinal));
    }

    [Fact]
    public void A_writer_or_cursor_that_does_not_fit_in_memory_takes_nothing()
    {
        using var bed = new SpillTestBed(new InMemorySpillFiles());
        using var rows = new SampleRows([[1], [2]]);
        using var writer = new SpillWriter(bed.Directory.CreateFile(), bed.Memory, 1_000);
        SpillExtent run = bed.WriteRun(writer, 1, rows);
        var tight = new Core.Buffers.MemoryBudget(RunCursor.MemoryBytes(run) - 1);
        Assert.Throws<InvalidOperationException>(() => new RunCursor(run, tight));
        Assert.Throws<InvalidOperationException>(() => new SpillWriter(bed.Directory.CreateFile(), tight, 1_000));
        Assert.Equal(0, tight.UsedBytes);
    }

    private static int CountWrites(SampleRows rows)
    {
        int count = 0;
        using var bed = new SpillTestBed(new InMemorySpillFiles { OnWrite = _ => count++ });
        using var writer = new SpillWriter(bed.Directory.CreateFile(), bed.Memory, 64 * 1024);
        WriteAll(bed, writer, rows);
        return count;
    }

    private static void WriteAll(SpillTestBed bed, SpillWriter writer, SampleRows rows)
    {
        bed.WriteBucket(writer, 1, rows);
        bed.WriteRun(writer, 2, rows);
        bed.WriteBucket(writer, 3, rows, rows);
    }
}
