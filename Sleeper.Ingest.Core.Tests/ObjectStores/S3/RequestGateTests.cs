using System.Net;
using Sleeper.Ingest.Core.ObjectStores.S3;
using static Sleeper.Ingest.Core.Tests.ObjectStores.S3.S3TestBed;

namespace Sleeper.Ingest.Core.Tests.ObjectStores.S3;

/// <summary>Fewer requests at once under throttling, more again afterwards.</summary>
public sealed class RequestGateTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Requests_of_one_overload_halve_the_limit_once()
    {
        var gate = new RequestGate(64);
        int[] entered = [await gate.EnterAsync(Token), await gate.EnterAsync(Token), await gate.EnterAsync(Token)];

        gate.Leave(entered[0], wasThrottled: true);
        gate.Leave(entered[1], wasThrottled: true);
        Assert.Equal(32, gate.Limit);

        gate.Leave(await gate.EnterAsync(Token), wasThrottled: true);
        Assert.Equal(16, gate.Limit);
        gate.Leave(entered[2], wasThrottled: true); // sent long before
        Assert.Equal(16, gate.Limit);
    }

    [Fact]
    public async Task The_limit_never_falls_below_one_and_comes_back_to_where_it_was()
    {
        var gate = new RequestGate(8);
        for (int i = 0; i < 10; i++)
        {
            gate.Leave(await gate.EnterAsync(Token), wasThrottled: true);
        }

        Assert.Equal(1, gate.Limit);
        int successes = 0;
        while (gate.Limit < 8)
        {
            gate.Leave(await gate.EnterAsync(Token), wasThrottled: false);
            successes++;
        }

        Assert.Equal(1 + 2 + 3 + 4 + 5 + 6 + 7, successes);
        gate.Leave(await gate.EnterAsync(Token), wasThrottled: false);
        Assert.Equal(8, gate.Limit);
    }

    [Fact]
    public async Task Who_waits_is_let_in_in_order_and_may_give_up()
    {
        var gate = new RequestGate(1);
        int first = await gate.EnterAsync(Token);
        using var impatient = new CancellationTokenSource();
        var second = gate.EnterAsync(impatient.Token).AsTask();
        var third = gate.EnterAsync(Token).AsTask();
        var fourth = gate.EnterAsync(Token).AsTask();
        await impatient.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => second);

        gate.Leave(first, wasThrottled: null);

        gate.Leave(await third, wasThrottled: null);
        await fourth;
    }

    [Fact]
    public async Task A_storm_of_throttling_slows_the_store_down_and_loses_nothing()
    {
        var bed = new S3TestBed(Quick with { MaxConcurrentRequests = 32, MaxAttempts = 200 });
        bed.Http.Refuse(HttpStatusCode.ServiceUnavailable, "SlowDown", "PutObject", call: 20, times: 150);

        await Task.WhenAll(Enumerable.Range(0, 300).Select(i => bed.Store.PutAsync($"a/{i}", Bytes("x"), Token)));

        Assert.Equal(300, bed.S3.Keys(BucketName).Count);
        Assert.Equal(450, bed.Count("PutObject"));
        Assert.InRange(bed.Store.RequestLimit, 1, 31);
    }
}
