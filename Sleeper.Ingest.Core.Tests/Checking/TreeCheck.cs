namespace Sleeper.Ingest.Core.Tests.Checking;

/// <summary>Replays the partitions log and verifies that the leaves tile the key space (I11).</summary>
internal static class TreeCheck
{
    /// <summary>The tree after an entry.</summary>
    public static Dictionary<string, CheckedPartition> Replay(IEnumerable<CheckedEntry> log, long upTo, CheckedProperties properties)
    {
        var tree = new Dictionary<string, CheckedPartition>(StringComparer.Ordinal);
        foreach (var entry in log.Where(e => e.Number <= upTo && !e.IsTrimmed))
        {
            if (entry.Type == "INITIALISE_PARTITIONS")
            {
                tree.Clear();
            }

            var changed = entry.Type switch
            {
                "INITIALISE_PARTITIONS" => entry.Body.GetProperty("partitions").EnumerateArray(),
                "SPLIT_PARTITION" => entry.Body.GetProperty("newChildren").EnumerateArray().Prepend(entry.Body.GetProperty("parent")),
                _ => [],
            };
            foreach (var partition in changed.Select(json => CheckedPartition.Read(json, properties.RowKeys)))
            {
                tree[partition.Id] = partition;
            }
        }

        return tree;
    }

    public static IEnumerable<Violation> Check(Dictionary<string, CheckedPartition> tree, CheckedProperties properties)
    {
        var roots = tree.Values.Where(p => p.ParentId is null).ToList();
        if (roots.Count != 1 || roots[0].Ranges.Where((range, i) => range.Min != KeyText.Least(properties.RowKeys[i]) || range.Max is not null).Any())
        {
            yield return new Violation("I11", $"{roots.Count} roots, where one must be of the whole key space.");
        }

        foreach (var partition in tree.Values)
        {
            var children = partition.ChildIds.Where(tree.ContainsKey).Select(id => tree[id]).ToList();
            if (children.Count != partition.ChildIds.Count || partition.IsLeaf != (children.Count == 0) || children.Exists(c => c.ParentId != partition.Id)
                || (partition.ParentId is { } parent && !(tree.TryGetValue(parent, out var found) && found.ChildIds.Contains(partition.Id))))
            {
                yield return new Violation("I11", $"Partition {partition.Id} does not agree with its parent or its children.");
            }
            else if (children.Count > 0 && !Tile(partition, children))
            {
                yield return new Violation("I11", $"The children of partition {partition.Id} leave a gap or overlap.");
            }
        }
    }

    /// <summary>True if the children divide one range of the parent, from its beginning to its end.</summary>
    private static bool Tile(CheckedPartition parent, List<CheckedPartition> children) => Enumerable.Range(0, parent.Ranges.Count).Any(field =>
    {
        var parts = children.Select(c => c.Ranges[field]).OrderBy(r => r.Min, StringComparer.Ordinal).ToList();
        return parts[0].Min == parent.Ranges[field].Min && parts[^1].Max == parent.Ranges[field].Max
            && parts.Zip(parts.Skip(1)).All(pair => pair.First.Max == pair.Second.Min)
            && children.TrueForAll(c => Enumerable.Range(0, parent.Ranges.Count).All(other => other == field || c.Ranges[other] == parent.Ranges[other]));
    });
}
