using Sleeper.Ingest.Core.Pipeline;

namespace Sleeper.Ingest.Core.Tests.Pipeline;

public class OpenWorkTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Who_has_done_his_own_does_what_is_offered_until_all_have()
    {
        var open = new OpenWork(2);
        var done = new TaskCompletionSource();
        var first = open.JoinAsync(Token);
        open.Offer(1, () =>
        {
            done.SetResult();
            return Task.CompletedTask;
        });
        await done.Task.WaitAsync(Token);
        Assert.False(first.IsCompleted);
        await open.JoinAsync(Token);
        await first.WaitAsync(Token);
    }

    [Fact]
    public async Task Nobody_waits_for_work_that_was_offered_too_late()
    {
        var open = new OpenWork(1);
        await open.JoinAsync(Token);
        open.Offer(3, () => throw new InvalidOperationException("Nobody is there."));
        await open.JoinAsync(Token);
    }

    [Fact]
    public async Task An_error_of_the_others_ends_the_waiting()
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Token);
        var waiting = new OpenWork(2).JoinAsync(stop.Token);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
    }
}
