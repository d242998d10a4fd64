namespace Sleeper.Ingest.Core.Tests.Simulation;

/// <summary>One thread, one seed, virtual time: everything that waits in a simulation waits for an event of this loop.</summary>
/// <remarks>
/// Events come in the order of their times; their times come from the seed. A task that an event completes runs on at once, on this thread: the library
/// awaits without a context, so nothing leaves the thread, and each event checks that. The trace of all events is hashed: the same seed gives the same hash.
/// </remarks>
internal sealed class SimulationLoop(int seed)
{
    private readonly PriorityQueue<Action, (DateTimeOffset Due, long Order)> _events = new();
    private readonly int _thread = Environment.CurrentManagedThreadId;
    private readonly Queue<string> _recent = new();
    private long _order;
    private volatile bool _strayed;

    public Random Random { get; } = new(seed);

    public DateTimeOffset Now { get; private set; } = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public ulong TraceHash { get; private set; } = 14695981039346656037;

    public long EventCount { get; private set; }

    /// <summary>The last things that happened, for a report.</summary>
    public IEnumerable<string> Recent => _recent;

    public Action<string>? OnTrace { get; set; }

    public void At(TimeSpan delay, Action action)
    {
        if (Environment.CurrentManagedThreadId != _thread)
        {
            _strayed = true;
        }

        _events.Enqueue(action, (Now + delay, _order++));
    }

    /// <summary>A wait of random length: mostly milliseconds.</summary>
    public TimeSpan Jitter() => TimeSpan.FromMilliseconds(Random.Next(10) == 0 ? Random.Next(1, 2_000) : Random.Next(1, 30));

    public Task DelayAsync(TimeSpan delay)
    {
        var done = new TaskCompletionSource();
        At(delay, done.SetResult);
        return done.Task;
    }

    public void Trace(string what)
    {
        foreach (char c in what)
        {
            TraceHash = (TraceHash ^ c) * 1099511628211;
        }

        TraceHash = (TraceHash ^ (ulong)Now.Ticks) * 1099511628211;
        string line = $"{Now:dd HH:mm:ss.fff} {what}";
        OnTrace?.Invoke(line);
        _recent.Enqueue(line);
        if (_recent.Count > 60)
        {
            _recent.Dequeue();
        }
    }

    /// <summary>Runs until the task has ended, or nothing is left that could end it.</summary>
    public void Run(Task until)
    {
        while (!until.IsCompleted)
        {
            if (_strayed)
            {
                throw new SimulationFailure("The simulation left its thread.");
            }

            if (!_events.TryDequeue(out var action, out var due))
            {
                throw new SimulationFailure("Everybody waits and nothing is going to happen.");
            }

            if (++EventCount > 200_000)
            {
                throw new SimulationFailure("200,000 events without an end.");
            }

            Now = due.Due > Now ? due.Due : Now;
            action();
        }
    }
}
