using System.Text.RegularExpressions;

namespace Sleeper.Ingest.Core.Tests.Checking;

/// <summary>Verifies that every file under the table has a reason to be there: unfinished files break I14, others I15.</summary>
internal static partial class ObjectCheck
{
    public static IEnumerable<Violation> Check(string tableFolder, CheckedProperties properties, ExpectedTable expected, IEnumerable<CheckedFile> files)
    {
        var owned = files.SelectMany(f => new[] { f.Name, f.Sketches }).ToHashSet(StringComparer.Ordinal);
        var running = expected.Ingests.Values.Where(i => i.IsRunning)
            .Select(i => LogCheck.Digest($"{properties.TableId}/{i.Id}")[..32]).ToHashSet(StringComparer.Ordinal);
        foreach (string path in Directory.EnumerateFiles(tableFolder, "*", SearchOption.AllDirectories))
        {
            string name = Path.GetRelativePath(tableFolder, path).Replace('\\', '/');
            bool isUnfinished = Path.GetFileName(name).StartsWith(".tmp~", StringComparison.Ordinal);
            if (owned.Contains(name) || State().IsMatch(name) || (isUnfinished ? running.Count > 0 : running.Contains(Owner().Match(name).Groups["hash"].Value)))
            {
                continue;
            }

            yield return isUnfinished ? new Violation("I14", $"{name} was never finished, nor removed.")
                : new Violation("I15", name.StartsWith("ingests/", StringComparison.Ordinal) ? $"{name} is the intent of nobody who runs." : $"Nothing refers to {name}.");
        }
    }

    [GeneratedRegex(@"^(ingests/(?<hash>[0-9a-f]{32})/[0-9a-f]{16}\.json|data/partition_[^/]+/(?<hash>[0-9a-f]{32})-[0-9a-f]{16}-[0-9]+\.(parquet|sketches))$")]
    private static partial Regex Owner();

    [GeneratedRegex(@"^(table\.properties|maintenance\.json|log/(files|partitions)/[0-9]{20}\.json|snapshots/(latest|[0-9]{20}/(head\.jsonl|files\.jsonl|verified\.json)))$")]
    private static partial Regex State();
}
