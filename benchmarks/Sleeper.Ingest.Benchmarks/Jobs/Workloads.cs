using Sleeper.Ingest.Core;
using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.Schemas;

namespace Sleeper.Ingest.Benchmarks.Jobs;

/// <summary>The tables of the workloads; see ../../README.md.</summary>
internal static class Workloads
{
    private const int S128LeafCount = 128;
    private const int LetterPairCount = 26 * 26;

    /// <summary>The sixteenths of the origin in the whole file: fixed, so that DuckDB can be given the same leaves.</summary>
    private static readonly string[] FlightsSplitPoints =
        ["AUS", "BWI", "CVG", "DFW", "DTW", "HOU", "JFK", "LAX", "MCO", "MSP", "ORD", "PHL", "PVD", "SEA", "SMF"];

    public static Workload S128 { get; } = new(
        "s128",
        Schema.Create().RowKey("key", FieldType.String).SortKey("timestamp", FieldType.Long).Value("value", FieldType.String).Build(),
        factory => factory.WithSplitPoints(S128SplitPoints()));

    /// <summary>S128 with another number of leaves, of equal width in the first four letters.</summary>
    public static Workload S128WithLeaves(int leaves) => new("s128", S128.Schema, factory => factory.WithSplitPoints(SplitPoints(leaves, "")));

    /// <summary>Leaves of equal width in four letters that stand behind a prefix.</summary>
    public static IEnumerable<FieldValue> SplitPoints(int leaves, string prefix)
    {
        const int Quadruples = 26 * 26 * 26 * 26;
        return Enumerable.Range(1, leaves - 1).Select(leaf => (int)((((long)leaf * Quadruples) + leaves - 1) / leaves)).Select(point => FieldValue.FromString(
            $"{prefix}{(char)('a' + (point / 17576))}{(char)('a' + (point / 676 % 26))}{(char)('a' + (point / 26 % 26))}{(char)('a' + (point % 26))}"));
    }

    public static Workload Flights { get; } = new(
        "flights",
        Schema.Create().RowKey("origin", FieldType.String).SortKey("date", FieldType.Long)
            .Value("delay", FieldType.Long, nullable: true).Value("distance", FieldType.Long, nullable: true)
            .Value("destination", FieldType.String, nullable: true).Build(),
        factory => factory.WithSplitPoints(FlightsSplitPoints.Select(point => FieldValue.FromString(point))));

    /// <summary>Leaves of equal width in the first key, which is below a million: fixed, so that DuckDB can be given the same.</summary>
    public static Workload Wide { get; } =
        new("wide", WideSchema(), factory => factory.WithSplitPoints(Enumerable.Range(1, 15).Select(leaf => (FieldValue)(leaf * 62_500L))));

    /// <summary>A leaf p holds the pairs of first letters whose number times 128 / 676 is p.</summary>
    private static IEnumerable<FieldValue> S128SplitPoints() =>
        Enumerable.Range(1, S128LeafCount - 1)
            .Select(leaf => ((leaf * LetterPairCount) + S128LeafCount - 1) / S128LeafCount)
            .Select(pair => FieldValue.FromString($"{(char)('a' + (pair / 26))}{(char)('a' + (pair % 26))}"));

    private static Schema WideSchema()
    {
        var schema = Schema.Create().RowKey("k1", FieldType.Long).SortKey("k2", FieldType.Long);
        for (int i = 0; i < 6; i++)
        {
            schema.Value($"l{i}", FieldType.Long, nullable: i >= 3);
        }

        for (int i = 0; i < 4; i++)
        {
            schema.Value($"i{i}", FieldType.Int, nullable: i >= 2);
        }

        for (int i = 0; i < 4; i++)
        {
            schema.Value($"s{i}", FieldType.String, nullable: i >= 2);
        }

        return schema.Value("b0", FieldType.ByteArray).Value("b1", FieldType.ByteArray, nullable: true)
            .Value("list", FieldType.List(FieldType.Long)).Value("map", FieldType.Map(FieldType.String, FieldType.Long), nullable: true).Build();
    }
}
