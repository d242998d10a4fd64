namespace Sleeper.Ingest.Core.Tests.Support;

/// <summary>A clock without waiting: a timer that is set moves the clock to its time and goes off at once, unless it is far away.</summary>
/// <remarks>Timers further away than <see cref="Patience"/> (time limits) go off when the clock gets there.</remarks>
internal sealed class StateStoreClock : TimeProvider
{
    private readonly object _lock = new();
    private readonly List<Timer> _timers = [];
    private DateTimeOffset _now = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);

    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(2);

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override DateTimeOffset GetUtcNow()
    {
        lock (_lock)
        {
            return _now;
        }
    }

    public override long GetTimestamp() => GetUtcNow().Ticks;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new Timer(this, () => callback(state));
        timer.Change(dueTime, period);
        return timer;
    }

    /// <summary>Moves the clock, as something that waits does.</summary>
    public void Pass(TimeSpan time) => CreateTimer(static _ => { }, null, time, Timeout.InfiniteTimeSpan);

    private void Set(Timer timer, TimeSpan dueTime)
    {
        var due = new List<Timer>();
        lock (_lock)
        {
            _timers.Remove(timer);
            if (dueTime == Timeout.InfiniteTimeSpan)
            {
                return;
            }

            timer.Due = _now + dueTime;
            _timers.Add(timer);
            if (dueTime <= Patience)
            {
                _now = timer.Due > _now ? timer.Due : _now;
                due.AddRange(_timers.Where(t => t.Due <= _now));
                _timers.RemoveAll(t => t.Due <= _now);
            }
        }

        foreach (var each in due)
        {
            ThreadPool.QueueUserWorkItem(_ => each.Callback());
        }
    }

    private void Remove(Timer timer)
    {
        lock (_lock)
        {
            _timers.Remove(timer);
        }
    }

    private sealed class Timer(StateStoreClock clock, Action callback) : ITimer
    {
        public DateTimeOffset Due { get; set; }

        public Action Callback { get; } = callback;

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            clock.Set(this, dueTime);
            return true;
        }

        public void Dispose() => clock.Remove(this);

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
