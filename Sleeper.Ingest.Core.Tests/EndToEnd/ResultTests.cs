using Sleeper.Ingest.Core.Tests.Support;

namespace Sleeper.Ingest.Core.Tests.EndToEnd;

/// <summary>What an ingest says about itself: result and progress add up with what is there.</summary>
public class ResultTests
{
    [Theory]
    [InlineData(FileWritingStrategy.OneFilePerLeaf)]
    [InlineData(FileWritingStrategy.OneReferencePerLeaf)]
    public async Task The_result_adds_up_with_the_table_and_its_objects(FileWritingStrategy strategy)
    {
        using var bed = await new IngestBed().WithTableAsync(splitPoints: ["key-03", "key-05", "key-99"]);
        var clock = new ManualClock();
        await using var writer = await bed.Factory().UseClock(clock).WithFileStrategy(strategy).OpenAsync();
        await writer.WriteAsync(IngestBed.GoodRows(1000));
        clock.Advance(TimeSpan.FromSeconds(3));
        var result = await writer.CompleteAsync();

        var references = result.Files.SelectMany(f => f.References).ToList();
        Assert.Equal((strategy == FileWritingStrategy.OneFilePerLeaf ? 3 : 1, 3, 4), (result.Files.Count, references.Count, result.LeafCount));
        Assert.Equal((1000, 1000, 1000), (result.RowCount, references.Sum(r => r.RowCount), writer.RowCount));
        Assert.All(references, r => Assert.Equal(strategy == FileWritingStrategy.OneFilePerLeaf, r.OnlyContainsDataForThisPartition));
        foreach (var file in result.Files)
        {
            Assert.Equal(file.LengthBytes, (await bed.Memory.HeadAsync("default/" + file.FileName))!.LengthBytes);
        }

        Assert.Equal(result.Files.Sum(f => f.LengthBytes), result.OutputBytes);
        Assert.True(result.InputBytes > 1000 * 20);
        Assert.Equal((0, TimeSpan.FromSeconds(3)), (result.SpilledBytes, result.Times.Accepting));
        Assert.Equal(result.Times.Accepting + result.Times.Writing + result.Times.Syncing + result.Times.Committing, result.Times.Total);
        Assert.InRange(result.PeakMemoryBytes, 1, 32 << 20);
        var description = await (await Table.OpenAsync(bed.Memory, "default")).DescribeAsync();
        Assert.Equal((result.RowCount, result.Files.Count, result.CommitNumber), (description.RowCount, description.FileCount, description.TransactionNumber));
    }

    [Fact]
    public async Task One_leaf_hit_by_a_shared_file_is_marked_as_holding_all_of_it()
    {
        using var bed = await new IngestBed().WithTableAsync(splitPoints: ["m"]);
        await using var writer = await bed.Factory().WithFileStrategy(FileWritingStrategy.OneReferencePerLeaf).OpenAsync();
        await writer.WriteAsync(IngestBed.GoodRows(100));
        var file = Assert.Single((await writer.CompleteAsync()).Files);

        Assert.True(Assert.Single(file.References).OnlyContainsDataForThisPartition);
    }

    [Fact]
    public async Task Progress_goes_through_the_stages_with_counts_that_never_fall_and_ends_complete()
    {
        using var bed = await new IngestBed().WithTableAsync(splitPoints: ["key-03", "key-05", "key-09"]);
        var reports = new Reports();
        using var folder = new TemporaryFolder();
        string path = Path.Combine(folder.Path, "a.parquet");
        await File.WriteAllBytesAsync(path, SmallDataFile.Write(IngestBed.Sample, IngestBed.GoodRows(500), rowGroupRowCount: 100));
        var clock = new StateStoreClock();
        await using var writer = await bed.Factory().WithMemoryBudget(16 << 20).WithProgress(reports).UseClock(clock).OpenAsync();
        foreach (var row in IngestBed.GoodRows(5))
        {
            await writer.WriteAsync(row);
        }

        await writer.WriteAsync(WriterContractTests.Wide(4000));
        await writer.WriteParquetAsync(path);
        var result = await writer.CompleteAsync();

        var seen = reports.All;
        Assert.Equal([IngestStage.Accepting, IngestStage.Writing, IngestStage.Committing, IngestStage.Done], seen.Select(r => r.Stage).Distinct());
        for (int i = 1; i < seen.Count; i++)
        {
            Assert.True(
                seen[i].Stage >= seen[i - 1].Stage && seen[i].RowsAccepted >= seen[i - 1].RowsAccepted && seen[i].RowsWritten >= seen[i - 1].RowsWritten
                && seen[i].FilesWritten >= seen[i - 1].FilesWritten && seen[i].BytesWritten >= seen[i - 1].BytesWritten
                && seen[i].SpilledBytes >= seen[i - 1].SpilledBytes,
                $"{seen[i - 1]} before {seen[i]}");
        }

        Assert.Equal((IngestStage.Done, 4505L, 4505L, 4), (seen[^1].Stage, seen[^1].RowsAccepted, seen[^1].RowsWritten, seen[^1].FilesWritten));
        Assert.Equal(result.OutputBytes, seen[^1].BytesWritten);
        Assert.Equal((result.SpilledBytes, 4505L), (seen[^1].SpilledBytes, seen[^1].RowsExpected));
        Assert.True(result.SpilledBytes > 0);
    }

    private sealed class Reports : IProgress<IngestProgress>
    {
        private readonly List<IngestProgress> _all = [];

        public List<IngestProgress> All
        {
            get
            {
                lock (_all)
                {
                    return [.. _all];
                }
            }
        }

        public void Report(IngestProgress value)
        {
            lock (_all)
            {
                _all.Add(value);
            }
        }
    }
}
