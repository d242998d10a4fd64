using System.Text.RegularExpressions;

namespace Sleeper.Ingest.Core.Tests.Faults;

/// <summary>Which of the operations of a counted run are hit, one run each.</summary>
internal static partial class FaultPoints
{
    /// <summary>The numbers of all operations, from 1.</summary>
    public static IReadOnlyList<int> All(int count) => [.. Enumerable.Range(1, count)];

    /// <summary>
    /// The numbers of the first and the last one of each kind on each sort of file (where digits make no difference); of all with SLEEPER_SOAK set.
    /// </summary>
    public static IReadOnlyList<int> Some(IReadOnlyList<(string Kind, string Path)> operations)
    {
        if (Environment.GetEnvironmentVariable("SLEEPER_SOAK") is not null)
        {
            return All(operations.Count);
        }

        var sorts = operations.Select((operation, i) => (Sort: $"{operation.Kind} {SortOf(operation.Path)}", Number: i + 1)).GroupBy(o => o.Sort, o => o.Number);
        return [.. sorts.Select(sort => sort.ToList()).SelectMany(sort => (int[])[sort[0], sort[^1]]).Distinct().Order()];
    }

    /// <summary>The words of a path: of its folders and of its ending.</summary>
    private static string SortOf(string path) =>
        string.Join(' ', Word().Matches(path).Select(word => word.Value).Where(word => word is "data" or "ingests" or "log" or "files" or "partitions" or "parquet" or "sketches" or "properties"));

    [GeneratedRegex("[a-z]+")]
    private static partial Regex Word();
}
