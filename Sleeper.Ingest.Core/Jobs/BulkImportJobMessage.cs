using System.Text.Json;
using System.Text.RegularExpressions;

namespace Sleeper.Ingest.Core.Jobs;

/// <summary>A request to a deployed instance to import Parquet files with Spark, as it lies on the queue of a platform.</summary>
/// <remarks>
/// <code>
/// {"id":"import-1","tableId":"2c3d4e5f","files":["bucket/dir"],"className":"…","platformSpec":{"…":"…"},"sparkConf":{"spark.executor.instances":"3"}}
/// </code>
/// The JSON is Sleeper's (BulkImportJobSerDe); members without a value are left out. What it refuses of a job is refused here before it is sent.
/// </remarks>
public sealed partial record BulkImportJobMessage
{
    private const int MaxIdLength = 63;

    /// <summary>The job's id: at most 63 of a to z, 0 to 9 and the dash. Null for one that is made up.</summary>
    public string? Id { get; init; }

    /// <summary>The table's name. One of name and id is needed.</summary>
    public string? TableName { get; init; }

    /// <summary>The table's internal id; counts more than the name.</summary>
    public string? TableId { get; init; }

    /// <summary>Files and folders in buckets that the instance may read. At least one.</summary>
    public IReadOnlyList<string> Files { get; init; } = [];

    /// <summary>The driver's class; null for the instance's default.</summary>
    public string? ClassName { get; init; }

    /// <summary>Settings of the platform, such as instance types, by the names of the instance's properties; null for the defaults.</summary>
    public IReadOnlyDictionary<string, string>? PlatformSpec { get; init; }

    /// <summary>Settings of Spark; null for the defaults.</summary>
    public IReadOnlyDictionary<string, string>? SparkConf { get; init; }

    /// <summary>What is wrong with it, in Sleeper's words where it has any; empty if nothing is.</summary>
    public IReadOnlyList<string> FindFaults()
    {
        List<string> faults = [];
        if (Id is not null && !IdPattern().IsMatch(Id))
        {
            faults.Add("Job Ids must only contain lowercase alphanumerics and dashes.");
        }

        if (Id?.Length > MaxIdLength)
        {
            faults.Add("Job IDs are only allowed to be up to 63 characters long.");
        }

        if (Files.Count == 0)
        {
            faults.Add("The input files must be set to a non-null and non-empty value.");
        }

        if (string.IsNullOrWhiteSpace(TableName) && string.IsNullOrWhiteSpace(TableId))
        {
            faults.Add("Neither the table's name nor its id is given.");
        }

        return faults;
    }

    /// <summary>The message's JSON.</summary>
    public string ToJson() => JobMessageJson.Write(json =>
    {
        JobMessageJson.WriteIfThere(json, "id", Id);
        JobMessageJson.WriteIfThere(json, "tableName", TableName);
        JobMessageJson.WriteIfThere(json, "tableId", TableId);
        JobMessageJson.WriteFiles(json, Files);
        JobMessageJson.WriteIfThere(json, "className", ClassName);
        WriteIfThere(json, "platformSpec", PlatformSpec);
        WriteIfThere(json, "sparkConf", SparkConf);
    });

    [GeneratedRegex("^[a-z0-9-]+$", RegexOptions.CultureInvariant)]
    private static partial Regex IdPattern();

    private static void WriteIfThere(Utf8JsonWriter json, string name, IReadOnlyDictionary<string, string>? values)
    {
        if (values is null)
        {
            return;
        }

        json.WriteStartObject(name);
        foreach (var (key, value) in values)
        {
            json.WriteString(key, value);
        }

        json.WriteEndObject();
    }
}
