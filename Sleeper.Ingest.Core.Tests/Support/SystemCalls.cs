using System.Globalization;

namespace Sleeper.Ingest.Core.Tests.Support;

/// <summary>The calls of one run under the <see cref="FaultShim"/>, in order: "KIND PATH" each.</summary>
internal sealed class SystemCalls(IReadOnlyList<(string Kind, string Path)> calls)
{
    public int Count => calls.Count;

    public IEnumerable<string> Kinds => calls.Select(call => call.Kind).Distinct().Order(StringComparer.Ordinal);

    public static SystemCalls Read(string file) =>
        new([.. File.ReadLines(file).Select(line => (line[..line.IndexOf(' ', StringComparison.Ordinal)], line[(line.IndexOf(' ', StringComparison.Ordinal) + 1)..]))]);

    /// <summary>The numbers of all calls from 1; of a row of calls of one kind in one folder only the first and the last.</summary>
    public IReadOnlyList<int> WithoutRepeats()
    {
        var numbers = new SortedSet<int>();
        for (int first = 0, next; first < calls.Count; first = next)
        {
            next = first + 1;
            while (next < calls.Count && Place(calls[next]) == Place(calls[first]))
            {
                next++;
            }

            numbers.UnionWith([first + 1, next]);
        }

        return [.. numbers];
    }

    public string Describe(int number) => number > Count
        ? string.Create(CultureInfo.InvariantCulture, $"call {number}")
        : string.Create(CultureInfo.InvariantCulture, $"call {number}, {calls[number - 1].Kind} {calls[number - 1].Path}");

    private static (string, string?) Place((string Kind, string Path) call) => (call.Kind, Path.GetDirectoryName(call.Path));
}
