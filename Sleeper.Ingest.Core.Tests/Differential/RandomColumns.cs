using Sleeper.Ingest.Core.Parquet.Metadata;

namespace Sleeper.Ingest.Core.Tests.Differential;

/// <summary>Random columns, and rows for them, from a seed.</summary>
internal sealed class RandomColumns(Random random, IReadOnlyList<LeafType> leaves)
{
    private static readonly string[] Names = ["a", "B", "with space", "dotted.name", "\"quoted\"", "größe", "select", "_"];

    private readonly int _nullEvery = random.Next(2, 10);
    private readonly int _distinct = random.Next(3) switch { 0 => 3, 1 => 40, _ => int.MaxValue };
    private readonly Dictionary<LeafType, List<object>> _seen = [];

    /// <summary>One to eight columns, nested at most so deep.</summary>
    public List<NestedType> Columns(int maxDepth) => [.. Enumerable.Range(0, random.Next(1, 9)).Select(i => Column($"{Names[random.Next(Names.Length)]}{i}", maxDepth))];

    public object?[] Row(IReadOnlyList<NestedType> columns) => [.. columns.Select(Value)];

    private NestedType Column(string name, int depth)
    {
        bool isNullable = random.Next(3) > 0;
        return (depth == 0 ? 9 : random.Next(10)) switch
        {
            0 or 1 => NestedType.Of(name, NestedKind.List, isNullable, Column("element", depth - 1)),
            2 => NestedType.Of(name, NestedKind.Map, isNullable, Key(), Column("value", depth - 1)),
            3 => NestedType.Of(name, NestedKind.Struct, isNullable, [.. Enumerable.Range(0, random.Next(1, 4)).Select(i => Column($"m{i}", depth - 1))]),
            _ => NestedType.Of(name, leaves[random.Next(leaves.Count)], isNullable),
        };
    }

    private NestedType Key()
    {
        var keys = leaves.Where(leaf => leaf.CanBeMapKey).ToList();
        return NestedType.Of("key", keys[random.Next(keys.Count)], isNullable: false);
    }

    private object? Value(NestedType type)
    {
        if (type.IsNullable && random.Next(_nullEvery) == 0)
        {
            return null;
        }

        return type.Kind switch
        {
            NestedKind.Leaf => Leaf(type.Leaf!),
            NestedKind.Struct => type.Children.Select(Value).ToArray(),
            NestedKind.List => Enumerable.Range(0, random.Next(random.Next(40) == 0 ? 100 : 5)).Select(_ => Value(type.Children[0])).ToArray(),
            _ => Enumerable.Range(0, random.Next(random.Next(40) == 0 ? 100 : 5)).Select(_ => new[] { Value(type.Children[0]), Value(type.Children[1]) })
                .DistinctBy(entry => LeafText.Of(type.Children[0].Leaf!.ToNode("key", Repetition.Required), entry[0]!)).ToArray<object?>(),
        };
    }

    /// <summary>A new value, or one that was there before if the table has few distinct ones.</summary>
    private object Leaf(LeafType type)
    {
        if (!_seen.TryGetValue(type, out var seen))
        {
            _seen.Add(type, seen = []);
        }

        if (seen.Count >= _distinct)
        {
            return seen[random.Next(seen.Count)];
        }

        seen.Add(type.NewValue!(random));
        return seen[^1];
    }
}
