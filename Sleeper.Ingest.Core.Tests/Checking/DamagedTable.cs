using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Sleeper.Ingest.Core.Tests.Support;

namespace Sleeper.Ingest.Core.Tests.Checking;

/// <summary>A copy of a table with ways to damage it so well that digests and seals are right.</summary>
internal sealed class DamagedTable : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public DamagedTable(string root)
    {
        foreach (string file in Directory.EnumerateFiles(root, "*", SearchOption.AllDirectories))
        {
            string copy = Path.Combine(Root, Path.GetRelativePath(root, file));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(file, copy);
        }
    }

    public string Root => _folder.Path;

    public string Folder => Path.Combine(Root, "default");

    public void Dispose() => _folder.Dispose();

    public string PathOf(string name) => Path.Combine(Folder, name);

    public static string Entry(int number, string log = "files") => $"log/{log}/{number:d20}.json";

    public static string Snapshot(int number, string part) => $"snapshots/{number:d20}/{part}";

    public void Delete(string name) => File.Delete(PathOf(name));

    public void Put(string name, string text)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(PathOf(name))!);
        File.WriteAllText(PathOf(name), text);
    }

    /// <summary>The last file of an entry.</summary>
    public string LastFile(int entry) => JsonNode.Parse(File.ReadAllText(PathOf(Entry(entry))))!["body"]!["files"]!.AsArray()[^1]!["filename"]!.GetValue<string>();

    /// <summary>Changes an entry; its digests are right afterwards. Those after it are not told.</summary>
    public void ChangeEntry(string name, Action<JsonObject> change, string? to = null)
    {
        var entry = JsonNode.Parse(File.ReadAllText(PathOf(name)))!.AsObject();
        change(entry);
        var header = entry["header"]!.AsObject();
        if (entry["body"] is { } body)
        {
            header["content"] = LogCheck.Digest(Text(body) + (entry["lengths"] is { } lengths ? Text(lengths) : ""));
        }

        entry["checksum"] = LogCheck.Digest(Text(header));
        File.WriteAllText(PathOf(to ?? name), Text(entry));
    }

    /// <summary>Changes the text of a snapshot's lines; its seal is right afterwards.</summary>
    public void ChangeSnapshot(string name, Func<string, string> change)
    {
        string[] lines = File.ReadAllLines(PathOf(name));
        string text = change(string.Join('\n', lines[..^1]) + "\n");
        string seal = string.Create(CultureInfo.InvariantCulture, $"{{\"records\":{lines.Length - 2},\"sha256\":\"{LogCheck.Digest(text)}\"}}\n");
        File.WriteAllText(PathOf(name), text + seal, new UTF8Encoding(false));
    }

    /// <summary>Changes the sketches of the last file of the last entry: keys of one character, so that each item has 5 bytes.</summary>
    public void ChangeLastSketches(Action<byte[]> change)
    {
        string path = PathOf(Path.ChangeExtension(LastFile(CheckedTableFixture.Ingests), ".sketches"));
        byte[] sketches = File.ReadAllBytes(path);
        change(sketches);
        File.WriteAllBytes(path, sketches);
    }

    /// <summary>Writes the last file of the last entry anew, from a query over <c>file</c>, and lets the entry know its length.</summary>
    public async Task ChangeLastFileAsync(string query)
    {
        string path = PathOf(LastFile(CheckedTableFixture.Ingests));
        string made = Path.Combine(Root, "made.parquet");
        await DuckDb.ExecuteAsync(
            $"COPY (WITH file AS (FROM read_parquet({DuckDb.Quote(path)}, file_row_number = true)) {query}) TO {DuckDb.Quote(made)} (FORMAT parquet)");
        File.Move(made, path, overwrite: true);
        ChangeEntry(Entry(CheckedTableFixture.Ingests), entry => entry["lengths"]!.AsArray()[^1] = new FileInfo(path).Length);
    }

    private static string Text(JsonNode node) => node.ToJsonString(new JsonSerializerOptions { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
}
