using Sleeper.Ingest.Core.Rows;

namespace Sleeper.Ingest.Benchmarks.Jobs;

/// <summary>A row of S128 as a caller's own type.</summary>
internal readonly record struct S128Row(string Key, long Timestamp, string Value)
{
    /// <summary>For tables of S128.</summary>
    public static RowMapping<S128Row> Mapping { get; } = RowMapping.For<S128Row>(Workloads.S128.Schema)
        .String("key", row => row.Key).Long("timestamp", row => row.Timestamp).String("value", row => row.Value).Build();

    /// <summary>The same rows in every run, others for each seed.</summary>
    public static IEnumerable<S128Row> Generate(long count, ulong seed = 0)
    {
        ulong state = 0x9E3779B97F4A7C15 ^ (seed << 32);
        for (long i = 0; i < count; i++)
        {
            string key = Letters(Next(ref state));
            long timestamp = (long)(Next(ref state) % 10_000_000_000);
            yield return new S128Row(key, timestamp, Letters(Next(ref state)));
        }
    }

    private static string Letters(ulong number) => string.Create(10, number, (letters, n) =>
    {
        for (int i = 0; i < letters.Length; i++)
        {
            letters[i] = (char)('a' + (n % 26));
            n /= 26;
        }
    });

    // SplitMix64 (Steele, Lea, Flood 2014): an addition and two multiplications a number, so the making of rows costs little.
    private static ulong Next(ref ulong state)
    {
        state += 0x9E3779B97F4A7C15;
        ulong z = state;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}
