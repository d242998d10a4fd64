using Sleeper.Ingest.Core.Jobs;
using Sleeper.Ingest.Core.ObjectStores;
using Sleeper.Ingest.Core.Queues;
using Sleeper.Ingest.Core.Tests.Support;

namespace Sleeper.Ingest.Core.Tests.Jobs;

/// <summary>Checklist 25: the lease of a message is kept while its job runs, and its loss is found out.</summary>
public sealed class JobLeaseTests : IDisposable
{
    private static readonly TimeSpan Lease = TimeSpan.FromMinutes(15);
    private static readonly TimeSpan Period = TimeSpan.FromMinutes(5);
    private readonly ManualClock _clock = new();
    private readonly LogRecorder _log = new();

    public void Dispose() => _log.Dispose();

    [Fact]
    public async Task C25_The_lease_is_prolonged_every_period()
    {
        var (queue, message) = await ReceiveAsync();
        await using var lease = NewLease(queue, message);

        for (int i = 1; i <= 12; i++)
        {
            _clock.Advance(Period);
            await UntilAsync(() => queue.Calls.Count(c => c == "keep") == i);
        }

        Assert.False(lease.IsLost);
        Assert.Null(await queue.ReceiveAsync(TimeSpan.Zero, Lease)); // an hour later
    }

    [Fact]
    public async Task C25_A_prolonging_that_fails_is_tried_again_within_the_lease()
    {
        var (queue, message) = await ReceiveAsync();
        int failures = 0;
        queue.Before = call => _ = call == "keep" && ++failures <= 3 ? throw new IOException("no network") : 0;
        await using var lease = NewLease(queue, message);
        _clock.Advance(Period);

        for (int i = 2; i <= 4; i++)
        {
            await UntilAsync(() => failures >= i - 1);
            await AdvanceUntilAsync(() => failures >= i);
        }

        await UntilAsync(() => queue.Calls.Count(c => c == "keep") == 4);
        Assert.False(lease.IsLost);
        Assert.Single(_log.Lines, l => l.Text.Contains("could not be prolonged", StringComparison.Ordinal));
    }

    [Fact]
    public async Task C25_A_lease_that_cannot_be_prolonged_until_it_runs_out_is_lost()
    {
        var (queue, message) = await ReceiveAsync();
        queue.Before = call => _ = call == "keep" ? throw new IOException("no network") : 0;
        await using var lease = NewLease(queue, message);
        _clock.Advance(Period);

        var start = _clock.GetUtcNow();
        await AdvanceUntilAsync(() => lease.IsLost);

        Assert.True(_clock.GetUtcNow() - start <= Lease - Period + TimeSpan.FromSeconds(30));
    }

    [Fact]
    public async Task C25_A_lease_that_somebody_else_has_is_lost_at_once()
    {
        var (queue, message) = await ReceiveAsync();
        queue.Keeps = false;
        await using var lease = NewLease(queue, message);

        _clock.Advance(Period);

        await UntilAsync(() => lease.IsLost);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => lease.RequireAsync(CancellationToken.None));
    }

    [Fact]
    public async Task C25_Before_a_commit_the_queue_is_asked_if_its_last_answer_is_old()
    {
        var (queue, message) = await ReceiveAsync();
        await using var lease = NewLease(queue, message);
        await lease.RequireAsync(CancellationToken.None);
        Assert.DoesNotContain("keep", queue.Calls);
        _clock.Advance(TimeSpan.FromMinutes(3));
        await lease.RequireAsync(CancellationToken.None);
        Assert.Contains("keep", queue.Calls);
        queue.Keeps = false;
        _clock.Advance(TimeSpan.FromMinutes(3));

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => lease.RequireAsync(CancellationToken.None));
    }

    private static async Task UntilAsync(Func<bool> isSo)
    {
        for (int i = 0; !isSo(); i++)
        {
            Assert.True(i < 5_000, "It did not happen.");
            await Task.Delay(1);
        }
    }

    private async Task AdvanceUntilAsync(Func<bool> isSo)
    {
        for (int i = 0; !isSo(); i++)
        {
            Assert.True(i < 5_000, "It did not happen.");
            _clock.Advance(TimeSpan.FromMilliseconds(500));
            await Task.Yield();
            await Task.Delay(i % 20 == 0 ? 1 : 0);
        }
    }

    private async Task<(ScriptedQueue Queue, QueueMessage Message)> ReceiveAsync()
    {
        var queue = new ScriptedQueue(new ObjectStoreQueue(new InMemoryObjectStore("memory", _clock), "", new() { Clock = _clock }));
        await queue.SendAsync("m");
        return (queue, (await queue.ReceiveAsync(TimeSpan.Zero, Lease))!);
    }

    private JobLease NewLease(ScriptedQueue queue, QueueMessage message) =>
        new(queue, message, new IngestJobWorkerOptions { Clock = _clock, Lease = Lease, KeepAlivePeriod = Period }, _log);
}
