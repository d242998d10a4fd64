using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Sleeper.Ingest.Core.StateStores.OwnTables;
using Sleeper.Ingest.Core.StateStores.TransactionLog;

namespace Sleeper.Ingest.Core.Tests.Simulation;

/// <summary>
/// Compares what lies in the bucket with what the writers were told. Reads bytes and JSON, not through the library; knows what every log entry was when it
/// was first put. The numbers are those of the invariants.
/// </summary>
internal sealed class SimulationCheck(
    SimulatedBucket bucket, TablePaths paths, IReadOnlyList<Told> told, IReadOnlyList<(string IngestId, DateTimeOffset Asked, long KnownFrom)> noes)
{
    private readonly Dictionary<string, (long Number, string Attempt)> _commits = new(StringComparer.Ordinal);
    private readonly Dictionary<string, long> _files = new(StringComparer.Ordinal);
    private readonly Dictionary<string, List<(long Number, string Attempt)>> _allCommits = new(StringComparer.Ordinal);

    public static JsonElement Header(byte[] entry) => JsonDocument.Parse(entry).RootElement.GetProperty("header");

    public static IEnumerable<string> FilesOf(byte[] entry)
    {
        var body = JsonDocument.Parse(entry).RootElement.GetProperty("body");
        return body.TryGetProperty("files", out var files) ? files.EnumerateArray().Select(f => f.GetProperty("filename").GetString()!) : [];
    }

    public void Check()
    {
        CheckLog();
        CheckTold();
        CheckNoes();
        CheckObjects();
        CheckSnapshots();
    }

    /// <summary>I12, I13: numbers without gap or repeat, the chain, no entry overwritten but by trimming, no id twice while the ledger keeps it.</summary>
    private void CheckLog()
    {
        string before = "";
        long ledgerFrom = 0;
        string[] entries = [.. bucket.Paths.Where(p => p.StartsWith(paths.LogFolder(LogKind.Files), StringComparison.Ordinal))];
        for (int i = 0; i < entries.Length; i++)
        {
            long number = i + 1;
            Require(entries[i] == paths.LogEntry(LogKind.Files, number), $"I12: entry {number} is missing.");
            byte[] first = bucket.FirstBytes[entries[i]];
            byte[] now = bucket.Get(entries[i])!;
            string text = Encoding.UTF8.GetString(first);
            string headerText = text[(text.IndexOf("{\"header\":", StringComparison.Ordinal) + 10)..text.IndexOf(",\"checksum\"", StringComparison.Ordinal)];
            string checksum = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(headerText)));
            Require(now.AsSpan().SequenceEqual(first) || Encoding.UTF8.GetString(now) == $"{{\"header\":{headerText},\"checksum\":\"{checksum}\",\"body\":null}}", $"I12: entry {number} was overwritten.");
            var header = Header(first);
            Require(header.GetProperty("number").GetInt64() == number, $"I12: entry {number} says that it is another.");
            Require((header.TryGetProperty("before", out var b) ? b.GetString() : "") == before, $"I12: entry {number} does not follow the one before.");
            before = checksum;
            if (header.TryGetProperty("ledgerFrom", out var from))
            {
                ledgerFrom = Math.Max(ledgerFrom, from.GetInt64());
                var kept = bucket.FirstTimes[entries[i]] - bucket.FirstTimes[entries[(int)ledgerFrom - 2]];
                Require(kept >= Simulation.LeastLedgerTime, $"Promise 2: entry {number} lets the ledger forget entry {ledgerFrom - 1} after {kept}.");
            }

            if (header.TryGetProperty("ingest", out var ingest) && !header.TryGetProperty("end", out _))
            {
                string id = ingest.GetString()!;
                Require(!_commits.TryGetValue(id, out var earlier) || earlier.Number < ledgerFrom, $"I1: '{id}' is committed by entries {earlier.Number} and {number}.");
                _commits[id] = (number, header.GetProperty("attempt").GetString()!);
                (_allCommits.TryGetValue(id, out var all) ? all : _allCommits[id] = []).Add(_commits[id]);
            }

            foreach (string file in FilesOf(first))
            {
                Require(_files.TryAdd(file, number), $"I13: the file '{file}' is in entries {_files[file]} and {number}.");
            }
        }
    }

    private void CheckTold()
    {
        foreach (var one in told)
        {
            bool isCommitted = _allCommits.TryGetValue(one.IngestId, out var all) && all.Any(c => c.Attempt == one.AttemptId);
            switch (one.Kind)
            {
                case TellKind.Committed:
                    Require(isCommitted && all!.Any(c => c.Number == one.Number), $"I1: attempt {one.AttemptId} of '{one.IngestId}' was told that it is committed by entry {one.Number}; the log does not say so.");
                    break;
                case TellKind.Failed:
                    Require(!isCommitted, $"I3: attempt {one.AttemptId} of '{one.IngestId}' was told that it failed, and is in the log.");
                    break;
            }
        }
    }

    /// <summary>I4: after a "no", no attempt that had begun commits.</summary>
    private void CheckNoes()
    {
        foreach (var (id, asked, knownFrom) in noes)
        {
            foreach (var (number, attempt) in _allCommits.GetValueOrDefault(id) ?? [])
            {
                var one = told.FirstOrDefault(t => t.AttemptId == attempt);
                Require(one is null || one.Begun > asked || number < knownFrom, $"I4: '{id}' was said not to be committed, and entry {number} of an attempt from before commits it.");
            }
        }
    }

    /// <summary>I6, I15: every file of the table is there with its rows, and after the last maintenance nothing else is.</summary>
    private void CheckObjects()
    {
        foreach (var (file, number) in _files)
        {
            string id = Header(bucket.FirstBytes[paths.LogEntry(LogKind.Files, number)]).GetProperty("ingest").GetString()!;
            foreach (string path in (string[])[paths.InStore(file), paths.InStore(Path.ChangeExtension(file, ".sketches"))])
            {
                Require(bucket.Get(path) is { } bytes && Encoding.UTF8.GetString(bytes) == $"rows of {id}", $"I6: '{path}' of entry {number} is missing or holds other rows.");
            }
        }

        var named = _files.Keys.SelectMany(f => new[] { paths.InStore(f), paths.InStore(Path.ChangeExtension(f, ".sketches")) }).ToHashSet(StringComparer.Ordinal);
        Require(!bucket.Paths.Any(p => p.StartsWith(paths.AllData, StringComparison.Ordinal) && !named.Contains(p)), "I15: after maintenance an object is left that the table does not name.");
        Require(!bucket.Paths.Any(p => p.StartsWith(paths.AllIngests, StringComparison.Ordinal)), "I14: after maintenance an intent is left.");
    }

    /// <summary>I12: every snapshot is what the entries up to its number add up to.</summary>
    private void CheckSnapshots()
    {
        foreach (string path in bucket.Paths.Where(p => p.EndsWith("head.jsonl", StringComparison.Ordinal)).ToList())
        {
            string files = path.Replace("head.jsonl", "files.jsonl", StringComparison.Ordinal);
            Require(bucket.Get(files) is not null, $"I12: '{path}' has no files.");
            string[] lines = Encoding.UTF8.GetString(bucket.Get(files)!).Split('\n');
            long number = JsonDocument.Parse(lines[0]).RootElement.GetProperty("number").GetInt64();
            var listed = lines.Where(l => l.StartsWith("{\"file\"", StringComparison.Ordinal)).Select(l => JsonDocument.Parse(l).RootElement.GetProperty("file").GetProperty("name").GetString()!);
            Require(listed.SequenceEqual(_files.Where(f => f.Value <= number).Select(f => f.Key)), $"I12: '{files}' does not hold the files of the entries up to {number}.");
            string[] head = Encoding.UTF8.GetString(bucket.Get(path)!).Split('\n');
            long ledgerFrom = JsonDocument.Parse(head[0]).RootElement.GetProperty("ledgerFrom").GetInt64();
            int commits = head.Count(l => l.StartsWith("{\"commit\"", StringComparison.Ordinal));
            int expected = _allCommits.Count(pair => pair.Value.Any(c => c.Number <= number && c.Number >= ledgerFrom));
            Require(commits == expected, $"I12: '{path}' has {commits} commits in its ledger, and the log {expected}.");
        }
    }

    private static void Require(bool condition, string message)
    {
        if (!condition)
        {
            throw new SimulationFailure(message);
        }
    }
}
