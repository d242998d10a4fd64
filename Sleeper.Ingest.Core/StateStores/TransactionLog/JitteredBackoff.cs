using System.Buffers.Binary;

namespace Sleeper.Ingest.Core.StateStores.TransactionLog;

/// <summary>
/// Waits between tries: a random share of a ceiling that doubles from try to try ("full jitter", as Sleeper does), so that writers that collided
/// once do not collide again in step.
/// </summary>
internal sealed class JitteredBackoff(StateStoreOptions options)
{
    private int _tries;

    public TimeSpan Next()
    {
        double ceiling = Math.Min(
            options.MaxRetryDelay.TotalMilliseconds, options.FirstRetryDelay.TotalMilliseconds * Math.Pow(2, Math.Min(_tries++, 40)));
        Span<byte> random = stackalloc byte[8];
        options.Random(random);
        double share = (BinaryPrimitives.ReadUInt64LittleEndian(random) >> 11) * (1.0 / (1UL << 53));
        return TimeSpan.FromMilliseconds(ceiling * share);
    }

    /// <summary>Waits, or returns early when the token is cancelled: who waits looks at the time limit itself.</summary>
    /// <remarks>Goes on where the timer or the cancellation is, on no other thread, so that a simulation of many writers stays on its one.</remarks>
    public async Task WaitAsync(CancellationToken cancellationToken)
    {
        var over = new TaskCompletionSource();
        using var timer = options.Time.CreateTimer(static state => ((TaskCompletionSource)state!).TrySetResult(), over, Next(), Timeout.InfiniteTimeSpan);
        using var cancelled = cancellationToken.UnsafeRegister(static state => ((TaskCompletionSource)state!).TrySetResult(), over);
        await over.Task.ConfigureAwait(false);
    }
}
