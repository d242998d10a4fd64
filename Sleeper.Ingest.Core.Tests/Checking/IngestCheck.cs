namespace Sleeper.Ingest.Core.Tests.Checking;

/// <summary>Compares the rows found with those written, ingest by ingest (I1 to I5, I13).</summary>
internal static class IngestCheck
{
    public static IEnumerable<Violation> Check(ExpectedTable expected, IEnumerable<CheckedRow> rows, IReadOnlyList<CheckedEntry> log)
    {
        var found = rows.ToLookup(r => r.Ingest);
        var committed = log.Where(e => e.IsCommit).Select(e => e.Ingest).ToHashSet(StringComparer.Ordinal);
        foreach (var group in found.Where(g => !expected.Ingests.ContainsKey(g.Key)))
        {
            yield return new Violation("I5", $"{group.Count()} rows are of {group.Key}, which nobody wrote.");
        }

        foreach (var ingest in expected.Ingests.Values)
        {
            var own = found[ingest.Id].ToList();
            var altered = own.Where(r => !ingest.Digests.TryGetValue(r.Number, out string? digest) || digest != r.Digest).ToList();
            if (altered.Count > 0)
            {
                yield return new Violation("I5", $"Row {altered[0].Number} of {ingest.Id}, and {altered.Count - 1} others, are not as they were written.");
            }

            if (Presence(ingest, own, committed.Contains(ingest.Id)) is { } violation)
            {
                yield return violation;
            }

            if (ingest.Told == Told.Committed && !committed.Contains(ingest.Id))
            {
                yield return new Violation("I13", $"No entry commits {ingest.Id}, though it was told to be committed.");
            }
        }
    }

    private static Violation? Presence(ExpectedIngest ingest, List<CheckedRow> own, bool isInLog)
    {
        if (ingest.Told == Told.Failed)
        {
            return own.Count == 0 && !isInLog ? null : new Violation("I3", $"{ingest.Id} was told to have failed, but {own.Count} of its rows are there.");
        }

        var counts = own.CountBy(r => r.Number).ToDictionary();
        var wrong = ingest.Digests.Keys.Select(number => (Number: number, Count: counts.GetValueOrDefault(number))).ToList();
        if (ingest.Told == Told.Committed)
        {
            var bad = wrong.Where(w => w.Count != 1).ToList();
            return bad.Count == 0 ? null : new Violation("I1", $"{ingest.Id} is committed: row {bad[0].Number} is there {bad[0].Count} times, and {bad.Count - 1} others are not there once.");
        }

        if (wrong.Select(w => w.Count).Distinct().Count() > 1 || wrong.Any(w => w.Count > 1))
        {
            return new Violation("I2", $"Of {ingest.Id} {own.Count} of {wrong.Count} rows are there.");
        }

        return (own.Count > 0) == isInLog || wrong.Count == 0
            ? null
            : new Violation(ingest.Told == Told.Unknown ? "I4" : "I2", $"The log {(isInLog ? "commits" : "does not commit")} {ingest.Id}, but {own.Count} of its rows are there.");
    }
}
