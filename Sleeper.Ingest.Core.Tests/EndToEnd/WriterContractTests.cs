using Sleeper.Ingest.Core.ObjectStores;
using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.Schemas;
using Sleeper.Ingest.Core.Tests.Support;

namespace Sleeper.Ingest.Core.Tests.EndToEnd;

/// <summary>What a writer does after failure, completion and disposal, and when two use it at once.</summary>
public class WriterContractTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(1000)]
    [InlineData(20_000)]
    public async Task An_enumerable_that_throws_half_way_gives_its_own_error_and_nothing_is_left(int after)
    {
        using var bed = await new IngestBed().WithTableAsync();
        var mine = new InvalidDataException("my own error");

        Assert.Same(mine, await bed.AssertFailsAsync<InvalidDataException>(writer => writer.WriteAsync(Throwing(after, mine))));
        Assert.Same(mine, await bed.AssertFailsAsync<InvalidDataException>(writer => writer.WriteAsync(IngestModelTests.ToAsync(Throwing(after, mine)))));
        Assert.Same(mine, await bed.AssertFailsAsync<InvalidDataException>(
            writer => writer.WriteAsync(Throwing(after, mine)), f => f.CommitEvery(1_000_000, TimeSpan.FromDays(1))));
        Assert.Same(mine, await bed.AssertFailsAsync<InvalidDataException>(
            writer => writer.WriteAsync(IngestModelTests.ToAsync(Throwing(after, mine))), f => f.CommitEvery(1_000_000, TimeSpan.FromDays(1))));
    }

    [Fact]
    public async Task A_mapping_delegate_that_throws_gives_its_own_error_and_nothing_is_left()
    {
        var schema = Schema.Create().RowKey("key", FieldType.Int).Build();
        using var bed = await new IngestBed().WithTableAsync(schema);
        var mine = new InvalidDataException("my own error");
        var mapping = RowMapping.For<int>(schema).Int("key", i => i == 700 ? throw mine : i).Build();

        Assert.Same(mine, await Fails(w => w.WriteAsync(Enumerable.Range(0, 5000), mapping)));

        async Task<Exception> Fails(Func<IIngestWriter, Task> act)
        {
            await using var writer = await bed.Factory(schema).OpenAsync();
            var error = await Assert.ThrowsAsync<InvalidDataException>(() => act(writer));
            Assert.Same(error, (await Assert.ThrowsAsync<IngestPoisonedException>(() => writer.CompleteAsync())).InnerException);
            return error;
        }
    }

    [Fact]
    public async Task A_second_call_while_one_is_under_way_is_refused_and_harms_nothing()
    {
        using var bed = await new IngestBed().WithTableAsync();
        await using var writer = await bed.Factory().OpenAsync();
        var go = new TaskCompletionSource();
        var reached = new TaskCompletionSource();
        var first = writer.WriteAsync(Waiting());
        await reached.Task;

        foreach (var call in (Func<Task>[])[
            () => writer.WriteAsync(IngestBed.GoodRows(5)), async () => await writer.WriteAsync(IngestBed.Good(5)), () => writer.CompleteAsync(),
            () => writer.WriteParquetAsync("nothing"), () => writer.WriteAsync(IngestModelTests.ToAsync(IngestBed.GoodRows(5)))])
        {
            var error = await Assert.ThrowsAsync<InvalidOperationException>(call);
            Assert.Contains("one call at a time", error.Message, StringComparison.Ordinal);
        }

        go.SetResult();
        await first;
        var result = await writer.CompleteAsync();
        Assert.Equal(200, result.RowCount);
        await bed.AssertHoldsAsync(IngestBed.GoodRows(200));

        async IAsyncEnumerable<Row> Waiting()
        {
            foreach (var row in IngestBed.GoodRows(100))
            {
                yield return row;
            }

            reached.SetResult();
            await go.Task;
            foreach (var row in IngestBed.GoodRows(100, first: 100))
            {
                yield return row;
            }
        }
    }

    [Fact]
    public async Task Two_threads_on_one_writer_lose_and_double_no_row_that_was_taken()
    {
        using var bed = await new IngestBed().WithTableAsync();
        await using var writer = await bed.Factory().OpenAsync();
        int taken = 0;
        using var start = new Barrier(4);

        await Task.WhenAll(Enumerable.Range(0, 4).Select(thread => Task.Run(async () =>
        {
            start.SignalAndWait();
            for (int i = 0; i < 500; i++)
            {
                try
                {
                    await writer.WriteAsync(IngestBed.Good(i));
                    Interlocked.Increment(ref taken);
                }
                catch (InvalidOperationException error)
                {
                    Assert.Contains("one call at a time", error.Message, StringComparison.Ordinal);
                }
            }
        })));
        var result = await writer.CompleteAsync();

        Assert.Equal(taken, result.RowCount);
        Assert.Equal(taken, (await bed.ReadAsync()).Count);
    }

    [Fact]
    public async Task Disposing_while_a_call_is_under_way_ends_the_call_and_leaves_nothing()
    {
        using var bed = await new IngestBed().WithTableAsync();
        var before = await bed.ListingAsync();
        var writer = await bed.Factory().OpenAsync();
        var go = new TaskCompletionSource();
        var reached = new TaskCompletionSource();
        var call = writer.WriteAsync(Waiting());
        await reached.Task;

        var disposal = writer.DisposeAsync().AsTask();
        go.SetResult();
        await Assert.ThrowsAnyAsync<Exception>(() => call);
        await disposal;

        Assert.Equal(before, await bed.ListingAsync());
        await Assert.ThrowsAsync<ObjectDisposedException>(() => writer.CompleteAsync());

        async IAsyncEnumerable<Row> Waiting()
        {
            foreach (var row in IngestBed.GoodRows(1000))
            {
                yield return row;
            }

            reached.SetResult();
            await go.Task;
            foreach (var row in IngestBed.GoodRows(20_000))
            {
                yield return row;
            }
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Completing_again_gives_the_same_result_and_nothing_else_is_taken(bool isSeries)
    {
        using var bed = await new IngestBed().WithTableAsync();
        await using var writer = await Configure(bed.Factory(), isSeries).OpenAsync();
        await writer.WriteAsync(IngestBed.GoodRows(10));
        var result = await writer.CompleteAsync();

        Assert.Same(result, await writer.CompleteAsync());
        await AssertAllThrowAsync<InvalidOperationException>(writer, "complete");
        await writer.DisposeAsync();
        await writer.DisposeAsync();
        await bed.AssertHoldsAsync(IngestBed.GoodRows(10));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Disposing_without_completing_leaves_nothing_and_takes_no_more_calls(bool isSeries)
    {
        using var bed = await new IngestBed().WithTableAsync(splitPoints: ["key-05", "key-11"]);
        var before = await bed.ListingAsync();
        var writer = await Configure(bed.Factory(), isSeries).WithMemoryBudget(16 << 20).OpenAsync();
        await writer.WriteAsync(Wide(4000));
        Assert.NotEmpty(bed.Spill.Files);
        await writer.WriteAsync(IngestBed.Good(1));

        await writer.DisposeAsync();

        Assert.Equal(before, await bed.ListingAsync());
        Assert.Equal(0, (writer as Core.Pipeline.IngestWriter)?.Budget.UsedBytes ?? 0);
        await writer.DisposeAsync();
        await AssertAllThrowAsync<ObjectDisposedException>(writer, "");
        await Assert.ThrowsAsync<ObjectDisposedException>(() => writer.CompleteAsync());
    }

    [Fact]
    public async Task Null_arguments_are_refused_and_the_writer_goes_on()
    {
        using var bed = await new IngestBed().WithTableAsync();
        await using var writer = await bed.Factory().OpenAsync();

        await Assert.ThrowsAsync<ArgumentNullException>(async () => await writer.WriteAsync((Row)null!));
        await Assert.ThrowsAsync<ArgumentNullException>(() => writer.WriteAsync((IEnumerable<Row>)null!));
        await Assert.ThrowsAsync<ArgumentNullException>(() => writer.WriteAsync((IAsyncEnumerable<Row>)null!));
        await Assert.ThrowsAsync<ArgumentNullException>(() => writer.WriteAsync([1], (RowMapping<int>)null!));
        await Assert.ThrowsAnyAsync<ArgumentException>(() => writer.WriteParquetAsync(" "));
        await Assert.ThrowsAnyAsync<ArgumentException>(() => writer.WriteParquetAsync(null!, "a"));
        var other = Schema.Create().RowKey("key", FieldType.Int).Build();
        var mismatch = await Assert.ThrowsAsync<ArgumentException>(
            () => writer.WriteAsync([1], RowMapping.For<int>(other).Int("key", i => i).Build()));
        Assert.Contains("another schema", mismatch.Message, StringComparison.Ordinal);

        await writer.WriteAsync(IngestBed.GoodRows(3));
        Assert.Equal(3, (await writer.CompleteAsync()).RowCount);
    }

    private static IngestFactory Configure(IngestFactory factory, bool isSeries) =>
        isSeries ? factory.CommitEvery(1_000_000, TimeSpan.FromDays(1)) : factory;

    internal static IEnumerable<Row> Wide(int count)
    {
        string text = new('w', 5000);
        for (int i = 0; i < count; i++)
        {
            yield return IngestBed.With("note", text, i);
        }
    }

    private static IEnumerable<Row> Throwing(int after, Exception error)
    {
        for (int i = 0; i < after; i++)
        {
            yield return IngestBed.Good(i);
        }

        throw error;
    }

    private static async Task AssertAllThrowAsync<TException>(IIngestWriter writer, string words)
        where TException : Exception
    {
        foreach (var call in (Func<Task>[])[
            () => writer.WriteAsync(IngestBed.GoodRows(5)), () => writer.WriteAsync(Array.Empty<Row>()), async () => await writer.WriteAsync(IngestBed.Good(5)),
            () => writer.WriteParquetAsync("nothing"), () => writer.WriteAsync(IngestModelTests.ToAsync(IngestBed.GoodRows(5)))])
        {
            Assert.Contains(words, (await Assert.ThrowsAsync<TException>(call)).Message, StringComparison.Ordinal);
        }
    }
}
