using Sleeper.Ingest.Core.Pipeline;

namespace Sleeper.Ingest.Core.Tests.Pipeline;

public class SequenceGateTests
{
    [Fact]
    public async Task Numbers_pass_in_order_whatever_order_they_come_in()
    {
        var gate = new SequenceGate();
        var passed = new List<long>();
        var waiters = new[] { 3L, 1, 4, 0, 2 }.Select(PassAsync).ToArray();
        await Task.WhenAll(waiters);
        Assert.Equal([0, 1, 2, 3, 4], passed);

        async Task PassAsync(long number)
        {
            await gate.WaitAsync(number);
            passed.Add(number);
            gate.Pass(number);
        }
    }

    [Fact]
    public async Task A_failure_reaches_those_who_wait_and_those_who_come_later()
    {
        var gate = new SequenceGate();
        var waiter = gate.WaitAsync(1);
        gate.Fail(new IOException("disk gone"));
        Assert.Equal("disk gone", (await Assert.ThrowsAsync<IOException>(() => waiter)).Message);
        await Assert.ThrowsAsync<IOException>(() => gate.WaitAsync(0));
    }
}
