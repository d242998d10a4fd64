using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

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
    // Text as it is, quotes and controls escaped: the JSON is a message, not a part of a page.
    private static readonly JsonWriterOptions WriterOptions = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

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
    public string ToJson()
    {
        var bytes = new ArrayBufferWriter<byte>(256);
        using (var json = new Utf8JsonWriter(bytes, WriterOptions))
        {
            json.WriteStartObject();
            WriteIfThere(json, "id", Id);
            WriteIfThere(json, "tableName", TableName);
            WriteIfThere(json, "tableId", TableId);
            json.WriteStartArray("files");
            foreach (string file in Files)
            {
                json.WriteStringValue(file);
            }

            json.WriteEndArray();
            if (Once)
            {
                json.WriteBoolean("once", true);
            }

            WriteIfThere(json, "firstMessageId", FirstMessageId);
            if (Copies > 0)
            {
                json.WriteNumber("copies", Copies);
            }

            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(bytes.WrittenSpan);
    }

    private static void WriteIfThere(Utf8JsonWriter json, string name, string? value)
    {
        if (value is not null)
        {
            json.WriteString(name, value);
        }
    }
}
