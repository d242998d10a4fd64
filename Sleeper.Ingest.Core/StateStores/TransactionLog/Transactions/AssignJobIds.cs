using System.Text.Json;

namespace Sleeper.Ingest.Core.StateStores.TransactionLog.Transactions;

/// <summary>ASSIGN_JOB_IDS: gives references to compactions. Checked when it is added, applied as it stands.</summary>
internal sealed class AssignJobIds(IReadOnlyList<AssignJobIds.Request> requests) : FilesTransaction
{
    public override TransactionType Type => TransactionType.AssignJobIds;

    public override IEnumerable<string> TouchedFiles => Requests.SelectMany(r => r.FileNames);

    public IReadOnlyList<Request> Requests { get; } = requests;

    public static AssignJobIds Read(JsonElement json) =>
        new([.. BodyJson.Array(json, "requests").Select(
            r => new Request(BodyJson.Text(r, "jobId"), BodyJson.Text(r, "partitionId"), BodyJson.Texts(r, "filenames")))]);

    public override void Apply(FilesState state, DateTimeOffset time)
    {
        foreach (var request in Requests)
        {
            foreach (string name in request.FileNames)
            {
                var file = state.Get(name);
                var reference = file.Get(request.PartitionId);
                file.References[request.PartitionId] = reference with { JobId = request.JobId, UpdateTime = time };
                file.UpdateTime = time;
            }
        }
    }

    protected override void Write(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteStartArray("requests");
        foreach (var request in Requests)
        {
            json.WriteStartObject();
            json.WriteString("jobId", request.JobId);
            json.WriteString("partitionId", request.PartitionId);
            BodyJson.WriteTexts(json, "filenames", request.FileNames);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    internal sealed record Request(string JobId, string PartitionId, IReadOnlyList<string> FileNames);
}
