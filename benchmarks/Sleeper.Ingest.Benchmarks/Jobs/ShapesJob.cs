using Sleeper.Ingest.Benchmarks.Measuring;
using Sleeper.Ingest.Core.ObjectStores;

namespace Sleeper.Ingest.Benchmarks.Jobs;

/// <summary>
/// Rows of S128 whose keys come in other orders or are more alike than random ones: sorted, reverse, all equal, 40 letters in common; and random ones that are as
/// long as those with a prefix. The table is in memory.
/// </summary>
internal static class ShapesJob
{
    private const int LeafCount = 128;

    private static readonly string Prefix = new('m', 40);

    private static readonly string[] All = ["random", "sorted", "reverse", "equal", "prefix", "long"];

    public static async Task<int> RunAsync(JobOptions options)
    {
        string[] shapes = options.Shapes.Count > 0 ? [.. options.Shapes] : All;
        if (shapes.FirstOrDefault(shape => !All.Contains(shape)) is { } unknown)
        {
            throw new ArgumentException($"There is no shape '{unknown}'; there are {string.Join(", ", All)}.");
        }

        long rows = options.HasRows ? options.Rows : 2_000_000;
        S128Row[][] inputs = [.. shapes.Select(shape => Make(shape, rows))];
        var times = new ProcessorTimes("shapes", shapes);
        await times.MeasureAsync(options.Repeat, kind => WorkloadOf(shapes[kind]).Configure(options, new InMemoryObjectStore()).OpenAsync(), async (kind, writer) =>
        {
            await writer.WriteAsync(inputs[kind], S128Row.Mapping);
            var result = await writer.CompleteAsync();
            options.Profile?.Print(rows, result.Times.Total.TotalSeconds, 0, options.Threads, result.Times);
        });
        times.Print(rows, options.Threads);
        return 0;
    }

    private static Workload WorkloadOf(string shape) =>
        new("s128", Workloads.S128.Schema, factory => factory.WithSplitPoints(Workloads.SplitPoints(LeafCount, shape == "prefix" ? Prefix : "")));

    private static S128Row[] Make(string shape, long rows)
    {
        S128Row[] random = [.. S128Row.Generate(rows)];
        return shape switch
        {
            "sorted" => Sorted(random),
            "reverse" => Reversed(Sorted(random)),
            "equal" => [.. random.Select(row => row with { Key = "mmmmmmmmmm" })],
            "prefix" => [.. random.Select(row => row with { Key = Prefix + row.Key })],
            "long" => [.. random.Select((row, i) => row with { Key = string.Concat(row.Key, row.Value, random[rows - 1 - i].Key, random[rows - 1 - i].Value, row.Key) })],
            _ => random,
        };
    }

    private static S128Row[] Sorted(S128Row[] rows)
    {
        Array.Sort(rows, (a, b) => string.CompareOrdinal(a.Key, b.Key) is var order and not 0 ? order : a.Timestamp.CompareTo(b.Timestamp));
        return InMemoryOrder(rows);
    }

    private static S128Row[] Reversed(S128Row[] rows)
    {
        Array.Reverse(rows);
        return InMemoryOrder(rows);
    }

    /// <summary>Makes the texts anew in the order of the rows: else each would be fetched from another place in memory, which is no affair of the ingest.</summary>
    private static S128Row[] InMemoryOrder(S128Row[] rows) =>
        [.. rows.Select(row => row with { Key = new string(row.Key.AsSpan()), Value = new string(row.Value.AsSpan()) })];
}
