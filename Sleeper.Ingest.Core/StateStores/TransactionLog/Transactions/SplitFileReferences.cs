using System.Text.Json;

namespace Sleeper.Ingest.Core.StateStores.TransactionLog.Transactions;

/// <summary>SPLIT_FILE_REFERENCES: moves references down the tree. Checked when it is added, applied as it stands.</summary>
internal sealed class SplitFileReferences(IReadOnlyList<SplitFileReferences.Request> requests) : FilesTransaction
{
    public override TransactionType Type => TransactionType.SplitFileReferences;

    public override IEnumerable<string> TouchedFiles => Requests.Select(r => r.OldReference.FileName!);

    public IReadOnlyList<Request> Requests { get; } = requests;

    public static SplitFileReferences Read(JsonElement json) =>
        new([.. BodyJson.Array(json, "requests").Select(r => new Request(
            ReferenceBody.Read(BodyJson.Required(r, "oldReference"), withFileName: true),
            [.. BodyJson.Array(r, "newReferences").Select(n => ReferenceBody.Read(n, withFileName: true))]))]);

    public override void Apply(FilesState state, DateTimeOffset time)
    {
        foreach (var request in Requests)
        {
            var file = state.Get(request.OldReference.FileName!);
            file.References.Remove(request.OldReference.PartitionId);
            foreach (var reference in request.NewReferences)
            {
                file.References[reference.PartitionId] = FileReferenceState.From(reference, time);
            }

            file.UpdateTime = time;
        }
    }

    protected override void Write(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteStartArray("requests");
        foreach (var request in Requests)
        {
            json.WriteStartObject();
            json.WritePropertyName("oldReference");
            request.OldReference.Write(json);
            json.WriteStartArray("newReferences");
            foreach (var reference in request.NewReferences)
            {
                reference.Write(json);
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    internal sealed record Request(ReferenceBody OldReference, IReadOnlyList<ReferenceBody> NewReferences);
}
