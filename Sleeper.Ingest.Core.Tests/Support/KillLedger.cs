using Sleeper.Ingest.Core.Tests.Checking;

namespace Sleeper.Ingest.Core.Tests.Support;

/// <summary>What processes said of their ingests before they were killed, kept outside them. A word that contradicts an earlier one fails the test.</summary>
/// <remarks>Thread-safe.</remarks>
internal sealed class KillLedger
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, Told> _told = [];
    private readonly Queue<string> _open = [];

    /// <summary>Every id that was begun, and what was said of it last.</summary>
    public IReadOnlyDictionary<string, Told> Words
    {
        get
        {
            lock (_lock)
            {
                return new Dictionary<string, Told>(_told);
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
            var open = again.ToHashSet();
            foreach (string[] words in lines.Select(line => line.Split(' ')))
            {
                switch (words)
                {
                    case ["begun", var id]:
                        begun = id;
                        _told[id] = Told.Nothing;
                        open.Add(id);
                        break;
                    case ["resolved", var id, var answer]:
                        begun = id;
                        Settle(id, isCommitted: answer == "yes", context);
                        _told[id] = answer == "yes" ? Told.Committed : Told.Nothing; // It is run again at once.
                        break;
                    case ["committed", var id, _, _]:
                        _told[id] = Told.Committed;
                        open.Remove(id);
                        break;
                    case ["unknown", var id]:
                        Assert.True(_told[id] != Told.Committed, $"{context}: {id} was committed, and then not known.");
                        _told[id] = Told.Unknown;
                        break;
                    case ["failed", ..] when begun is not null:
                        Assert.True(_told[begun] != Told.Committed, $"{context}: {begun} was committed, and then failed.");
                        _told[begun] = Told.Failed;
                        open.Remove(begun);
                        break;
                    default:
                        break; // maintained, or a line that the kill cut off
                }
            }

            foreach (string id in open)
            {
                _open.Enqueue(id);
            }
        }
    }

    /// <summary>The table's answer for ever: whether an id that nobody runs is committed.</summary>
    public void Settle(string id, bool isCommitted, string context)
    {
        lock (_lock)
        {
            Assert.True(isCommitted || _told[id] != Told.Committed, $"{context}: {id} was committed, and then not.");
            _told[id] = isCommitted ? Told.Committed : Told.Failed;
        }
    }
}
