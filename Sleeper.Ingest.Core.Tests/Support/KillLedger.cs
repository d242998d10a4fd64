namespace Sleeper.Ingest.Core.Tests.Support;

/// <summary>What processes said of their ingests before they were killed, kept outside them. A word that contradicts an earlier one fails the test.</summary>
/// <remarks>Thread-safe.</remarks>
internal sealed class KillLedger
{
    private readonly Lock _lock = new();
    private readonly HashSet<string> _committed = [];
    private readonly Queue<string> _open = [];

    /// <summary>The ids that somebody was told are committed.</summary>
    public IReadOnlyCollection<string> Committed
    {
        get
        {
            lock (_lock)
            {
                return [.. _committed];
            }
        }
    }

    /// <summary>Up to so many ids that were begun and came to no end: the caller's to deal with, until a note says that they are open again.</summary>
    public IReadOnlyList<string> TakeOpen(int count)
    {
        lock (_lock)
        {
            var taken = new List<string>();
            while (taken.Count < count && _open.TryDequeue(out string? id))
            {
                taken.Add(id);
            }

            return taken;
        }
    }

    /// <summary>The lines of a process that is gone.</summary>
    /// <param name="again">The open ids that it took.</param>
    /// <param name="lines">"begun ID", "resolved ID yes|no", "committed ID NUMBER OUTCOME", "unknown ID", "failed ...", "maintained COUNT".</param>
    /// <param name="context">For messages.</param>
    public void Note(IEnumerable<string> again, IEnumerable<string> lines, string context)
    {
        lock (_lock)
        {
            string? begun = null;
            var untouched = again.ToHashSet();
            foreach (string[] words in lines.Select(line => line.Split(' ')))
            {
                switch (words)
                {
                    case ["begun", var id]:
                        begun = id;
                        break;
                    case ["resolved", var id, var answer]:
                        Assert.True(answer == "yes" || !_committed.Contains(id), $"{context}: {id} was committed, and then not.");
                        begun = id;
                        untouched.Remove(id);
                        if (answer == "yes")
                        {
                            _committed.Add(id);
                        }

                        break;
                    case ["committed", var id, _, _]:
                        _committed.Add(id);
                        begun = null;
                        break;
                    case ["failed", ..]:
                        begun = null;
                        break;
                    default:
                        break; // unknown, maintained, or a line that the kill cut off
                }
            }

            foreach (string id in begun is null ? untouched : untouched.Append(begun))
            {
                _open.Enqueue(id);
            }
        }
    }
}
