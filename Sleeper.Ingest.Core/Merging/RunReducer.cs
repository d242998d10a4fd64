using Sleeper.Ingest.Core.Buffers;
using Sleeper.Ingest.Core.Rows;

namespace Sleeper.Ingest.Core.Merging;

/// <summary>Merges runs into fewer, longer runs until one merge can take them all.</summary>
/// <remarks>
/// Only neighbours are merged, so that equal keys keep their order of arrival. In a round each run is merged once at most, from the left,
/// and no more of them than needed: of 41 runs at width 40 two are merged and 39 stay as they are.
/// </remarks>
internal static class RunReducer
{
    /// <summary>Returns at most <paramref name="width"/> runs with the rows of <paramref name="runs"/>, in order. The runs merged are deleted from the store.</summary>
    /// <exception cref="IngestException">The store failed; runs not merged yet are still there.</exception>
    public static List<TRun> Reduce<TRun>(IReadOnlyList<TRun> runs, int width, IRunStore<TRun> store, MemoryBudget memory, CancellationToken cancellation)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 2);
        List<TRun> current = [.. runs];
        while (current.Count > width)
        {
            var next = new List<TRun>();
            int surplus = current.Count - width;
            for (int i = 0; i < current.Count;)
            {
                int count = Math.Min(Math.Min(width, surplus + 1), current.Count - i);
                if (count < 2)
                {
                    next.Add(current[i++]);
                    continue;
                }

                cancellation.ThrowIfCancellationRequested();
                next.Add(Merge(current.GetRange(i, count), store, memory));
                surplus -= count - 1;
                i += count;
            }

            current = next;
        }

        return current;
    }

    /// <summary>Opens all runs and merges them; disposing the cursor closes them.</summary>
    public static IRowCursor Open<TRun>(IReadOnlyList<TRun> runs, IRunStore<TRun> store, MemoryBudget memory)
    {
        var cursors = new List<IRowCursor>(runs.Count);
        try
        {
            foreach (TRun run in runs)
            {
                cursors.Add(store.Open(run));
            }
        }
        catch
        {
            cursors.ForEach(cursor => cursor.Dispose());
            throw;
        }

        return new RunMerger(cursors, memory);
    }

    private static TRun Merge<TRun>(List<TRun> runs, IRunStore<TRun> store, MemoryBudget memory)
    {
        TRun merged;
        using (IRowCursor rows = Open(runs, store, memory))
        {
            merged = store.Write(rows);
        }

        runs.ForEach(store.Delete);
        return merged;
    }
}
