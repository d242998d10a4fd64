using System.Globalization;
using System.Text.Json;

namespace Sleeper.Ingest.Core.Tests.Checking;

/// <summary>Replays the files log, from its first entry or, where that is trimmed, from the oldest snapshot, and compares every snapshot with it (I12, I13).</summary>
internal sealed class FilesReplay(
    string tableFolder, CheckedProperties properties, IReadOnlyList<CheckedEntry> files, IReadOnlyList<CheckedEntry> partitions, List<Violation> violations)
{
    private readonly Dictionary<string, CheckedFile> _files = new(StringComparer.Ordinal);
    private readonly List<string> _order = [];
    private readonly LedgerReplay _ledger = new();
    private readonly List<CheckedEntry> _commits = [];

    /// <summary>The table's files after the last entry, in the order in which they were added.</summary>
    public IReadOnlyList<CheckedFile> Run()
    {
        var snapshots = Snapshots();
        long trimmed = files.LastOrDefault(e => e.IsTrimmed)?.Number ?? 0;
        long baseNumber = trimmed == 0 ? 0 : snapshots.Keys.FirstOrDefault(n => n >= trimmed);
        if (trimmed > 0 && (baseNumber == 0 || !File.Exists(PathOf(baseNumber, "verified.json"))))
        {
            violations.Add(new Violation("I12", $"Entries up to {trimmed} are trimmed, and no verified snapshot stands for them."));
        }

        foreach (var entry in files)
        {
            violations.AddRange(_ledger.Apply(entry));
            if (entry.IsCommit)
            {
                _commits.Add(entry);
            }

            if (entry.Number == baseNumber && snapshots[baseNumber].Files is { } start)
            {
                start.Of("file").Select(CheckedFile.OfSnapshot).ToList().ForEach(Add);
            }
            else if (!entry.IsTrimmed && entry.Number > baseNumber && entry.Type == "ADD_FILES")
            {
                Apply(entry);
            }

            if (snapshots.TryGetValue(entry.Number, out var snapshot))
            {
                Compare(entry, snapshot.Head, snapshot.Files);
            }
        }

        CheckCommits();
        return [.. _order.Select(name => _files[name])];
    }

    private void Apply(CheckedEntry entry)
    {
        var added = entry.Body.GetProperty("files").EnumerateArray().ToList();
        for (int i = 0; i < added.Count; i++)
        {
            Add(CheckedFile.OfBody(added[i], entry.Long("time"), i < entry.Lengths.Count ? entry.Lengths[i] : -1));
        }
    }

    private void Add(CheckedFile file)
    {
        if (!_files.TryAdd(file.Name, file))
        {
            violations.Add(new Violation("I13", $"{file.Name} was added twice."));
            return;
        }

        _order.Add(file.Name);
    }

    /// <summary>What a commit says became visible must be what the files of its attempt hold.</summary>
    private void CheckCommits()
    {
        var byOwner = _files.Values.ToLookup(f => f.Owner);
        foreach (var commit in _commits)
        {
            var own = byOwner[$"{LogCheck.Digest($"{properties.TableId}/{commit.Ingest}")[..32]}-{commit.Attempt}"].ToList();
            long rows = own.Sum(f => f.References.Sum(r => r.Rows));
            if (own.Count != commit.Long("fileCount") || rows != commit.Long("rows"))
            {
                violations.Add(new Violation(
                    "I7", $"Entry {commit.Number} commits {commit.Long("rows")} rows in {commit.Long("fileCount")} files, but {rows} rows in {own.Count} files are its own."));
            }
        }
    }

    private SortedDictionary<long, (CheckedSnapshot? Head, CheckedSnapshot? Files)> Snapshots()
    {
        var found = new SortedDictionary<long, (CheckedSnapshot?, CheckedSnapshot?)>();
        string folder = Path.Combine(tableFolder, "snapshots");
        foreach (string path in Directory.Exists(folder) ? Directory.GetDirectories(folder) : [])
        {
            // Without a head there is no snapshot: its writer died between the two.
            if (long.TryParse(Path.GetFileName(path), NumberStyles.None, CultureInfo.InvariantCulture, out long number) && File.Exists(PathOf(number, "head.jsonl")))
            {
                found.Add(number, (Read(number, "head.jsonl"), Read(number, "files.jsonl")));
                if (number > files.Count)
                {
                    violations.Add(new Violation("I12", $"Snapshot {number} is of an entry that the log of {files.Count} has not."));
                }
            }
        }

        return found;
    }

    private CheckedSnapshot? Read(long number, string part)
    {
        try
        {
            return CheckedSnapshot.Read(PathOf(number, part));
        }
        catch (Exception e) when (e is IOException or JsonException or FormatException or KeyNotFoundException or InvalidOperationException)
        {
            violations.Add(new Violation("I12", $"Snapshot {number}, {part}: {e.Message}"));
            return null;
        }
    }

    private void Compare(CheckedEntry entry, CheckedSnapshot? head, CheckedSnapshot? filesPart)
    {
        if (filesPart is not null)
        {
            CompareHeader(entry, filesPart.Header, "files", filesPart.Header.GetProperty("partitions").GetInt64() == _ledger.PlannedOn);
            CompareLines(entry, "files", _order.Select(name => _files[name].Describe()), filesPart.Of("file").Select(json => CheckedFile.OfSnapshot(json).Describe()));
            CompareLines(
                entry,
                "recent commits",
                _commits.TakeLast(100).Select(c => $"{c.Number} {c.Ingest} {c.Long("rows")} {c.Long("fileCount")} {c.Long("time")}"),
                filesPart.Of("recent").Select(r => $"{Long(r, "number")} {Text(r, "ingest")} {Long(r, "rows")} {Long(r, "fileCount")} {Long(r, "time")}"));
        }

        if (head is not null)
        {
            // The tree may be of a later entry than those that files were planned on.
            long tree = Long(head.Header, "partitions");
            bool fits = tree >= _ledger.PlannedOn && Long(head.Header, "ledgerFrom") == _ledger.LedgerFrom
                && partitions.FirstOrDefault(p => p.Number == tree)?.Checksum == Text(head.Header, "partitionsChecksum");
            CompareHeader(entry, head.Header, "head", fits);
            CompareLines(
                entry,
                "tree",
                TreeCheck.Replay(partitions, tree, properties).Values.Select(p => p.Json.GetRawText()).Order(StringComparer.Ordinal),
                head.Of("partition").Select(p => p.GetRawText()).Order(StringComparer.Ordinal));
            CompareLines(
                entry,
                "ledger",
                _ledger.Describe(),
                head.Of("commit").Select(c => $"commit {Long(c, "number")} {Text(c, "ingest")} {Text(c, "attempt")} {Long(c, "rows")} {Text(c, "digest")}")
                    .Concat(head.Of("end").Select(e => $"end {Long(e, "number")} {Text(e, "ingest")} {Text(e, "attempt")}")));
        }
    }

    private void CompareHeader(CheckedEntry entry, JsonElement header, string kind, bool fits)
    {
        if (!fits || Long(header, "format") != 1 || Text(header, "kind") != kind || Text(header, "table") != properties.TableId
            || Long(header, "number") != entry.Number || Text(header, "checksum") != entry.Checksum)
        {
            violations.Add(new Violation("I12", $"Snapshot {entry.Number}: the header of its {kind} does not fit the log: {header.GetRawText()}"));
        }
    }

    private void CompareLines(CheckedEntry entry, string what, IEnumerable<string> log, IEnumerable<string> snapshot)
    {
        var (expected, found) = (log.ToList(), snapshot.ToList());
        if (!expected.SequenceEqual(found))
        {
            string difference = expected.Except(found).Concat(found.Except(expected)).FirstOrDefault() ?? "another order or a repeat";
            violations.Add(new Violation("I12", $"Snapshot {entry.Number}: its {what} are not those of the log: {difference}"));
        }
    }

    private string PathOf(long number, string part) => Path.Combine(tableFolder, "snapshots", number.ToString("D20", CultureInfo.InvariantCulture), part);

    private static long Long(JsonElement json, string member) => CheckedEntry.Long(json, member);

    private static string Text(JsonElement json, string member) => CheckedEntry.Text(json, member);
}
