namespace Sleeper.Ingest.Core.Jobs;

/// <summary>A request to ingest Parquet files into a table, as it lies on a queue.</summary>
/// <remarks>
/// <code>
/// {"id":"a-unique-id","tableName":"flights","tableId":"0a1b2c3d","files":["bucket/dir/a.parquet","bucket/dir"],"once":true}
/// </code>
/// The JSON is Sleeper's (IngestJobSerDe); members without a value are left out. <c>once</c> is for queues of one's own, and <c>firstMessageId</c> is on copies that a
/// worker gave back: Sleeper passes unknown members over.
/// </remarks>
public sealed record IngestJobMessage
{
    /// <summary>The job's id; null or blank for one that the worker makes of the message's id.</summary>
    public string? Id { get; init; }

    /// <summary>The table's name. One of name and id is needed.</summary>
    public string? TableName { get; init; }

    /// <summary>The table's internal id; counts more than the name.</summary>
    public string? TableId { get; init; }

    /// <summary>Files, and folders that are searched for files ending with <c>.parquet</c> all the way down. See <see cref="JobInputs"/> for how they are named.</summary>
    public IReadOnlyList<string> Files { get; init; } = [];

    /// <summary>True if a job of this id shall ingest once, however often it is sent: the second one finds it done. Needs an id. Default: each sending is a run.</summary>
    public bool Once { get; init; }

    /// <summary>The id of the message that this one is a copy of, so that both are one run; null for an original.</summary>
    public string? FirstMessageId { get; init; }

    /// <summary>How often the job was given back by sending a copy; 0 for an original.</summary>
    public int Copies { get; init; }

    /// <summary>Reads a message.</summary>
    /// <exception cref="FormatException">It is no job: the message says why.</exception>
    public static IngestJobMessage Parse(string json)
    {
        ArgumentNullException.ThrowIfNull(json);
        var read = JobMessageReader.Read(json);
        return read.Error is not null ? throw new FormatException(read.Error)
            : read.Files is null ? throw new FormatException("Missing property \"files\"")
            : read.Files.Contains(null) ? throw new FormatException("One of the files was null")
            : read.ToMessage();
    }

    /// <summary>The message's JSON.</summary>
    public string ToJson() => JobMessageJson.Write(json =>
    {
        JobMessageJson.WriteIfThere(json, "id", Id);
        JobMessageJson.WriteIfThere(json, "tableName", TableName);
        JobMessageJson.WriteIfThere(json, "tableId", TableId);
        JobMessageJson.WriteFiles(json, Files);
        if (Once)
        {
            json.WriteBoolean("once", true);
        }

        JobMessageJson.WriteIfThere(json, "firstMessageId", FirstMessageId);
        if (Copies > 0)
        {
            json.WriteNumber("copies", Copies);
        }
    });
}
