using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Sleeper.Ingest.Core.Buffers;
using Sleeper.Ingest.Core.Rows;

namespace Sleeper.Ingest.Core.Merging;

/// <summary>Picks the smallest of the next entries of k sources; of equal keys that of the source with the lower number.</summary>
/// <remarks>
/// Knuth, The Art of Computer Programming, volume 3, 5.4.1: an inner node keeps the loser of the match played there, so that after the
/// winner has been replaced only the matches on its way to the root are played again, log2(k) of them, each against one known loser.
/// <code>
///            winner            nodes 1 to k-1, the parent of node n is n / 2;
///              1               source s starts at node (k + s) / 2
///          2       3
///        4   5   6   7         a node: the loser's prefix, and its source
///       s0 s1 s2 s3 ...
/// </code>
/// Who wins is as good as random, so a match is played without a branch: prefixes are compared, and loser and winner change places under
/// a mask. Only equal prefixes take a branch, to compare the rest of the keys. A source without entries has the largest prefix there
/// is and loses against all that have some. One caller at a time. Owns its nodes, not the entries.
/// </remarks>
internal sealed unsafe class LoserTree : IDisposable
{
    private readonly NativeBuffer _memory;
    private readonly Node* _nodes;
    private readonly Source* _sources;
    private readonly int _count;

