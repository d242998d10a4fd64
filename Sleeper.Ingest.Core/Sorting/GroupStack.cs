using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Sleeper.Ingest.Core.Buffers;
using Sleeper.Ingest.Core.Rows;

namespace Sleeper.Ingest.Core.Sorting;

/// <summary>The groups of entries that <see cref="RowSorter"/> is working at, the innermost on top.</summary>
/// <remarks>
/// A group is a range of entries that agree in all key bytes before <c>Skip</c>; their prefixes are the eight bytes from there on. It is in
/// order as far as its <c>TopMask</c> goes. <see cref="Step"/> advances the innermost group to its next place of doubt and settles that or
/// pushes it as a group of its own. Groups below the outermost level overwrite prefixes; the outermost one puts them back when it ends.
/// </remarks>
internal unsafe ref struct GroupStack
{
    /// <summary>Up to here ties are settled by comparing keys: three or four comparisons are cheaper than loading prefixes and putting them back.</summary>
    private const int FewTies = 8;

    private const int TellingBits = 6;

    /// <summary>Tied rows lie anywhere: so many of them are on their way from memory at a time.</summary>
    private const int PrefetchDistance = 16;

    private readonly RowEntry* _entries;
    private readonly RowEntry* _scratch;
    private readonly uint* _histograms;
    private Group[] _groups;
    private int _depth;

    public GroupStack(RowEntry* entries, RowEntry* scratch, uint* histograms)
    {
        _entries = entries;
        _scratch = scratch;
        _histograms = histograms;
        _groups = new Group[8];
    }

    /// <summary>Entries visited by all sweeps up to now: a measure of work that does not depend on the machine.</summary>
    public long Visits { get; private set; }

    /// <summary>
    /// Puts all entries on the stack as one group. True if their prefixes were moved on to where the keys first differ, so that <see cref="RestoreAll"/> must be
    /// called in the end.
    /// </summary>
    public bool PushAll(int count)
    {
        int common = count <= KeyPrefixSort.FewEntries || KeyPrefixSort.IsInOrderOrReverse(_entries, count) ? 0 : CommonBytesOfPoorPrefixes(count);
        if (common > 0)
        {
            Visits += count;
            LoadPrefixes(_entries, count, common);
        }

        Push(0, count, common);
        return common > 0;
    }

    /// <summary>Sets all prefixes to what they are at the key's start.</summary>
    public void RestoreAll(int count)
    {
        Visits += count;
        LoadPrefixes(_entries, count, 0);
    }

    /// <summary>Orders a range by its prefixes, as far as one round of radix passes goes, and puts it on top.</summary>
    public void Push(int start, int end, int skip)
    {
        if (_depth == _groups.Length)
        {
            Array.Resize(ref _groups, 2 * _depth);
        }

        int count = end - start;
        Visits += 2 * (long)count;
        ref Group group = ref _groups[_depth++];
        group.Start = start;
        group.Position = start;
        group.End = end;
        group.Skip = skip;
        group.Restores = false;
        group.TopMask = KeyPrefixSort.Sort(_entries + start, _scratch + start, count, _histograms);
    }

    /// <summary>Settles one place of doubt; false when there is no group left.</summary>
    public bool Step()
    {
        ref Group group = ref _groups[_depth - 1];
        if (!FindDoubt(ref group, out int start, out int end))
        {
            Pop();
            return _depth > 0;
        }

        int count = end - start;
        group.Position = end;
        if (group.TopMask == ulong.MaxValue)
        {
            SettleTies(ref group, start, end);
        }
        else if (count <= KeyPrefixSort.FewEntries)
        {
            KeyPrefixSort.SortByInsertion(_entries + start, count);
            SettleTiesWithin(ref group, start, end);
        }
        else
        {
            Push(start, end, group.Skip);
        }

        return true;
    }

    /// <summary>
    /// How many first bytes all keys share, if the rest of the prefixes has too few bits to tell keys apart: with <see cref="TellingBits"/> more bits than rows
    /// count, one row in 30 is tied by chance. Else 0. A million numbers below a million in 16 buckets: 85 ns a row instead of 125 with ties settled one by one.
    /// </summary>
    private readonly int CommonBytesOfPoorPrefixes(int count)
    {
        ulong varying = KeyPrefixSort.VaryingBits(_entries, count);
        return varying != 0 && BitOperations.PopCount(varying) < BitOperations.Log2((uint)count) + TellingBits ? BitOperations.LeadingZeroCount(varying) / 8 : 0;
    }

    /// <summary>The next range of entries, from the group's position on, whose top bits agree and which are not in strictly rising order.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly bool FindDoubt(ref Group group, out int start, out int end)
    {
        RowEntry* entries = _entries;
        int position = group.Position;
        int last = group.End;
        start = position;
        end = last;
        if (position >= last)
        {
            return false;
        }

        ulong previous = entries[position].Prefix;
        nint i = position + 1;
        for (; i < last; i++)
        {
            ulong current = entries[i].Prefix;
            if (current <= previous)
            {
                break;
            }

            previous = current;
        }

        if (i >= last)
        {
            return false;
        }

        ulong mask = group.TopMask;
        nint low = i - 1;
        while (low > position && ((entries[low - 1].Prefix ^ previous) & mask) == 0)
        {
            low--;
        }

        nint high = i + 1;
        while (high < last && ((entries[high].Prefix ^ previous) & mask) == 0)
        {
            high++;
        }

        start = (int)low;
        end = (int)high;
        return true;
    }

    /// <summary>Looks for ties among entries that are in the order of their prefixes; stops after pushing a group, to be called again for the rest.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void SettleTiesWithin(ref Group group, int start, int end)
    {
        while (start < end)
        {
            ulong prefix = _entries[start].Prefix;
            int tieEnd = start + 1;
            while (tieEnd < end && _entries[tieEnd].Prefix == prefix)
            {
                tieEnd++;
            }

            if (tieEnd - start > FewTies)
            {
                group.Position = tieEnd;
                SettleTies(ref group, start, tieEnd);
                return;
            }

            if (tieEnd - start > 1)
            {
                SortByKeys(_entries + start, tieEnd - start, group.Skip + 8);
            }

            start = tieEnd;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void SettleTies(ref Group group, int start, int end)
    {
        int skip = group.Skip;
        if (end - start <= FewTies)
        {
            SortByKeys(_entries + start, end - start, skip + 8);
            return;
        }

        bool restores = skip == 0;
        ulong prefix = _entries[start].Prefix;
        if (TryLoadNextPrefixes(start, end, ref skip))
        {
            Push(start, end, skip);
            ref Group pushed = ref _groups[_depth - 1];
            pushed.Restores = restores;
            pushed.RestoredPrefix = prefix;
        }
        else if (restores)
        {
            Restore(start, end, prefix);
        }
    }

    /// <summary>
    /// Loads the next eight key bytes in which the tied entries differ, and moves <paramref name="skip"/> there; false if the keys are equal
    /// to their ends.
    /// </summary>
    private bool TryLoadNextPrefixes(int start, int end, ref int skip)
    {
        RowEntry* entries = _entries + start;
        int count = end - start;
        RowFormat.ReadHeader(entries->Row, out int firstKeyLength, out _);
        while (firstKeyLength > skip + 8)
        {
            skip += 8;
            Visits += count;
            ulong varying = LoadPrefixes(entries, count, skip);
            if (varying != 0)
            {
                // A few bits at the end of eight bytes hardly order many rows; from the first byte that varies on there are more. A long behind a text
                // that all rows share begins with three zeros.
                int common = BitOperations.LeadingZeroCount(varying) / 8;
                if (common > 0 && BitOperations.PopCount(varying) < KeyPrefixSort.WantedBits(count))
                {
                    skip += common;
                    Visits += count;
                    LoadPrefixes(entries, count, skip);
                }

                return true;
            }

            if (firstKeyLength > skip + 8)
            {
                Visits += count;
                skip += CommonLength(entries, count, skip + 8);
            }
        }

        return false;
    }

    /// <summary>Sets the prefixes to the eight key bytes from <paramref name="skip"/> on; returns the bits in which they differ.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static ulong LoadPrefixes(RowEntry* entries, int count, int skip)
    {
        ulong union = 0;
        ulong intersection = ulong.MaxValue;
        nint last = count - 1;
        for (nint i = 0; i < count; i++)
        {
            Prefetch.Line(entries[Math.Min(i + PrefetchDistance, last)].Row);

            byte* row = entries[i].Row;
            int header = RowFormat.ReadHeader(row, out int keyLength, out _);
            ulong prefix = RowFormat.KeyPrefix(row + header, keyLength, skip);
            entries[i].Prefix = prefix;
            union |= prefix;
            intersection &= prefix;
        }

        return union ^ intersection;
    }

    /// <summary>How many key bytes from <paramref name="skip"/> on all entries have in common.</summary>
    private static int CommonLength(RowEntry* entries, int count, int skip)
    {
        ReadOnlySpan<byte> common = KeyFrom(entries->Row, skip);
        for (nint i = 1; i < count && common.Length > 0; i++)
        {
            common = common[..common.CommonPrefixLength(KeyFrom(entries[i].Row, skip))];
        }

        return common.Length;
    }

    /// <summary>Orders a few entries by their key bytes from <paramref name="skip"/> on, stably.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void SortByKeys(RowEntry* entries, int count, int skip)
    {
        RowFormat.ReadHeader(entries->Row, out int firstKeyLength, out _);
        if (firstKeyLength <= skip)
        {
            // The keys are equal: no need to fetch the other rows from memory.
            return;
        }

        for (int i = 1; i < count; i++)
        {
            RowEntry entry = entries[i];
            ReadOnlySpan<byte> key = KeyFrom(entry.Row, skip);
            int hole = i;
            while (hole > 0 && key.SequenceCompareTo(KeyFrom(entries[hole - 1].Row, skip)) < 0)
            {
                entries[hole] = entries[hole - 1];
                hole--;
            }

            entries[hole] = entry;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ReadOnlySpan<byte> KeyFrom(byte* row, int skip)
    {
        int header = RowFormat.ReadHeader(row, out int keyLength, out _);
        return new ReadOnlySpan<byte>(row + header + skip, Math.Max(0, keyLength - skip));
    }

    private void Pop()
    {
        ref Group group = ref _groups[--_depth];
        if (group.Restores)
        {
            Restore(group.Start, group.End, group.RestoredPrefix);
        }
    }

    private readonly void Restore(int start, int end, ulong prefix)
    {
        for (nint i = start; i < end; i++)
        {
            _entries[i].Prefix = prefix;
        }
    }

    [StructLayout(LayoutKind.Auto)]
    private struct Group
    {
        public int Start;
        public int Position;
        public int End;
        public int Skip;
        public bool Restores;
        public ulong RestoredPrefix;
        public ulong TopMask;
    }
}
