using Sleeper.Ingest.Core.StateStores.TransactionLog.Snapshots;

namespace Sleeper.Ingest.Core.StateStores.TransactionLog;

/// <summary>
/// All that a committer keeps of the files log: the last entry, which ids are committed, which attempts have ended. It grows with the number of
/// ingests that the ledger keeps, never with the number of files.
/// </summary>
/// <remarks>Not thread-safe. Every entry is applied once, in order; the chain of checksums is checked on the way.</remarks>
internal sealed class CommitHead
{
    private readonly Dictionary<string, LedgerRow> _ledger = new(StringComparer.Ordinal);

    // By ingest id, and by ingest and attempt id: the number of the last END.
    private readonly Dictionary<string, long> _endedIngests = new(StringComparer.Ordinal);
    private readonly Dictionary<(string IngestId, string AttemptId), long> _endedAttempts = [];

    /// <summary>The last entry applied; 0 for none.</summary>
    public long Number { get; private set; }

    /// <summary>That entry's checksum; empty for none.</summary>
    public string Checksum { get; private set; } = "";

    /// <summary>Ingests committed before this entry are forgotten.</summary>
    public long LedgerFrom { get; private set; }

    /// <summary>The highest entry of the partitions log that any entry so far was planned on.</summary>
    public long PlannedOn { get; private set; }

    public int LedgerCount => _ledger.Count;

    /// <summary>Begins at a snapshot.</summary>
    public static CommitHead From(HeadSnapshot snapshot)
    {
        var head = new CommitHead
        {
            Number = snapshot.Number,
            Checksum = snapshot.Checksum,
            LedgerFrom = snapshot.LedgerFrom,
            PlannedOn = snapshot.PartitionsNumber,
        };
        foreach (var (ingestId, row) in snapshot.Commits)
        {
            head._ledger[ingestId] = row;
        }

        foreach (var end in snapshot.Ends)
        {
            head.Remember(end);
        }

        return head;
    }

    /// <summary>The ledger, by number.</summary>
    public IReadOnlyList<(string IngestId, LedgerRow Row)> Commits() =>
        [.. _ledger.Select(pair => (pair.Key, pair.Value)).OrderBy(pair => pair.Value.Number)];

    /// <summary>The ENDs that count, by number.</summary>
    public IReadOnlyList<EndRow> Ends() =>
    [
        .. _endedIngests.Select(pair => new EndRow(pair.Value, pair.Key, null))
            .Concat(_endedAttempts.Select(pair => new EndRow(pair.Value, pair.Key.IngestId, pair.Key.AttemptId)))
            .OrderBy(end => end.Number),
    ];

    public bool TryGetCommit(string ingestId, out LedgerRow row) => _ledger.TryGetValue(ingestId, out row);

    /// <summary>True if a ledger that begins at this entry knows less than it does now.</summary>
    public bool WouldForget(long from) =>
        from > LedgerFrom && (_ledger.Values.Any(row => row.Number < from) || _endedIngests.Values.Any(n => n <= from) || _endedAttempts.Values.Any(n => n <= from));

    /// <summary>True if an END names the attempt, or all attempts of its ingest that were opened before it.</summary>
    public bool IsEnded(string ingestId, string attemptId, long openedAt) =>
        _endedAttempts.ContainsKey((ingestId, attemptId)) || (_endedIngests.TryGetValue(ingestId, out long end) && openedAt < end);

    /// <param name="entry">The entry after <see cref="Number"/>.</param>
    /// <param name="name">What a message calls it.</param>
    /// <exception cref="TableDamagedException">It does not follow the entry before.</exception>
    public void Apply(LogEntry entry, string name)
    {
        var header = entry.Header;
        Chain.Check(entry, Number, Checksum, name);
        Number = header.Number;
        Checksum = entry.Checksum;
        if (header.IsCommit)
        {
            // An id is committed once. Every writer checks that before it puts; a second entry would be a fault of one, and the first one counts.
            _ledger.TryAdd(header.IngestId!, new LedgerRow(header.Number, header.AttemptId ?? "", header.RowCount, header.Digest));
        }
        else if (header.IsEnd && header.IngestId is not null)
        {
            Remember(new EndRow(header.Number, header.IngestId, header.AttemptId));
        }

        PlannedOn = Math.Max(PlannedOn, header.PartitionsNumber);

        if (header.LedgerFrom > LedgerFrom)
        {
            Forget(header.LedgerFrom.Value);
        }
    }

    private void Remember(EndRow end)
    {
        if (end.AttemptId is null)
        {
            _endedIngests[end.IngestId] = end.Number;
        }
        else
        {
            _endedAttempts[(end.IngestId, end.AttemptId)] = end.Number;
        }
    }

    /// <summary>
    /// Attempts opened before <paramref name="from"/> may not commit any more, so neither the ids committed before it nor the ENDs up to it are
    /// needed to judge the others.
    /// </summary>
    private void Forget(long from)
    {
        LedgerFrom = from;
        foreach (var (id, row) in _ledger)
        {
            if (row.Number < from)
            {
                _ledger.Remove(id);
            }
        }

        foreach (var (id, number) in _endedIngests)
        {
            if (number <= from)
            {
                _endedIngests.Remove(id);
            }
        }

        foreach (var (attempt, number) in _endedAttempts)
        {
            if (number <= from)
            {
                _endedAttempts.Remove(attempt);
            }
        }
    }
}
