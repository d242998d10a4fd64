using Sleeper.Ingest.Core.ObjectStores;
using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.StateStores;
using Sleeper.Ingest.Core.Tests.Support;

namespace Sleeper.Ingest.Core.Tests.EndToEnd;

/// <summary>Cancelling at every place where something is awaited: before the commit is sent nothing is left; after it the call still finds out.</summary>
public sealed class CancellationTests : IDisposable
{
    private static readonly CancellationToken Cancelled = new(canceled: true);

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_token_cancelled_before_the_call_ends_it_and_leaves_nothing()
    {
        using var bed = await new IngestBed().WithTableAsync();
        string path = await FileAsync(1000);
        foreach (var call in (Func<IIngestWriter, Task>[])[
            w => w.WriteAsync(IngestBed.GoodRows(10), Cancelled),
            w => w.WriteAsync(IngestModelTests.ToAsync(IngestBed.GoodRows(10)), Cancelled),
            w => w.WriteAsync(Array.Empty<Row>(), Cancelled),
            async w => await w.WriteAsync(IngestBed.Good(1), Cancelled),
            w => w.WriteParquetAsync(path, Cancelled),
            async w =>
            {
                await w.WriteAsync(IngestBed.GoodRows(10));
                await w.CompleteAsync(Cancelled);
            },
            w => w.CompleteAsync(Cancelled)])
        {
            await bed.AssertFailsAsync<OperationCanceledException>(call);
            await bed.AssertFailsAsync<OperationCanceledException>(call, f => f.CommitEvery(1_000_000, TimeSpan.FromDays(1)));
        }

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => bed.Factory().OpenAsync(Cancelled));
    }

    [Fact]
    public async Task Cancelling_at_any_row_ends_the_write_and_leaves_nothing()
    {
        using var bed = await new IngestBed().WithTableAsync();
        foreach (int at in (int[])[0, 1, 100, 255, 256, 257, 1000, 5000, 19_999])
        {
            using var stop = new CancellationTokenSource();
            int pulled = 0;
            await bed.AssertFailsAsync<OperationCanceledException>(w => w.WriteAsync(CancelAt(), stop.Token));
            Assert.InRange(pulled, at, at + 4097);

            using var stopAsync = new CancellationTokenSource();
            pulled = 0;
            await bed.AssertFailsAsync<OperationCanceledException>(w => w.WriteAsync(IngestModelTests.ToAsync(CancelAsyncAt()), stopAsync.Token));

            IEnumerable<Row> CancelAt() => Rows(stop);
            IEnumerable<Row> CancelAsyncAt() => Rows(stopAsync);

            IEnumerable<Row> Rows(CancellationTokenSource source)
            {
                for (int i = 0; i < 20_000; i++)
                {
                    if (i == at)
                    {
                        source.Cancel();
                    }

                    pulled++;
                    yield return IngestBed.Good(i);
                }
            }
        }
    }

    [Fact]
    public async Task Cancelling_while_any_store_call_before_the_commit_is_under_way_leaves_nothing()
    {
        using var bed = await new IngestBed().WithTableAsync(splitPoints: ["key-05", "key-11"]);
        var before = await bed.ListingAsync();
        int sentAt = await CallsUntilCommitAsync();
        Assert.True(sentAt > 10, $"{sentAt} calls");
        for (int call = 1; call < sentAt; call++)
        {
            foreach (bool after in (bool[])[false, true])
            {
                await AssertCancelsCleanlyAsync(bed, before, call, after);
            }
        }
    }

    [Theory]
    [InlineData(false, false)]
    [InlineData(false, true)]
    [InlineData(true, false)]
    public async Task Cancelling_while_the_entry_is_put_still_finds_out(bool after, bool isLost)
    {
        using var bed = await new IngestBed().WithTableAsync();
        using var stop = new CancellationTokenSource();
        await using var writer = await bed.Factory().WithIngestId("mine").OpenAsync();
        await writer.WriteAsync(IngestBed.GoodRows(100));
        var held = after ? bed.Store.HoldAfter(StoreOperation.PutIfAbsent, IsEntry) : bed.Store.HoldBefore(StoreOperation.PutIfAbsent, IsEntry);
        if (isLost)
        {
            bed.Store.FailAfter(StoreOperation.PutIfAbsent, IsEntry);
        }

        var completion = writer.CompleteAsync(stop.Token);
        await held.Reached;
        await stop.CancelAsync();
        held.Release();

        await AssertEndIsTrueAsync(bed, completion, "mine", 100);
    }

    private static bool IsEntry(string path) => path.Contains("/log/files/", StringComparison.Ordinal);

    /// <summary>Whatever the call says must be so: committed rows are there, a cancellation has left nothing, and unknown can be resolved.</summary>
    internal static async Task AssertEndIsTrueAsync(IngestBed bed, Task<IngestResult> completion, string id, int rows)
    {
        var table = await Table.OpenAsync(bed.Memory, "default", default);
        try
        {
            var result = await completion;
            Assert.Equal((IngestOutcome.Committed, rows), (result.Outcome, result.RowCount));
            Assert.Equal(rows, (await bed.ReadAsync()).Count);
        }
        catch (CommitOutcomeUnknownException error)
        {
            Assert.Equal(id, error.IngestId);
            bed.Store.Heal();
            var found = await table.ResolveAsync(id, default);
            Assert.Equal(found.Committed is null ? 0 : rows, (await bed.ReadAsync()).Count);
        }
        catch (Exception error) when (error is OperationCanceledException or IngestException)
        {
            Assert.Empty(await bed.ReadAsync());
            Assert.Empty(await bed.ObjectsAsync("data/"));
        }
    }

    private static async Task<int> CallsUntilCommitAsync()
    {
        using var bed = await new IngestBed().WithTableAsync(splitPoints: ["key-05", "key-11"]);
        await using var writer = await bed.Factory().OpenAsync();
        await writer.WriteAsync(IngestBed.GoodRows(200));
        await writer.CompleteAsync();
        return bed.Store.Calls.TakeWhile(c => !(c.Operation == StoreOperation.PutIfAbsent && IsEntry(c.Path))).Count() + 1;
    }

    private static async Task AssertCancelsCleanlyAsync(IngestBed bed, List<string> before, int call, bool after)
    {
        bed.Store.Heal();
        using var stop = new CancellationTokenSource();
        var held = after ? bed.Store.HoldAfter(StoreOperation.Any, null, call) : bed.Store.HoldBefore(StoreOperation.Any, null, call);
        var run = Task.Run(async () =>
        {
            await using var writer = await bed.Factory().OpenAsync(stop.Token);
            await writer.WriteAsync(IngestBed.GoodRows(200), stop.Token);
            await writer.CompleteAsync(stop.Token);
        });
        await Task.WhenAny(held.Reached, run);
        await stop.CancelAsync();
        if (!held.Reached.IsCompleted)
        {
            await run;
        }

        bool isCommitted = false;
        try
        {
            await run;
            isCommitted = true;
        }
        catch (OperationCanceledException)
        {
        }

        bed.Store.Heal();
        Assert.False(isCommitted, $"call {call}, after: {after}: {bed.Store.Calls[^1]}");
        var now = await bed.ListingAsync();
        Assert.True(before.Where(o => !o.Contains("/log/files/", StringComparison.Ordinal)).SequenceEqual(now.Where(o => !o.Contains("/log/files/", StringComparison.Ordinal))),
            $"call {call}, after: {after}: {string.Join(", ", now.Except(before))}");
        Assert.Empty(await bed.ReadAsync());
    }

    private async Task<string> FileAsync(int rows)
    {
        string path = Path.Combine(_folder.Path, $"{rows}.parquet");
        await File.WriteAllBytesAsync(path, SmallDataFile.Write(IngestBed.Sample, IngestBed.GoodRows(rows), rowGroupRowCount: 300));
        return path;
    }
}
