using System.Threading.Channels;

namespace Sleeper.Ingest.Core.Pipeline;

/// <summary>Work that workers who have done their own may join in.</summary>
/// <remarks>Thread-safe. Each of a known number of workers joins once; when the last of them joins, nobody is left who could offer more.</remarks>
internal sealed class OpenWork(int workers)
{
    private readonly Channel<Func<Task>> _offers = Channel.CreateUnbounded<Func<Task>>();
    private int _stillAtTheirOwn = workers;

    /// <summary>Offers a piece of work to so many. Nobody may come: whoever offers it must be able to do it alone.</summary>
    public void Offer(int helpers, Func<Task> work)
    {
        for (int i = 0; i < helpers; i++)
        {
            _offers.Writer.TryWrite(work);
        }
    }

    /// <summary>Does what is offered until nobody is left who could offer more.</summary>
    public async Task JoinAsync(CancellationToken cancellationToken)
    {
        if (Interlocked.Decrement(ref _stillAtTheirOwn) == 0)
        {
            _offers.Writer.TryComplete();
        }

        await foreach (var work in _offers.Reader.ReadAllAsync(cancellationToken).ConfigureAwait(false))
        {
            await work().ConfigureAwait(false);
        }
    }
}
