namespace Sleeper.Ingest.Core.Tests.Checking;

/// <summary>What the headers of the files log say of ingests, as its entries leave it. Trimmed entries keep their headers.</summary>
internal sealed class LedgerReplay
{
    private readonly Dictionary<string, CheckedEntry> _commits = new(StringComparer.Ordinal);
    private readonly Dictionary<(string Ingest, string Attempt), long> _ends = [];

    public long LedgerFrom { get; private set; }

    public long PlannedOn { get; private set; }

    /// <summary>The ledger, the ENDs that count, as a head snapshot lists them.</summary>
    public IEnumerable<string> Describe() =>
        _commits.Values.OrderBy(e => e.Number).Select(e => $"commit {e.Number} {e.Ingest} {e.Attempt} {e.Long("rows")} {e.Text("digest")}")
            .Concat(_ends.OrderBy(e => e.Value).Select(e => $"end {e.Value} {e.Key.Ingest} {e.Key.Attempt}"));

    /// <summary>Applies an entry; a commit that was not allowed breaks I13.</summary>
    public IEnumerable<Violation> Apply(CheckedEntry entry)
    {
        if (entry.IsCommit)
        {
            long opened = entry.Long("opened");
            string? fault = _commits.TryGetValue(entry.Ingest, out var first) ? $"it was committed by entry {first.Number}"
                : _ends.ContainsKey((entry.Ingest, entry.Attempt)) ? "its attempt had ended"
                : _ends.TryGetValue((entry.Ingest, ""), out long end) && opened < end ? $"entry {end} had ended all its attempts"
                : opened < LedgerFrom ? $"it was opened at {opened}, and the ledger began at {LedgerFrom}"
                : null;
            if (fault is not null)
            {
                yield return new Violation("I13", $"Entry {entry.Number} commits {entry.Ingest}, but {fault}.");
            }

            _commits.TryAdd(entry.Ingest, entry);
        }
        else if (entry.IsEnd)
        {
            _ends[(entry.Ingest, entry.Attempt)] = entry.Number;
        }

        PlannedOn = Math.Max(PlannedOn, entry.Long("partitions"));
        long from = entry.Long("ledgerFrom");
        if (from > LedgerFrom)
        {
            LedgerFrom = from;
            _commits.Where(c => c.Value.Number < from).ToList().ForEach(c => _commits.Remove(c.Key));
            _ends.Where(e => e.Value <= from).ToList().ForEach(e => _ends.Remove(e.Key));
        }
    }
}
