using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Sleeper.Ingest.Core.Tests.Checking;

/// <summary>One file of a snapshot: a header line, and lines of one member each.</summary>
internal sealed record CheckedSnapshot(JsonElement Header, IReadOnlyList<(string Kind, JsonElement Value)> Lines)
{
    public IEnumerable<JsonElement> Of(string kind) => Lines.Where(line => line.Kind == kind).Select(line => line.Value);

    /// <exception cref="FormatException">It is not sealed, or the seal is not of its lines.</exception>
    public static CheckedSnapshot Read(string path)
    {
        byte[] bytes = File.ReadAllBytes(path);
        int sealAt = bytes.Length < 2 ? -1 : bytes.AsSpan(0, bytes.Length - 1).LastIndexOf((byte)'\n') + 1;
        if (sealAt <= 0 || bytes[^1] != '\n')
        {
            throw new FormatException("its last line is no seal.");
        }

        using var seal = JsonDocument.Parse(bytes.AsMemory(sealAt));
        string[] lines = Encoding.UTF8.GetString(bytes, 0, sealAt - 1).Split('\n');
        string digest = Convert.ToHexStringLower(SHA256.HashData(bytes.AsSpan(0, sealAt)));
        if (seal.RootElement.GetProperty("sha256").GetString() != digest || seal.RootElement.GetProperty("records").GetInt32() != lines.Length - 1)
        {
            throw new FormatException($"its seal is not of its {lines.Length - 1} records, whose digest is {digest}.");
        }

        return new CheckedSnapshot(Parse(lines[0]), [.. lines.Skip(1).Select(line => Parse(line).EnumerateObject().Single()).Select(p => (p.Name, p.Value))]);
    }

    private static JsonElement Parse(string line)
    {
        using var document = JsonDocument.Parse(line);
        return document.RootElement.Clone();
    }
}
