namespace Sleeper.Ingest.Core.StateStores.TransactionLog;

/// <summary>One of a table's two logs: numbered entries, each written once, by whoever puts its number first.</summary>
/// <remarks>
/// What every implementation keeps: of all writers of one number exactly one wins, in any number of processes; an entry is there whole or not at
/// all; a completed append is found by every later read; an error says nothing about the effect of an append. Entries are checked against their
/// own checksums, table, log and number when they are read; the chain from entry to entry is the caller's to check. Thread-safe.
/// </remarks>
internal interface ITransactionLog
{
    LogKind Kind { get; }

    /// <summary>What messages call an entry, for example its store and path.</summary>
    string NameOf(long number);

    /// <summary>The entry with its checksum, as it is going to be written: an append can be repeated with exactly the same bytes.</summary>
    PreparedEntry Prepare(LogEntry entry);

    /// <summary>Puts an entry unless its number is taken. True if this call put it, false if the number was taken, perhaps by this very entry.</summary>
    Task<bool> AppendIfAbsentAsync(PreparedEntry entry, CancellationToken cancellationToken);

    /// <summary>The entry of a number; null if there is none.</summary>
    Task<LogEntry?> ReadAsync(long number, CancellationToken cancellationToken);

    /// <summary>
    /// The highest number from <paramref name="first"/> on that a look at the whole log shows; 0 for none. A hint: newer ones may be missing.
    /// </summary>
    Task<long> LastListedAsync(long first, CancellationToken cancellationToken);

    /// <summary>The entries from a number on, in order and without a gap, up to the first number that nobody has put.</summary>
    /// <param name="first">The first number wanted.</param>
    /// <param name="listed">
    /// What <see cref="LastListedAsync"/> showed: entries up to there are read side by side, and one that is missing is damage. 0 for the tail of a
    /// log whose head is known: it costs one read beyond the entries and no listing.
    /// </param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="TableDamagedException">There is a hole, or an entry is not what was written.</exception>
    IAsyncEnumerable<LogEntry> ReadFromAsync(long first, long listed, CancellationToken cancellationToken);

    /// <summary>The entries of a range that is known to be there, in order.</summary>
    /// <exception cref="TableDamagedException">One is missing, or not what was written.</exception>
    IAsyncEnumerable<LogEntry> ReadRangeAsync(long first, long last, CancellationToken cancellationToken);

    /// <summary>
    /// Replaces an entry by one without body that keeps header, checksum and number. Only behind a verified snapshot: see <see cref="Snapshots.LogTrimmer"/>.
    /// Trimmed already: nothing happens.
    /// </summary>
    Task TrimAsync(long number, CancellationToken cancellationToken);

    /// <summary>Makes an entry that was found by reading survive a crash of the machine, before anybody is told that it is there.</summary>
    Task MakeDurableAsync(long number, CancellationToken cancellationToken);
}
