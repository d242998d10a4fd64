using System.Text.Json;

namespace Sleeper.Ingest.Core.StateStores.TransactionLog.Transactions;

/// <summary>CLEAR_FILES: forgets all files. Their objects stay.</summary>
internal sealed class ClearFiles : FilesTransaction
{
    public override TransactionType Type => TransactionType.ClearFiles;

    public override IEnumerable<string> TouchedFiles => [];

    public static ClearFiles Read(JsonElement json) =>
        json.ValueKind == JsonValueKind.Object ? new ClearFiles() : throw new TransactionFormatException("the body is not an object.");

    public override void Apply(FilesState state, DateTimeOffset time) => state.Clear();

    protected override void Write(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteEndObject();
    }
}
