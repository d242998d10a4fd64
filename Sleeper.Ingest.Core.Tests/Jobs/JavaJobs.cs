using System.Text.Json.Nodes;
using Sleeper.Ingest.Core.Jobs;
using Sleeper.Ingest.Core.ObjectStores;
using Sleeper.Ingest.Core.Schemas;
using Sleeper.Ingest.Core.StateStores.OwnTables;
using Sleeper.Ingest.Core.Tests.Support;

namespace Sleeper.Ingest.Core.Tests.Jobs;

/// <summary>The jobs that the original was sent, and what became of them.</summary>
/// <remarks>One difference is on purpose: a file of another schema rejects its job before anything is read, where the original ingests the files before it, twice
/// counted when the job is sent again, and fails.</remarks>
internal static class JavaJobs
{
    private static readonly string Dump = RepositoryFolder.Combine("Sleeper.Ingest.Core.Tests", "Fixtures", "live-instance", "05-jobs");

    /// <summary>The bodies, byte by byte as they were sent.</summary>
    public static IEnumerable<string> Messages() =>
        Directory.EnumerateFiles(Path.Combine(Dump, "..", "messages"), "ingest-job-*.json").Select(file => File.ReadAllText(file).TrimEnd('\n'));

    /// <summary>An own table with the id, name and schema of one of the original's.</summary>
    public static async Task CreateTableAsync(IObjectStore tables, string id)
    {
        string path = Path.Combine(Dump, "s3", "sleeper-fixture-config-123456789012", "tables", $"table-{id}.properties");
        var properties = PropertiesText.Read(await File.ReadAllTextAsync(path));
        var schema = Schema.Parse(properties["sleeper.table.schema"]);
        string name = properties["sleeper.table.name"];
        await tables.PutAsync($"{name}/table.properties", new TableProperties(id, name, schema, new Dictionary<string, string>()).ToBytes());
        await Table.CreateAsync(tables, name, schema);
    }

    /// <summary>Puts the input files where the jobs look for them.</summary>
    public static async Task LoadSourceAsync(IObjectStore source)
    {
        foreach (var entry in (await ReadAsync("s3/index.json"))["objects"]!.AsArray().Where(o => (string)o!["bucket"]! == "sleeper-fixture-source"))
        {
            await source.PutAsync((string)entry!["key"]!, await File.ReadAllBytesAsync(Path.Combine(Dump, (string)entry["file"]!)));
        }
    }

    public static async Task CompareStatesAsync(JobReports reports)
    {
        foreach (var (tableId, jobs) in (await ReadAsync("expected/ingest-job-states.json")).AsObject())
        {
            var expected = jobs!.AsObject().ToDictionary(j => NameOf(j.Key), j => (string)j.Value!);
            if (expected.ContainsKey("job-wrong-schema"))
            {
                expected["job-wrong-schema"] = "REJECTED";
            }

            var found = (await reports.ListAsync(tableId)).ToDictionary(j => NameOf(j.JobId), j => j.State.ToString().ToUpperInvariant());
            Assert.Equal(expected.OrderBy(j => j.Key), found.OrderBy(j => j.Key));
        }
    }

    public static async Task CompareRejectedAsync(JobReports reports)
    {
        var expected = (await ReadAsync("expected/ingest-jobs-rejected.json"))["jobList"]!.AsArray()
            .Select(j => (Id: NameOf((string)j!["jobId"]!), Update: j["jobRuns"]![0]!["updates"]![0]!)).ToDictionary(j => j.Id, j => j.Update);
        var found = (await reports.ListRejectedAsync()).Where(j => j.JobId != "job-wrong-schema").ToDictionary(j => NameOf(j.JobId));

        Assert.Equal(expected.Keys.Order(), found.Keys.Order());
        foreach (var (id, update) in expected)
        {
            var reasons = update["reasons"]!.AsArray().Select(r => (string)r!).ToArray();
            var rejection = Assert.IsType<JobValidated>(found[id].Runs.Single().Updates.Single());
            Assert.Equal(reasons.Select(WithoutParserText), rejection.Reasons.Select(WithoutParserText));
            Assert.Equal((string)update["jsonMessage"]!, rejection.JsonMessage);
            Assert.Equal((int)update["inputFileCount"]!, rejection.InputFileCount);
        }
    }

    public static async Task CompareRowsAsync(JobReports reports, string tableId, string name)
    {
        var found = (await reports.ListAsync(tableId)).ToDictionary(j => NameOf(j.JobId));
        foreach (var job in (await ReadAsync($"expected/ingest-jobs-{name}.json"))["jobList"]!.AsArray())
        {
            var updates = job!["jobRuns"]![0]!["updates"]!.AsArray();
            if (updates.FirstOrDefault(u => (string)u!["type"]! == "FINISHED_WHEN_FILES_COMMITTED") is { } finished)
            {
                var run = found[NameOf((string)job["jobId"]!)].Runs.Single();
                Assert.Equal((long)finished["rowsProcessed"]!["rowsRead"]!, run.RowsRead);
                Assert.Equal((long)finished["rowsProcessed"]!["rowsWritten"]!, run.RowsWritten);
                Assert.Equal((int)updates.First(u => (string)u!["type"]! == "STARTED")!["inputFileCount"]!, run.InputFileCount);
            }
        }
    }

    /// <summary>Ids that were made up differ.</summary>
    private static string NameOf(string jobId) => Guid.TryParse(jobId, out _) ? "(made up)" : jobId;

    /// <summary>What the parser says is its own.</summary>
    private static string WithoutParserText(string reason) => reason.StartsWith("Error parsing JSON. Reason: ", StringComparison.Ordinal) ? "Error parsing JSON. Reason: " : reason;

    private static async Task<JsonNode> ReadAsync(string file) => JsonNode.Parse(await File.ReadAllTextAsync(Path.Combine(Dump, file)))!;
}
