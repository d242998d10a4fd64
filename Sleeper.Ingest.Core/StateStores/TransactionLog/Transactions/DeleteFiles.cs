using System.Text.Json;

namespace Sleeper.Ingest.Core.StateStores.TransactionLog.Transactions;

/// <summary>DELETE_FILES: forgets files. Names may be repeated: the Java garbage collector lists every file twice.</summary>
internal sealed class DeleteFiles(IReadOnlyList<string> fileNames) : FilesTransaction
{
    public override TransactionType Type => TransactionType.DeleteFiles;

    public override IEnumerable<string> TouchedFiles => FileNames;

    public IReadOnlyList<string> FileNames { get; } = fileNames;

    public static DeleteFiles Read(JsonElement json) => new(BodyJson.Texts(json, "filenames"));

    public override void Apply(FilesState state, DateTimeOffset time)
    {
        foreach (string name in FileNames)
        {
            state.Remove(name);
        }
    }

    protected override void Write(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        BodyJson.WriteTexts(json, "filenames", FileNames);
        json.WriteEndObject();
    }
}
