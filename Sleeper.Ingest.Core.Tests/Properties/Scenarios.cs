using Sleeper.Ingest.Core.Partitioning;
using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.Schemas;
using Sleeper.Ingest.Core.Tests.Support;

namespace Sleeper.Ingest.Core.Tests.Properties;

/// <summary>Tables and rows that lead the pipeline through each of its ways. Most rows carry their number of arrival.</summary>
internal static class Scenarios
{
    private static readonly Schema LongKey = Schema.Create().RowKey("key", FieldType.Long).Value("arrival", FieldType.Int).Value("text", FieldType.String).Build();
    private static readonly Schema TwoKeys =
        Schema.Create().RowKey("x", FieldType.Long).RowKey("y", FieldType.Long).Value("arrival", FieldType.Int).Value("text", FieldType.String).Build();

    private static readonly string[] Texts = [.. Enumerable.Range(0, 97).Select(i => new string((char)('a' + (i % 26)), 60 + i))];
    private static readonly byte[] Mebibyte = new byte[1 << 20];

    /// <summary>Which scenarios there are; a theory names them.</summary>
    public static IngestScenario Get(string name) => name switch
    {
        "one leaf" => Keyed(name, 1, 130_000, i => Scatter(i) % 5_000),
        "two leaves" => Keyed(name, 2, 130_000, i => Scatter(i) % 10_000),
        "300 leaves" => Keyed(name, 300, 130_000, i => Scatter(i) % 10_000),
        "300 leaves, most rows in one" => Keyed(name, 300, 200_000, i => i % 10 == 0 ? Scatter(i) % 10_000 : 17),
        "10,000 leaves" => Keyed(name, 10_000, 50_000, i => Scatter(i) % 10_000),
        "512 leaves on two keys" => new IngestScenario(
            name, GridTree.Build(TwoKeys, 9, 1024), TwoKeys, 130_000, i => new Row(TwoKeys, Scatter(i) % 1024, Scatter(i + 7) % 40, i, Texts[i % 97])),
        "sorted input" => Keyed(name, 5, 130_000, i => i / 3),
        "reverse sorted input" => Keyed(name, 5, 130_000, i => (130_000 - i) / 3),
        "equal keys" => Keyed(name, 1, 1_000_000, _ => 42, withText: false),
        "large rows" => Large(name, 1, 40),
        "large rows, many leaves" => Large(name, 300, 40),
        "small rows, then large ones, then small ones" => Mixed(name),
        "ten times the budget, one leaf" => Pages(name, 1),
        "ten times the budget, 40 leaves" => Pages(name, 40),
        _ => throw new ArgumentException($"There is no scenario '{name}'."),
    };

    private static IngestScenario Keyed(string name, int leaves, int rows, Func<int, long> key, bool withText = true) => new(
        name, Tree(LongKey, leaves), LongKey, rows, i => new Row(LongKey, key(i), i, withText ? Texts[i % 97] : ""));

    private static IngestScenario Large(string name, int leaves, int rows)
    {
        var schema = Schema.Create().RowKey("key", FieldType.Long).Value("arrival", FieldType.Int).Value("bytes", FieldType.ByteArray).Build();
        return new IngestScenario(name, Tree(schema, leaves), schema, rows, i => new Row(schema, Scatter(i) % 9 * 1_000, i, Mebibyte.AsMemory(0, Mebibyte.Length - (i * 31 % 1_000))));
    }

    /// <summary>170 MB in rows of 4 KiB.</summary>
    private static IngestScenario Pages(string name, int leaves)
    {
        var schema = Schema.Create().RowKey("key", FieldType.Long).Value("arrival", FieldType.Int).Value("bytes", FieldType.ByteArray).Build();
        return new IngestScenario(name, Tree(schema, leaves), schema, 42_000, i => new Row(schema, Scatter(i) % 10_000, i, Mebibyte.AsMemory(0, 4096)));
    }

    private static IngestScenario Mixed(string name)
    {
        var schema = Schema.Create().RowKey("key", FieldType.Long).Value("arrival", FieldType.Int).Value("bytes", FieldType.ByteArray).Build();
        return new IngestScenario(
            name, Tree(schema, 300), schema, 120_010, i => new Row(schema, Scatter(i) % 10_000, i, Mebibyte.AsMemory(0, i is >= 60_000 and < 60_010 ? 1 << 20 : 100)));
    }

    /// <summary>Leaves of equal width over the keys 0 to 10,000, with ids that are always the same.</summary>
    private static PartitionTree Tree(Schema schema, int leaves)
    {
        int next = 0;
        return PartitionTree.FromSplitPoints(schema, [.. Enumerable.Range(1, leaves - 1).Select(i => (FieldValue)(10_000L * i / leaves))], () => $"p{next++}");
    }

    private static long Scatter(int i) => (long)(((uint)i * 0x9E37_79B9_7F4A_7C15UL) >> 33);
}
