using Sleeper.Ingest.Core.Rows;

namespace Sleeper.Ingest.Benchmarks.Jobs;

/// <summary>A row of S128 as a caller's own type.</summary>
internal readonly record struct S128Row(string Key, long Timestamp, string Value)
{
    /// <summary>For tables of S128.</summary>
    public static RowMapping<S128Row> Mapping { get; } = RowMapping.For<S128Row>(Workloads.S128.Schema)
        .String("key", row => row.Key).Long("timestamp", row => row.Timestamp).String("value", row => row.Value).Build();

    /// <summary>The same rows in every run, others for each seed.</summary>
    public static S128Rows Generate(long count, ulong seed = 0) => new(count, seed);
}
