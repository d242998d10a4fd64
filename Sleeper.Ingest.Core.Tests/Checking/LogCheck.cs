using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Sleeper.Ingest.Core.Tests.Checking;

/// <summary>Reads the entries of a log from its folder and verifies their digests and their chain (I12).</summary>
internal static class LogCheck
{
    public static List<CheckedEntry> Read(string tableFolder, string log, string tableId, List<Violation> violations)
    {
        var entries = new List<CheckedEntry>();
        string folder = Path.Combine(tableFolder, "log", log);
        string[] paths = Directory.Exists(folder) ? Directory.GetFiles(folder, "*.json") : [];
        foreach (string path in paths.Where(p => Path.GetFileName(p).Length == 25).Order(StringComparer.Ordinal))
        {
            string name = $"log/{log}/{Path.GetFileName(path)}";
            try
            {
                var entry = Read(File.ReadAllBytes(path));
                long number = long.Parse(Path.GetFileNameWithoutExtension(path), CultureInfo.InvariantCulture);
                foreach (string fault in Faults(entry, number, log, tableId, entries.LastOrDefault()))
                {
                    violations.Add(new Violation("I12", $"{name}: {fault}"));
                }

                entries.Add(entry);
            }
            catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException or FormatException)
            {
                violations.Add(new Violation("I12", $"{name} is no entry: {e.Message}"));
            }
        }

        int firstWhole = entries.FindIndex(e => !e.IsTrimmed);
        violations.AddRange(entries.Skip(Math.Max(firstWhole, 0)).Where(e => e.IsTrimmed && firstWhole >= 0)
            .Select(e => new Violation("I12", $"log/{log}: entry {e.Number} is trimmed, but entry {entries[firstWhole].Number} before it is not.")));
        return entries;
    }

    private static CheckedEntry Read(byte[] bytes)
    {
        using var document = JsonDocument.Parse(bytes);
        var root = document.RootElement.Clone();
        var header = root.GetProperty("header");
        string checksum = Digest(header.GetRawText());
        if (checksum != root.GetProperty("checksum").GetString())
        {
            throw new FormatException($"the header's checksum is {checksum}.");
        }

        var body = root.GetProperty("body");
        bool hasLengths = root.TryGetProperty("lengths", out var lengths);
        if (body.ValueKind != JsonValueKind.Null && CheckedEntry.Text(header, "content") != Digest(body.GetRawText() + (hasLengths ? lengths.GetRawText() : "")))
        {
            throw new FormatException("the content is not that of the header's digest.");
        }

        return new CheckedEntry(
            header.GetProperty("number").GetInt64(), checksum, header, body, hasLengths ? [.. lengths.EnumerateArray().Select(n => n.GetInt64())] : []);
    }

    private static IEnumerable<string> Faults(CheckedEntry entry, long number, string log, string tableId, CheckedEntry? before)
    {
        if (entry.Long("format") != 1 || entry.Number != number || entry.Text("log") != log || entry.Text("table") != tableId)
        {
            yield return "it belongs elsewhere.";
        }

        long next = (before?.Number ?? 0) + 1;
        if (number != next)
        {
            yield return $"entry {next} is missing before it.";
        }
        else if (entry.Text("before") != (before?.Checksum ?? ""))
        {
            yield return "it does not follow the entry before.";
        }

        string[] known = log == "files" ? ["ADD_FILES"] : ["INITIALISE_PARTITIONS", "SPLIT_PARTITION"];
        if (!known.Contains(entry.Type))
        {
            yield return $"unknown type {entry.Type}.";
        }

        if (log == "partitions" && entry.IsTrimmed)
        {
            yield return "it is trimmed.";
        }
    }

    public static string Digest(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
}
