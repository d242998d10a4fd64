namespace Sleeper.Ingest.TestWorker.Fuzzing;

/// <summary>Chance that is the same on every machine and cheap to begin anew: each run of a target has its own, from seed and number.</summary>
internal sealed class FuzzRandom
{
    private ulong _state;

    public void Begin(ulong seed, int target, long run) => _state = Mix(Mix(seed + (ulong)target) ^ (ulong)run);

    public ulong NextBits() => Mix(_state += 0x9E3779B97F4A7C15);

    /// <summary>0 to <paramref name="limit"/> - 1.</summary>
    public int Next(int limit) => (int)((NextBits() >> 32) * (ulong)limit >> 32);

    /// <summary>True once in <paramref name="times"/>.</summary>
    public bool OneIn(int times) => Next(times) == 0;

    public T Pick<T>(IReadOnlyList<T> choices) => choices[Next(choices.Count)];

    /// <summary>A number at which readers go wrong: around powers of two, around zero, or any.</summary>
    public long Interesting() => Next(8) switch
    {
        0 => Next(4) - 2,
        1 => Next(300),
        2 => (1L << Next(63)) + Next(3) - 1,
        3 => -(1L << Next(63)) + Next(3) - 1,
        4 => int.MaxValue - Next(2),
        5 => uint.MaxValue + (long)Next(2),
        6 => Next(2) == 0 ? long.MaxValue : long.MinValue,
        _ => (long)NextBits() >> Next(64),
    };

    private static ulong Mix(ulong value)
    {
        value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9;
        value = (value ^ (value >> 27)) * 0x94D049BB133111EB;
        return value ^ (value >> 31);
    }
}
