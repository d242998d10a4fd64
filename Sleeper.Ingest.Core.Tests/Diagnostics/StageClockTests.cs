using Sleeper.Ingest.Core.Diagnostics;
using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.Tests.Support;

namespace Sleeper.Ingest.Core.Tests.Diagnostics;

public sealed class StageClockTests
{
    [Fact]
    public async Task Every_stage_of_an_ingest_that_spills_is_counted_by_batches_and_its_bytes_add_up()
    {
        long now = 0;
        var clock = new StageClock(() => Interlocked.Increment(ref now), () => 0);

        var table = await IngestedTable.IngestAsync(
            IngestBed.Sample, IngestBed.GoodRows(250_000), factory => factory.UseStageClock(clock).WithMemoryBudget(16 << 20));

        var figures = clock.Figures.ToDictionary(f => f.Stage);
        foreach (var stage in Enum.GetValues<ClockedStage>().Except([ClockedStage.Decode, ClockedStage.TurnWaits]))
        {
            Assert.InRange(figures[stage].Calls, 1, 15_000);
            Assert.True(figures[stage].Wall >= TimeSpan.Zero, stage.ToString());
        }

        Assert.Equal(0, figures[ClockedStage.Decode].Calls);
        Assert.Equal(figures[ClockedStage.Encode].Bytes, figures[ClockedStage.Bucket].Bytes);
        Assert.Equal(table.Result.InputBytes, figures[ClockedStage.Map].Bytes);
        Assert.InRange(figures[ClockedStage.Encode].Bytes, table.Result.InputBytes * 0.9, table.Result.InputBytes);
        // Bytes of rows in memory; on disk they may take fewer.
        Assert.InRange(figures[ClockedStage.Spill].Bytes, table.Result.SpilledBytes * 0.95, table.Result.InputBytes);
        Assert.True(figures[ClockedStage.Put].Bytes >= table.Result.OutputBytes);
    }

    [Fact]
    public async Task Columns_of_a_file_are_decoded_and_encoded()
    {
        var clock = new StageClock(() => 0, () => 0);
        using var folder = new TemporaryFolder();
        var first = await IngestedTable.IngestAsync(IngestBed.Sample, IngestBed.GoodRows(1_000));
        string path = Path.Combine(folder.Path, "rows.parquet");
        await File.WriteAllBytesAsync(path, await first.BytesAsync(), TestContext.Current.CancellationToken);

        await IngestedTable.IngestAsync(IngestBed.Sample, writer => writer.WriteParquetAsync(path, TestContext.Current.CancellationToken), factory => factory.UseStageClock(clock));

        var figures = clock.Figures.ToDictionary(f => f.Stage);
        Assert.InRange(figures[ClockedStage.Decode].Calls, 2, 10);
        Assert.Equal(figures[ClockedStage.Encode].Bytes, figures[ClockedStage.Bucket].Bytes);
    }

    [Fact]
    public void Processor_time_counts_only_where_a_stage_ends_on_the_thread_that_it_began_on()
    {
        long processor = 0;
        var clock = new StageClock(() => 0, () => processor += 1_000_000);
        var begun = clock.Begin();
        clock.End(ClockedStage.Sort, begun with { ThreadId = begun.ThreadId + 1 }, 5);
        clock.End(ClockedStage.Sort, clock.Begin(), 6);

        var sort = clock.Figures.Single(f => f.Stage == ClockedStage.Sort);
        Assert.Equal((2, 11L, TimeSpan.FromMilliseconds(1)), ((int)sort.Calls, sort.Bytes, sort.Processor));
    }
}
