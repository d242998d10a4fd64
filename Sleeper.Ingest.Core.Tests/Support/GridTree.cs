using Sleeper.Ingest.Core.Partitioning;
using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.Schemas;

namespace Sleeper.Ingest.Core.Tests.Support;

/// <summary>A tree over two row keys of type long that is split in turn on the first and the second: its leaves are boxes, not key ranges.</summary>
internal static class GridTree
{
    /// <summary>2^<paramref name="levels"/> leaves over values from 0 to <paramref name="size"/>.</summary>
    public static PartitionTree Build(Schema schema, int levels, long size)
    {
        var partitions = new List<Partition>();
        Split("root", null, Region.Everything(schema), [(0, size), (0, size)], levels, partitions);
        return new PartitionTree(partitions);
    }

    private static void Split(string id, string? parent, Region region, (long From, long To)[] box, int levels, List<Partition> partitions)
    {
        if (levels == 0)
        {
            partitions.Add(new Partition(id, parent, [], region, -1));
            return;
        }

        int dimension = levels % 2;
        var (from, to) = box[dimension];
        long middle = (from + to) / 2;
        string name = id == "root" ? "p" : id;
        partitions.Add(new Partition(id, parent, [name + "l", name + "r"], region, dimension));
        var range = region.Ranges[dimension];
        Split(name + "l", id, region.With(dimension, range.Min, middle), Cut(box, dimension, (from, middle)), levels - 1, partitions);
        Split(name + "r", id, region.With(dimension, middle, range.Max), Cut(box, dimension, (middle, to)), levels - 1, partitions);
    }

    private static (long From, long To)[] Cut((long From, long To)[] box, int dimension, (long From, long To) side)
    {
        (long From, long To)[] cut = [.. box];
        cut[dimension] = side;
        return cut;
    }
}
