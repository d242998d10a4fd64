namespace Sleeper.Ingest.Core.Tests.Simulation;

/// <summary>Kinds of faults of the simulated world.</summary>
internal enum FaultKind
{
    /// <summary>An error, and nothing has happened.</summary>
    ErrorBefore,

    /// <summary>It has happened, and the answer is an error.</summary>
    LostReply,

    /// <summary>An error is answered first; the effect comes later, also after its caller has read back or died.</summary>
    LandsLater,

    /// <summary>A put-if-absent is answered with "somebody else is at it", and nothing has happened.</summary>
    Conflict,

    /// <summary>A listing shows the objects as they were some time ago.</summary>
    StaleListing,

    /// <summary>A stretch of time in which every call fails.</summary>
    Outage,

    /// <summary>An actor waits for hours before its next call.</summary>
    Sleep,

    /// <summary>An actor is gone, with all its memory; another takes its place.</summary>
    Crash,

    /// <summary>The caller cancels.</summary>
    Cancel,

    /// <summary>The actor's clock is wrong by up to two days.</summary>
    ClockSkew,
}

/// <summary>Which kinds of faults a seed has switched on, and how often each happened.</summary>
internal sealed class Faults
{
    private readonly bool[] _on = new bool[Enum.GetValues<FaultKind>().Length];
    private readonly Random _random;

    public Faults(Random random)
    {
        _random = random;
        for (int i = 0; i < _on.Length; i++)
        {
            _on[i] = random.Next(2) == 0;
        }
    }

    public long[] Counts { get; } = new long[Enum.GetValues<FaultKind>().Length];

    public bool IsQuiet { get; set; }

    /// <summary>Decides whether a fault happens now, once in so many times.</summary>
    public bool Happens(FaultKind kind, int onceIn)
    {
        if (IsQuiet || !_on[(int)kind] || _random.Next(onceIn) != 0)
        {
            return false;
        }

        Counts[(int)kind]++;
        return true;
    }
}
