using System.Text.Json;
using System.Text.Json.Nodes;
using Sleeper.Ingest.Core.Schemas;

namespace Sleeper.Ingest.Core.Tests.Support;

/// <summary>A transaction body that the Java system wrote, with the schema its partitions are of.</summary>
internal sealed record TransactionFixture(string Name, string Type, string Text, Schema? Schema, bool IsEmpty)
{
    public static IEnumerable<string> Names => Directory.GetFiles(Folder(), "*.json").Select(f => Path.GetFileNameWithoutExtension(f)!)
        .Where(n => n != "commit-request").Order(StringComparer.Ordinal);

    /// <summary>The schema of the fixtures that come without one.</summary>
    public static Schema AreaAndId { get; } = Schema.Create().RowKey("area", FieldType.String).RowKey("id", FieldType.Long).Build();

    public static TransactionFixture Read(string name)
    {
        using var json = JsonDocument.Parse(File.ReadAllText(Path.Combine(Folder(), name + ".json")));
        var root = json.RootElement;
        return new TransactionFixture(
            name,
            root.GetProperty("type").GetString()!,
            root.GetProperty("text").GetString()!,
            root.TryGetProperty("schema", out var schema) ? Schema.Parse(schema.GetRawText()) : null,
            root.GetProperty("isEmpty").GetBoolean());
    }

    /// <summary>Equal member by member, in any order of members, numbers digit by digit.</summary>
    public static void AssertSameJson(string expected, string actual)
    {
        Assert.True(JsonNode.DeepEquals(JsonNode.Parse(expected), JsonNode.Parse(actual)), $"Expected\n{expected}\nbut found\n{actual}");
    }

    private static string Folder() => RepositoryFolder.Combine("Sleeper.Ingest.Core.Tests", "Fixtures", "transactions");
}
