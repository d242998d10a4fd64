using Sleeper.Ingest.Core.Schemas;

namespace Sleeper.Ingest.Core.StateStores.TransactionLog.Snapshots;

/// <summary>
/// Empties the bodies of old entries of the files log, behind a snapshot that was computed again and found equal, and removes the snapshots before it.
/// Two snapshots stay. Stopped at any point, it leaves a table that is whole, and the next run goes on.
/// </summary>
internal sealed class LogTrimmer(string tableId, Schema schema, ITransactionLog files, ITransactionLog partitions, ISnapshots snapshots)
{
    private const int MaxParallelWrites = 32;
    private const int MaxSnapshotsInStep = 16;
    private readonly SnapshotVerifier _verifier = new(tableId, schema, files, partitions, snapshots);

    /// <param name="dryRun">True to verify and count, and change nothing.</param>
    /// <param name="cancellationToken">Stops between two entries.</param>
    /// <exception cref="TableDamagedException">A snapshot is not what the log says; nothing was trimmed behind it.</exception>
    public async Task<TrimResult> RunAsync(bool dryRun, CancellationToken cancellationToken)
    {
        var numbers = await snapshots.ListAsync(0, cancellationToken).ConfigureAwait(false);
        if (numbers.Count < 2)
        {
            return new TrimResult(0, [], [], []);
        }

        long boundary = numbers[^2];
        await VerifyAsync(numbers, boundary, dryRun, cancellationToken).ConfigureAwait(false);
        var entries = await FindUntrimmedAsync(boundary, cancellationToken).ConfigureAwait(false);
        long[] old = [.. numbers.Where(n => n < boundary)];
        var remains = await snapshots.ListRemainsAsync(boundary, cancellationToken).ConfigureAwait(false);
        if (!dryRun)
        {
            // Whoever put it may not have made it durable; without bodies in the log there is nothing else to open the table from.
            await snapshots.MakeDurableAsync(boundary, cancellationToken).ConfigureAwait(false);

            // In ascending order, so that what is trimmed is always a beginning of the log.
            foreach (long[] some in entries.Chunk(MaxParallelWrites))
            {
                cancellationToken.ThrowIfCancellationRequested();
                await Task.WhenAll(some.Select(number => files.TrimAsync(number, cancellationToken))).ConfigureAwait(false);
            }

            foreach (long number in old.Concat(remains))
            {
                await snapshots.DeleteAsync(number, cancellationToken).ConfigureAwait(false);
            }
        }

        return new TrimResult(boundary, entries, old, remains);
    }

    /// <summary>
    /// Verifies the snapshot at the boundary, from the last one before it that was verified; in several steps if that is far away, for memory goes with
    /// the entries of a step.
    /// </summary>
    private async Task VerifyAsync(IReadOnlyList<long> numbers, long boundary, bool dryRun, CancellationToken cancellationToken)
    {
        var steps = new Stack<long>();
        long from = 0;
        foreach (long number in numbers.Where(n => n <= boundary).Reverse())
        {
            if (await _verifier.IsMarkedAsync(number, cancellationToken).ConfigureAwait(false))
            {
                from = number;
                break;
            }

            steps.Push(number);
        }

        while (steps.Count > 0)
        {
            for (int skipped = 0; skipped < MaxSnapshotsInStep && steps.Count > 1; skipped++)
            {
                steps.Pop();
            }

            long number = steps.Pop();
            await _verifier.VerifyAsync(from, number, mark: !dryRun, cancellationToken).ConfigureAwait(false);
            from = number;
        }
    }

    private async Task<IReadOnlyList<long>> FindUntrimmedAsync(long boundary, CancellationToken cancellationToken)
    {
        long low = 1;
        long high = boundary + 1;
        while (low < high)
        {
            long middle = low + ((high - low) / 2);
            var entry = await files.ReadAsync(middle, cancellationToken).ConfigureAwait(false)
                ?? throw new TableDamagedException(files.NameOf(middle), "There is no such entry, but later ones are there: the log has a hole.");
            (low, high) = entry.IsTrimmed ? (middle + 1, high) : (low, middle);
        }

        var untrimmed = new List<long>();
        for (long number = low; number <= boundary; number++)
        {
            untrimmed.Add(number);
        }

        return untrimmed;
    }
}
