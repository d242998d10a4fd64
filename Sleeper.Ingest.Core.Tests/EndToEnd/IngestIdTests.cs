using Sleeper.Ingest.Core.Tests.Support;

namespace Sleeper.Ingest.Core.Tests.EndToEnd;

/// <summary>The ingest id decides what commits: once, whoever tries again, at the same time or later.</summary>
public class IngestIdTests
{
    [Fact]
    public async Task A_second_run_with_the_same_id_gives_the_first_result_and_drops_its_rows()
    {
        using var bed = await new IngestBed().WithTableAsync(splitPoints: ["key-05"]);
        var first = await IngestAsync(bed, "job", 100);
        var before = await bed.ListingAsync();

        await using var writer = await bed.Factory().WithIngestId("job").OpenAsync();
        Assert.True(writer.IsAlreadyCommitted);
        await writer.WriteAsync(IngestBed.GoodRows(60));
        await writer.WriteAsync(IngestBed.Good(1));
        var second = await writer.CompleteAsync();

        Assert.Equal(61, writer.RowCount);
        Assert.Equal(IngestOutcome.AlreadyCommitted, second.Outcome);
        Assert.Equal((first.CommitNumber, first.RowCount), (second.CommitNumber, second.RowCount));
        Assert.Equal(first.Files.Select(f => f.FileName), second.Files.Select(f => f.FileName));
        Assert.Equal(before, await bed.ListingAsync());
        await bed.AssertHoldsAsync(IngestBed.GoodRows(100));
    }

    [Theory]
    [InlineData("a")]
    [InlineData("job/2026-01-02 #7 \u00e9\uFF5E\U0001F600 ../..\\ \n")]
    [InlineData("1024")]
    public async Task Any_text_of_up_to_1024_bytes_is_an_id(string id)
    {
        id = id == "1024" ? new string('\u00e9', 512) : id;
        using var bed = await new IngestBed().WithTableAsync();

        Assert.Equal(IngestOutcome.Committed, (await IngestAsync(bed, id, 10)).Outcome);
        Assert.Equal(IngestOutcome.AlreadyCommitted, (await IngestAsync(bed, id, 10)).Outcome);
        Assert.Equal(IngestOutcome.Committed, (await IngestAsync(bed, id[..^1] + "x", 10)).Outcome);
        Assert.Equal(20, (await bed.ReadAsync()).Count);
        Assert.NotNull((await (await Table.OpenAsync(bed.Memory, "default", default)).ResolveAsync(id, default)).Committed);
    }

    [Fact]
    public async Task Two_writers_with_one_id_at_the_same_time_commit_once_and_the_other_leaves_nothing()
    {
        using var bed = await new IngestBed().WithTableAsync(splitPoints: ["key-05"]);
        await using var one = await bed.Factory().WithIngestId("job").OpenAsync();
        await using var two = await bed.Factory().WithIngestId("job").OpenAsync();
        await one.WriteAsync(IngestBed.GoodRows(50));
        await two.WriteAsync(IngestBed.GoodRows(50));
        Assert.False(one.IsAlreadyCommitted || two.IsAlreadyCommitted);

        var results = await Task.WhenAll(Task.Run(() => one.CompleteAsync()), Task.Run(() => two.CompleteAsync()));

        Assert.Equal([IngestOutcome.Committed, IngestOutcome.AlreadyCommitted], results.Select(r => r.Outcome).Order());
        Assert.Equal(results[0].CommitNumber, results[1].CommitNumber);
        Assert.Equal(results[0].Files.Select(f => f.FileName), results[1].Files.Select(f => f.FileName));
        var names = results[0].Files.SelectMany(f => new[] { "default/" + f.FileName, "default/" + Path.ChangeExtension(f.FileName, ".sketches") });
        Assert.Equal(names.Order(StringComparer.Ordinal), (await bed.ObjectsAsync("data/")).Order(StringComparer.Ordinal));
        Assert.Empty(await bed.ObjectsAsync("ingests/"));
        await bed.AssertHoldsAsync(IngestBed.GoodRows(50));
    }

    [Theory]
    [InlineData(49)]
    [InlineData(50)]
    public async Task Other_rows_under_an_id_that_another_attempt_commits_are_a_loud_error(int rows)
    {
        using var bed = await new IngestBed().WithTableAsync();
        await using var late = await bed.Factory().WithIngestId("job").OpenAsync();
        await late.WriteAsync(IngestBed.GoodRows(rows, first: 1));
        var held = bed.Store.HoldBefore(StoreOperation.Create, p => p.Contains("/data/", StringComparison.Ordinal));
        var completion = Task.Run(() => late.CompleteAsync());
        await held.Reached;
        await IngestAsync(bed, "job", 50);
        held.Release();

        var error = await Assert.ThrowsAnyAsync<IngestException>(() => completion);

        Assert.Contains("job", error.Message, StringComparison.Ordinal);
        await bed.AssertHoldsAsync(IngestBed.GoodRows(50));
        Assert.Equal(2, (await bed.ObjectsAsync("data/")).Count);
        Assert.Empty(await bed.ObjectsAsync("ingests/"));
    }

    [Fact]
    public async Task Ids_that_are_not_given_differ_and_an_empty_ingest_leaves_its_id_free()
    {
        using var bed = await new IngestBed().WithTableAsync();
        await using var one = await bed.Factory().OpenAsync();
        await using var two = await bed.Factory().OpenAsync();
        Assert.NotEqual(one.IngestId, two.IngestId);
        var before = await bed.ListingAsync();

        var empty = await IngestAsync(bed, "job", 0);

        Assert.Equal((IngestOutcome.NothingToCommit, 0L, 0L), (empty.Outcome, empty.CommitNumber, empty.RowCount));
        Assert.Equal(before, await bed.ListingAsync());
        Assert.Equal(IngestOutcome.Committed, (await IngestAsync(bed, "job", 5)).Outcome);
    }

    [Theory]
    [InlineData(StoreOperation.PutIfAbsent, false, 1)]
    [InlineData(StoreOperation.PutIfAbsent, true, 1)]
    [InlineData(StoreOperation.PutIfAbsent, true, 1000)]
    [InlineData(StoreOperation.PutIfAbsent, false, 1000)]
    [InlineData(StoreOperation.PutIfAbsent | StoreOperation.Reads, true, 1000)]
    public async Task Whatever_happens_to_the_put_of_the_entry_the_end_that_is_told_is_true(StoreOperation operations, bool after, int times)
    {
        using var bed = await new IngestBed().WithTableAsync();
        await using var writer = await bed.Factory().WithIngestId("job").UseClock(new StateStoreClock { Patience = TimeSpan.FromMinutes(2) }).OpenAsync();
        await writer.WriteAsync(IngestBed.GoodRows(30));
        bool IsEntry(string path) => path.Contains("/log/files/", StringComparison.Ordinal);
        bool sent = false;
        _ = after
            ? bed.Store.FailAfter(operations, p => IsEntry(p) && (sent = true), times: times)
            : bed.Store.FailBefore(operations, p => IsEntry(p) && (sent = true), times: times);

        await CancellationTests.AssertEndIsTrueAsync(bed, Task.Run(() => writer.CompleteAsync()), "job", 30);
        Assert.True(sent);
    }

    private static async Task<IngestResult> IngestAsync(IngestBed bed, string id, int rows)
    {
        await using var writer = await bed.Factory().WithIngestId(id).OpenAsync();
        await writer.WriteAsync(IngestBed.GoodRows(rows));
        return await writer.CompleteAsync();
    }
}
