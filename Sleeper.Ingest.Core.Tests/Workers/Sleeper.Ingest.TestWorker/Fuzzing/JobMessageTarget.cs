using System.Text;
using System.Text.Json;
using Sleeper.Ingest.Core.Jobs;

namespace Sleeper.Ingest.TestWorker.Fuzzing;

/// <summary>Messages of a job queue. Reading never throws: a message that is no job says why. What is a job is the same one when it is written and read again.</summary>
/// <remarks>An input is the UTF-8 of a message; the byte 1 stands for half of a surrogate pair, which UTF-8 has no bytes for.</remarks>
internal sealed class JobMessageTarget : SeededTarget
{
    private static readonly JsonDocumentOptions PlainOptions = new() { MaxDepth = 255, AllowTrailingCommas = true };

    private static readonly string[] Messages =
    [
        """{"id":"a-unique-id","tableName":"flights","tableId":"0a1b2c3d","files":["bucket/dir/a.parquet","bucket/dir"],"once":true}""",
        """{"id": "x", "tableName": "flights", "files": [], "firstMessageId": "first", "copies": 3}""",
        """{"tableName":"größe \ud83d\ude00","files":["/data/day-2",],"unknown":{"a":[1,2.5e3,{"b":null}]}}""",
        """{"files":[null,true,12],"id":17,"id":"again","copies":-1,"once":false}""",
        "[{\"files\":[\"a\"]}]",
        "null",
    ];

    private static readonly byte[][] Pieces = [.. Messages.Select(Encoding.UTF8.GetBytes), "\\ud800"u8.ToArray(), [1], "[[[[[[[["u8.ToArray(), ",]"u8.ToArray(), ",}"u8.ToArray(), "1e999"u8.ToArray(), "99999999999"u8.ToArray()];

    public override string Name => "job-message";

    public override bool IsRefusal(Exception error) => error is NoJob;

    public override byte[] Make(FuzzRandom random) => ByteMutator.Mutated(random.Pick(Seeds), Pieces, random);

    public override void Run(byte[] input, FuzzWork work)
    {
        string text = Encoding.UTF8.GetString(input).Replace('\u0001', '\ud800');
        var read = JobMessageReader.Read(text);
        work.Steps += read.Files?.Count ?? 0;
        bool isJob = read.Error is null && read.Files is not null && !read.Files.Contains(null);
        IngestJobMessage? job = Parse(text);
        if (isJob != job is not null)
        {
            throw new FuzzFailure($"A message that is {(isJob ? "a" : "no")} job was {(isJob ? "refused" : "taken")}.");
        }

        if (read.Error is null)
        {
            ComparePlainly(text, read);
        }

        if (job is null)
        {
            throw new NoJob();
        }

        string json = job.ToJson();
        work.DeliveredBytes += json.Length;
        IngestJobMessage again = IngestJobMessage.Parse(json);
        if (!again.Files.SequenceEqual(job.Files) || again with { Files = [] } != job with { Files = [] } || again.ToJson() != json)
        {
            throw new FuzzFailure($"A job that was written is another one when it is read again: {json}");
        }
    }

    protected override IEnumerable<byte[]> MakeSeeds() => Messages.Select(Encoding.UTF8.GetBytes);

    private static IngestJobMessage? Parse(string text)
    {
        try
        {
            return IngestJobMessage.Parse(text);
        }
        catch (FormatException)
        {
            return null;
        }
    }

    /// <summary>Holds what was read against a document: of a member given twice the last counts, and a comma before the end of <c>files</c> is one null more.</summary>
    private static void ComparePlainly(string text, JobMessageReader read)
    {
        using var document = JsonDocument.Parse(Encoding.UTF8.GetBytes(text), PlainOptions);
        JsonElement root = document.RootElement;
        if (root.ValueKind != JsonValueKind.Object)
        {
            throw new FuzzFailure($"A JSON {root.ValueKind} was taken.");
        }

        Require("id", read.Id, Text(root, "id"));
        Require("tableName", read.TableName, Text(root, "tableName"));
        Require("tableId", read.TableId, Text(root, "tableId"));
        string?[]? files = root.TryGetProperty("files", out JsonElement list) && list.ValueKind == JsonValueKind.Array ? [.. list.EnumerateArray().Select(Text)] : null;
        bool hasComma = files is not null && read.Files?.Count == files.Length + 1 && read.Files[^1] is null && list.GetRawText().TrimEnd(']').TrimEnd().EndsWith(',');
        if (files is null != read.Files is null || (files is not null && !files.SequenceEqual(read.Files!.Take(files.Length))) || (read.Files?.Count != files?.Length && !hasComma))
        {
            throw new FuzzFailure($"The files [{string.Join(", ", read.Files ?? [])}] were read.");
        }
    }

    private static void Require(string member, string? read, string? expected)
    {
        if (read != expected)
        {
            throw new FuzzFailure($"'{read}' was read as {member}, which is '{expected}'.");
        }
    }

    private static string? Text(JsonElement root, string member) => root.TryGetProperty(member, out JsonElement value) ? Text(value) : null;

    private static string? Text(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Null => null,
        JsonValueKind.String => value.GetString(),
        JsonValueKind.True => "true",
        JsonValueKind.False => "false",
        _ => value.GetRawText(),
    };

    /// <summary>How this target says that a message is no job; nothing else throws it.</summary>
    private sealed class NoJob() : Exception("The message is no job, and says why.");
}