    /// <summary>Makes a tree of sources without entries.</summary>
    public LoserTree(int count, MemoryBudget memory)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        _count = count;
        memory.Reserve(MemoryBytes(count));
        _memory = new NativeBuffer((nint)MemoryBytes(count), memory);
        _nodes = (Node*)_memory.Pointer;
        _sources = (Source*)(_nodes + count);
        new Span<byte>(_memory.Pointer, (int)MemoryBytes(count)).Clear();
    }

    /// <summary>The source that has the smallest next entry.</summary>
    public int Winner => (int)_nodes[0].Source;

    public static long MemoryBytes(int count) => (long)count * (sizeof(Node) + sizeof(Source));

    /// <summary>Gives a source its next entries; no count means that it has ended. Takes effect with <see cref="Build"/> or <see cref="Replay"/>.</summary>
    public void SetSource(int source, RowEntry* entries, int count)
    {
        _sources[source].Next = entries;
        _sources[source].End = entries + count;
    }

    /// <summary>The entries of a source that were not taken yet.</summary>
    public RowEntry* Rest(int source, out int count)
    {
        count = (int)(_sources[source].End - _sources[source].Next);
        return _sources[source].Next;
    }

    /// <summary>Plays all matches.</summary>
    public void Build()
    {
        // Each source goes up until it meets a node where nobody waits yet, and waits there; the last one gets to the root.
        for (int node = 0; node < _count; node++)
        {
            _nodes[node].Source = -1;
        }

        for (int source = 0; source < _count; source++)
        {
            Enter(source);
        }
    }

    /// <summary>Plays the winner's matches again, after its entries have been replaced.</summary>
    public void Replay()
    {
        Node winner = NodeOf(_nodes[0].Source);
        PlayToRoot(winner.Prefix, winner.Source, (_count + (nint)winner.Source) >> 1);
    }

    /// <summary>
    /// Takes entries in order until <paramref name="destination"/> is full or the winner's source has no entries left, which is then still
    /// <see cref="Winner"/> and must be given new ones. Returns how many were taken.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public int Take(RowEntry* destination, int capacity, out bool winnerIsEmpty)
    {
        Node* nodes = _nodes;
        Source* sources = _sources;
        nint count = _count;
        ulong prefix = nodes[0].Prefix;
        long winner = nodes[0].Source;
        RowEntry* place = destination;
        RowEntry* end = destination + capacity;
        winnerIsEmpty = false;
        while (place < end)
        {
            Source* source = sources + winner;
            RowEntry* next = source->Next;
            *place++ = *next;
            source->Next = ++next;
            if (next == source->End)
            {
                winnerIsEmpty = true;
                break;
            }

            prefix = next->Prefix;
            for (nint at = (count + (nint)winner) >> 1; at > 0; at >>= 1)
            {
                Node* node = nodes + at;
                ulong loserPrefix = node->Prefix;
                if (loserPrefix == prefix)
                {
                    // Kept apart, and to the root, so that this loop stays in registers.
                    winner = PlayToRoot(prefix, winner, at);
                    prefix = nodes[0].Prefix;
                    break;
                }

                // As in Play.
                ulong mask = MaskIfLess(loserPrefix, prefix);
                long loser = node->Source;
                ulong prefixes = (loserPrefix ^ prefix) & mask;
                long both = (loser ^ winner) & (long)mask;
                node->Prefix = loserPrefix ^ prefixes;
                node->Source = loser ^ both;
                prefix ^= prefixes;
                winner ^= both;
            }
        }

        nodes[0] = new Node { Prefix = prefix, Source = winner };
        return (int)(place - destination);
    }

    public void Dispose() => _memory.Dispose();

    /// <summary>Plays a winner up from a node on its way, and returns who got to the root.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private long PlayToRoot(ulong prefix, long source, nint node)
    {
        var winner = new Node { Prefix = prefix, Source = source };
        for (; node > 0; node >>= 1)
        {
            Play(ref winner, _nodes + node);
        }

        _nodes[0] = winner;
        return winner.Source;
    }

    /// <summary>All ones if <paramref name="left"/> is less, else zero. A conditional expression would become a jump here.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong MaskIfLess(ulong left, ulong right) => (ulong)-(long)Unsafe.BitCast<bool, byte>(left < right);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Play(ref Node winner, Node* loser)
    {
        ulong prefix = loser->Prefix;
        long source = loser->Source;
        if (prefix == winner.Prefix)
        {
            if (WinsTie(source, winner.Source))
            {
                loser->Source = winner.Source;
                winner.Source = source;
            }

            return;
        }

        // All ones if the loser wins this time.
        ulong mask = MaskIfLess(prefix, winner.Prefix);
        ulong prefixes = (prefix ^ winner.Prefix) & mask;
        long both = (source ^ winner.Source) & (long)mask;
        loser->Prefix = prefix ^ prefixes;
        loser->Source = source ^ both;
        winner.Prefix ^= prefixes;
        winner.Source ^= both;
    }

    private void Enter(int source)
    {
        Node winner = NodeOf(source);
        for (nint node = (_count + source) >> 1; node > 0; node >>= 1)
        {
            if (_nodes[node].Source < 0)
            {
                _nodes[node] = winner;
                return;
            }

            Play(ref winner, _nodes + node);
        }

        _nodes[0] = winner;
    }

    private Node NodeOf(long source)
    {
        RowEntry* next = _sources[source].Next;
        return new Node { Prefix = next == _sources[source].End ? ulong.MaxValue : next->Prefix, Source = source };
    }

    /// <summary>Who comes first of two sources whose next entries have equal prefixes.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private bool WinsTie(long source, long other)
    {
        ref Source left = ref _sources[source];
        ref Source right = ref _sources[other];
        if (left.Next == left.End || right.Next == right.End)
        {
            return left.Next != left.End || (right.Next == right.End && source < other);
        }

        int order = CompareFromByteEight(left.Next->Row, right.Next->Row);
        Debug.Assert(source != other, "A source does not play against itself.");
        return order < 0 || (order == 0 && source < other);
    }

    private static int CompareFromByteEight(byte* left, byte* right)
    {
        int leftHeader = RowFormat.ReadHeader(left, out int leftLength, out _);
        int rightHeader = RowFormat.ReadHeader(right, out int rightLength, out _);
        int length = Math.Min(leftLength, rightLength) - 8;
        if (length <= 0)
        {
            // Equal prefixes, and one of the keys has no more: they are equal, since no key is a prefix of another.
            return 0;
        }

        return new ReadOnlySpan<byte>(left + leftHeader + 8, leftLength - 8)
            .SequenceCompareTo(new ReadOnlySpan<byte>(right + rightHeader + 8, rightLength - 8));
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct Node
    {
        public ulong Prefix;
        public long Source;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct Source
    {
        public RowEntry* Next;
        public RowEntry* End;
    }
}
