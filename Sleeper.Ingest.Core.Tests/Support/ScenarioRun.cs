using System.Security.Cryptography;
using Sleeper.Ingest.Core.ObjectStores;
using Sleeper.Ingest.Core.Rows;

namespace Sleeper.Ingest.Core.Tests.Support;

/// <summary>What one run of an <see cref="IngestScenario"/> left in its store.</summary>
internal sealed record ScenarioRun(IObjectStore Store, IngestResult Result)
{
    /// <summary>A line for each file: leaves with their row counts and digests of the data file and of the sketches file. Names are left out.</summary>
    public async Task<List<string>> DigestsAsync()
    {
        var lines = new List<string>();
        foreach (var file in Result.Files)
        {
            string path = "default/" + file.FileName;
            string leaves = string.Join(',', file.References.Select(r => $"{r.PartitionId}:{r.RowCount}:{r.OnlyContainsDataForThisPartition}"));
            lines.Add($"{leaves} data {await DigestAsync(path)} sketches {await DigestAsync(Path.ChangeExtension(path, ".sketches"))}");
        }

        return lines;
    }

    /// <summary>The rows of all files are those of the scenario: by leaf, in key order, equal keys in order of arrival.</summary>
    public async Task AssertEqualsModelAsync(IngestScenario scenario)
    {
        var expected = scenario.SortedByLeaf();
        int next = 0;
        foreach (var file in Result.Files)
        {
            // A file that leaves share has the leaves' rows in key order, which is leaf order for trees of one row key.
            List<Row> rows = file.References.Count == 1 ? expected[next] : RowOrder.Sort(expected.GetRange(next, file.References.Count).SelectMany(r => r));
            next += file.References.Count;
            var actual = await DataFileRows.ReadAsync(Store, "default/" + file.FileName, scenario.Schema);
            Assert.True(rows.Count == actual.Count, $"{scenario.Name}: {file.FileName} has {actual.Count} rows instead of {rows.Count}.");
            for (int i = 0; i < rows.Count; i++)
            {
                Assert.True(rows[i].Equals(actual[i]), $"{scenario.Name}: row {i} of {file.FileName} is another one.");
            }
        }

        Assert.Equal(expected.Count, next);
    }

    private async Task<string> DigestAsync(string path)
    {
        var reader = await Store.OpenAsync(path) ?? throw new InvalidOperationException($"'{path}' is missing.");
        await using (reader)
        {
            byte[] bytes = new byte[reader.LengthBytes];
            await reader.ReadAsync(0, bytes);
            return $"{bytes.Length}:{Convert.ToHexString(SHA256.HashData(bytes).AsSpan(0, 8))}";
        }
    }
}
