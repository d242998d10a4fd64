namespace Sleeper.Ingest.Core.Tests.Support;

/// <summary>A clock without waiting that writes down what was waited for.</summary>
internal sealed class RecordedWaits : TimeProvider
{
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(60);
    private readonly StateStoreClock _clock = new() { Patience = LongestWait };

    /// <summary>Waits of up to a minute, in order; time limits are longer.</summary>
    public List<TimeSpan> Waits { get; } = [];

    public override long TimestampFrequency => _clock.TimestampFrequency;

    public override DateTimeOffset GetUtcNow() => _clock.GetUtcNow();

    public override long GetTimestamp() => _clock.GetTimestamp();

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        if (dueTime > TimeSpan.Zero && dueTime <= LongestWait)
        {
            Waits.Add(dueTime);
        }

        return _clock.CreateTimer(callback, state, dueTime, period);
    }
}
