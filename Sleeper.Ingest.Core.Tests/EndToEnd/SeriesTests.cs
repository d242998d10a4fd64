using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.Tests.Support;

namespace Sleeper.Ingest.Core.Tests.EndToEnd;

/// <summary>Streams that commit on the way: by rows, by time, while idle; what an error and a disposal leave.</summary>
public class SeriesTests
{
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    [Fact]
    public async Task Rows_commit_every_so_many_under_numbered_ids_and_are_visible_before_the_end()
    {
        using var bed = await new IngestBed().WithTableAsync();
        await using var writer = await bed.Factory().WithIngestId("s").CommitEvery(100, TimeSpan.FromDays(1)).OpenAsync();
        var seen = new List<int>();

        await writer.WriteAsync(Rows());
        await writer.WriteAsync(IngestModelTests.ToAsync(IngestBed.GoodRows(130, first: 250)));
        foreach (var row in IngestBed.GoodRows(45, first: 380))
        {
            await writer.WriteAsync(row);
        }

        Assert.Equal(400, (await bed.ReadAsync()).Count);
        var result = await writer.CompleteAsync();

        Assert.Equal((425, 425), (result.RowCount, writer.RowCount));
        var table = await Table.OpenAsync(bed.Memory, "default", default);
        var commits = (await table.DescribeAsync()).RecentCommits;
        Assert.Equal(["s-5", "s-4", "s-3", "s-2", "s-1"], commits.Select(c => c.IngestId));
        Assert.Equal(commits[0].TransactionNumber, result.CommitNumber);
        Assert.Equal(5, result.Files.Count);
        Assert.Equal([0, 100, 200], seen);
        await bed.AssertHoldsAsync(IngestBed.GoodRows(425));

        IEnumerable<Row> Rows()
        {
            for (int i = 0; i < 250; i++)
            {
                if (i is 50 or 150 or 249)
                {
                    seen.Add(bed.ReadAsync().GetAwaiter().GetResult().Count);
                }

                yield return IngestBed.Good(i);
            }
        }
    }

    [Fact]
    public async Task Time_commits_while_rows_come_and_while_none_come()
    {
        using var bed = await new IngestBed().WithTableAsync();
        var clock = new ManualClock();
        await using var writer = await bed.Factory().WithIngestId("s").UseClock(clock).CommitEvery(1_000_000, Minute).OpenAsync();
        await writer.WriteAsync(IngestBed.GoodRows(10));
        Assert.Empty(await bed.ReadAsync());
        clock.Advance(Minute / 2);
        await writer.WriteAsync(IngestBed.GoodRows(10, first: 10));
        Assert.Empty(await bed.ReadAsync());

        clock.Advance(Minute / 2);
        await writer.WriteAsync(IngestBed.Good(20));
        Assert.InRange((await bed.ReadAsync()).Count, 20, 21);

        await writer.WriteAsync(IngestBed.Good(21));
        clock.Advance(2 * Minute);
        var result = await writer.CompleteAsync();
        Assert.Equal(22, result.RowCount);
        await bed.AssertHoldsAsync(IngestBed.GoodRows(22));
        Assert.InRange((await (await Table.OpenAsync(bed.Memory, "default", default)).DescribeAsync()).RecentCommits.Count, 2, 3);
    }

    [Fact]
    public async Task An_idle_stream_commits_when_its_time_has_come()
    {
        using var bed = await new IngestBed().WithTableAsync();
        var clock = new ManualClock();
        await using var writer = await bed.Factory().WithIngestId("s").UseClock(clock).CommitEvery(1_000_000, Minute).OpenAsync();
        await writer.WriteAsync(IngestBed.GoodRows(10));
        var done = bed.Store.HoldAfter(StoreOperation.PutIfAbsent, p => p.Contains("/log/files/", StringComparison.Ordinal));

        clock.Advance(Minute);

        await done.Reached;
        await bed.AssertHoldsAsync(IngestBed.GoodRows(10));
        done.Release();
        Assert.Equal(10, (await writer.CompleteAsync()).RowCount);
    }

    [Fact]
    public async Task An_error_ends_the_series_keeps_what_was_committed_and_counts_rows_from_the_start()
    {
        using var bed = await new IngestBed().WithTableAsync();
        await using var writer = await bed.Factory().WithIngestId("s").CommitEvery(100, TimeSpan.FromDays(1)).OpenAsync();
        List<Row> rows = [.. IngestBed.GoodRows(250), IngestBed.With("count", FieldValue.Null), .. IngestBed.GoodRows(10)];

        var error = await Assert.ThrowsAsync<RowRejectedException>(() => writer.WriteAsync(rows));

        Assert.Equal(250, error.Error.RowNumber);
        var later = await Assert.ThrowsAsync<IngestPoisonedException>(() => writer.CompleteAsync());
        Assert.Same(error, later.InnerException);
        Assert.Contains("not committed before", later.Message, StringComparison.Ordinal);
        await writer.DisposeAsync();
        await bed.AssertHoldsAsync(IngestBed.GoodRows(200));
        Assert.Empty(bed.Spill.Files);
        Assert.Empty(await bed.ObjectsAsync("ingests/"));
    }

    [Fact]
    public async Task An_error_of_a_commit_by_timer_comes_out_of_the_next_call()
    {
        using var bed = await new IngestBed().WithTableAsync();
        var clock = new ManualClock();
        await using var writer = await bed.Factory().UseClock(clock).CommitEvery(1_000_000, Minute).OpenAsync();
        await writer.WriteAsync(IngestBed.GoodRows(10));
        var fault = bed.Store.FailBefore(StoreOperation.Create, times: 100);
        clock.Advance(Minute);
        await fault.Reached;

        var error = await Assert.ThrowsAsync<IngestPoisonedException>(() => writer.WriteAsync(IngestBed.GoodRows(1)));

        Assert.Contains("Injected fault", error.Message, StringComparison.Ordinal);
        Assert.Empty(await bed.ObjectsAsync("data/"));
    }

    [Fact]
    public async Task A_series_run_again_under_its_id_drops_what_it_committed_before()
    {
        using var bed = await new IngestBed().WithTableAsync();
        for (int run = 0; run < 2; run++)
        {
            await using var writer = await bed.Factory().WithIngestId("s").CommitEvery(100, TimeSpan.FromDays(1)).OpenAsync();
            await writer.WriteAsync(IngestBed.GoodRows(run == 0 ? 200 : 250));
            var result = await writer.CompleteAsync();
            Assert.Equal((IngestOutcome.Committed, run == 0 ? 200 : 250), (result.Outcome, result.RowCount));
        }

        await bed.AssertHoldsAsync(IngestBed.GoodRows(250));
    }

    [Fact]
    public async Task A_series_without_rows_commits_nothing()
    {
        using var bed = await new IngestBed().WithTableAsync();
        var before = await bed.ListingAsync();
        await using var writer = await bed.Factory().CommitEvery(100, Minute).OpenAsync();
        await writer.WriteAsync(Array.Empty<Row>());

        Assert.Equal(IngestOutcome.NothingToCommit, (await writer.CompleteAsync()).Outcome);
        Assert.Equal(before, await bed.ListingAsync());
    }
}
