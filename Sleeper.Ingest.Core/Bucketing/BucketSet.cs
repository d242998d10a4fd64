using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.CompilerServices;
using Sleeper.Ingest.Core.Buffers;
using Sleeper.Ingest.Core.Rows;

namespace Sleeper.Ingest.Core.Bucketing;

/// <summary>Distributes encoded rows over the buckets of their leaves and counts the rows of each leaf.</summary>
/// <remarks>
/// <para>Leaves are mapped to buckets in their order, evenly. Where a bucket has several leaves that are not ranges of the key order (trees split
/// on several row keys), a row's key gets its leaf in front, 4 bytes big-endian, so that sorting by key sorts by leaf first.</para>
/// <para>Rows of a bucket keep the order in which they get their places. <see cref="Place"/> is for one thread at a time and quick; <see cref="Copy"/>,
/// which touches every byte and every new page of memory, is for all threads at once.</para>
/// </remarks>
internal sealed unsafe class BucketSet : IDisposable
{
    /// <summary>Bytes that are put before a key when buckets are <see cref="KeysHaveLeaf"/>.</summary>
    public const int LeafPrefixBytes = 4;

    private readonly SlabPool _pool;
    private readonly Bucket[] _buckets;
    private readonly int[] _bucketOfLeaf;
    private readonly long[] _rowsOfLeaf;
    private readonly Tail[] _tails;
    private readonly List<RowBatch> _placed = [];
    private readonly Lock _placedLock = new();
    private ulong _digest;

    public BucketSet(int leafCount, int bucketCount, bool leavesAreKeyRanges, SlabPool pool)
    {
        _pool = pool;
        _bucketOfLeaf = new int[leafCount];
        _rowsOfLeaf = new long[leafCount];
        for (int leaf = 0; leaf < leafCount; leaf++)
        {
            _bucketOfLeaf[leaf] = (int)((long)leaf * bucketCount / leafCount);
        }

        _buckets = new Bucket[bucketCount];
        _tails = new Tail[bucketCount];
        for (int i = 0; i < bucketCount; i++)
        {
            int first = Array.IndexOf(_bucketOfLeaf, i);
            int last = Array.LastIndexOf(_bucketOfLeaf, i);
            _buckets[i] = new Bucket(i, first, last - first + 1);
        }

        KeysHaveLeaf = !leavesAreKeyRanges && bucketCount < leafCount;
    }

    public IReadOnlyList<Bucket> Buckets => _buckets;

    /// <summary>True if every row's key begins with its leaf.</summary>
    public bool KeysHaveLeaf { get; }

    public long RowCount { get; private set; }

    /// <summary>Bytes of all rows as they lie in the buckets.</summary>
    public long ByteCount { get; private set; }

    public ReadOnlySpan<long> RowsOfLeaf => _rowsOfLeaf;

    /// <summary>
    /// A sum over the rows, the same for the same rows in any order: tells an ingest that is run again with other rows from one with the same.
    /// </summary>
    public ulong Digest => Interlocked.Read(ref _digest);

    /// <summary>
    /// Gives the rows of a routed batch from <paramref name="firstRow"/> on their places; they get there by <see cref="Copy"/>, until which the batch must be
    /// left as it is. Returns the position of the first row that has no place because memory is used up, or the batch's row count. Rows that were refused are left out.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public int Place(RowBatch batch, int firstRow)
    {
        ReadOnlySpan<RowSpan> rows = batch.Rows;
        byte** places = batch.ReservePlaces();
        int i = firstRow;
        int refused = 0;
        for (; i < rows.Length; i++)
        {
            RowSpan row = rows[i];
            if (row.Leaf < 0)
            {
                places[i] = null;
                refused++;
                continue;
            }

            byte* place = TryPlace(row.KeyLength, row.ValueLength, row.Leaf);
            if (place is null)
            {
                break;
            }

            places[i] = place;
        }

        RowCount += i - firstRow - refused;
        batch.SetPlaced(firstRow, i);
        lock (_placedLock)
        {
            _placed.Add(batch);
        }

        return i;
    }

    /// <summary>Copies a batch's rows to their places, unless another thread does; returns when they are there.</summary>
    public void Copy(RowBatch batch)
    {
        if (!batch.TryBeginCopy())
        {
            batch.WaitUntilCopied();
            return;
        }

        try
        {
            Interlocked.Add(ref _digest, CopyRows(batch));
        }
        finally
        {
            lock (_placedLock)
            {
                _placed.Remove(batch);
            }

            batch.EndCopy();
        }
    }

    /// <summary>Returns when all rows that have a place are there: for whoever is about to read them while others still add some.</summary>
    public void CopyAll()
    {
        RowBatch[] placed;
        lock (_placedLock)
        {
            placed = [.. _placed];
        }

        foreach (var batch in placed)
        {
            Copy(batch);
        }
    }

    /// <summary>
    /// Appends rows that lie in a slab already, from <paramref name="offset"/> on, finding their leaves. False, with the offset of the first row
    /// that did not fit, if memory is used up.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public bool AppendEncoded(Slab slab, Func<nint, int, int> leafOf, ref int offset)
    {
        byte* start = slab.Buffer.Pointer;
        while (offset < slab.UsedBytes)
        {
            byte* row = start + offset;
            int header = RowFormat.ReadHeader(row, out int keyLength, out int valueLength);
            if (!TryAppend(row + header, keyLength, valueLength, leafOf((nint)(row + header), keyLength)))
            {
                return false;
            }

            RowCount++;
            offset += header + keyLength + valueLength;
        }

        return true;
    }

    /// <summary>Closes the slab that a bucket is filling, so that all its rows are in <see cref="Bucket.Slabs"/>.</summary>
    public void Seal(int bucketIndex)
    {
        ref Tail tail = ref _tails[bucketIndex];
        if (tail.Slab is null)
        {
            return;
        }

        if (tail.RowCount > 0)
        {
            _buckets[bucketIndex].Add(new Slab(tail.Slab, (int)(tail.Cursor - tail.Slab.Pointer), tail.RowCount));
        }
        else
        {
            _pool.Release(tail.Slab);
        }

        tail = default;
    }

    public void SealAll()
    {
        for (int i = 0; i < _tails.Length; i++)
        {
            Seal(i);
        }
    }

    /// <summary>Rows in memory of a bucket, with those of the slab that is being filled.</summary>
    public long MemoryRows(int bucketIndex) => _buckets[bucketIndex].MemoryRows + _tails[bucketIndex].RowCount;

    /// <summary>Bytes in memory of a bucket, with those of the slab that is being filled.</summary>
    public long MemoryBytes(int bucketIndex)
    {
        ref Tail tail = ref _tails[bucketIndex];
        return _buckets[bucketIndex].MemoryBytes + (tail.Slab is null ? 0 : tail.Cursor - tail.Slab.Pointer);
    }

    /// <summary>The most rows that one bucket has in memory: what sorting it will need.</summary>
    public long LargestMemoryRows()
    {
        long largest = 0;
        for (int i = 0; i < _buckets.Length; i++)
        {
            largest = Math.Max(largest, MemoryRows(i));
        }

        return largest;
    }

    public void Dispose()
    {
        SealAll();
        foreach (var bucket in _buckets)
        {
            foreach (var slab in bucket.TakeSlabs())
            {
                _pool.Release(slab.Buffer);
            }
        }
    }

    /// <summary>Copies no byte too many: what lies behind a row may be another thread's.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private ulong CopyRows(RowBatch batch)
    {
        ReadOnlySpan<RowSpan> rows = batch.Rows[..batch.EndPlaced];
        byte** places = batch.ReservePlaces();
        byte* source = batch.Start + batch.FirstPlacedByte;
        ulong digest = 0;
        for (int i = batch.FirstPlaced; i < rows.Length; i++)
        {
            RowSpan row = rows[i];
            int length = row.KeyLength + row.ValueLength;
            byte* destination = places[i];
            if (destination is not null)
            {
                destination = WriteStart(destination, row.KeyLength, row.ValueLength, row.Leaf);
                ExactCopy.Copy(source, destination, length);
                digest += Hash(source, length);
            }

            source += length;
        }

        batch.FirstPlacedByte = (int)(source - batch.Start);
        return digest;
    }

    /// <summary>Writes what stands before a row's key; returns where that goes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private byte* WriteStart(byte* destination, int keyLength, int valueLength, int leaf)
    {
        if (!KeysHaveLeaf)
        {
            return destination + RowFormat.WriteHeader(destination, keyLength, valueLength);
        }

        destination += RowFormat.WriteHeader(destination, keyLength + LeafPrefixBytes, valueLength);
        Unsafe.WriteUnaligned(destination, BinaryPrimitives.ReverseEndianness(leaf));
        return destination + LeafPrefixBytes;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool TryAppend(byte* source, int keyLength, int valueLength, int leaf)
    {
        byte* place = TryPlace(keyLength, valueLength, leaf);
        if (place is null)
        {
            return false;
        }

        int length = keyLength + valueLength;
        ExactCopy.Copy(source, WriteStart(place, keyLength, valueLength, leaf), length);
        _digest += Hash(source, length);
        return true;
    }

    /// <summary>Where a row goes, or null if memory is used up.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private byte* TryPlace(int keyLength, int valueLength, int leaf)
    {
        keyLength += KeysHaveLeaf ? LeafPrefixBytes : 0;
        int bucketIndex = _bucketOfLeaf[leaf];
        ref Tail tail = ref _tails[bucketIndex];
        int needed = RowFormat.MaxHeaderBytes + keyLength + valueLength;
        if (tail.End - tail.Cursor < needed && !NextSlab(bucketIndex, needed))
        {
            return null;
        }

        byte* place = tail.Cursor;
        int length = RowFormat.HeaderLength(keyLength, valueLength) + keyLength + valueLength;
        tail.Cursor += length;
        tail.RowCount++;
        ByteCount += length;
        _rowsOfLeaf[leaf]++;
        return place;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private bool NextSlab(int bucketIndex, int neededBytes)
    {
        var slab = _pool.TryTake(neededBytes);
        if (slab is null)
        {
            return false;
        }

        Seal(bucketIndex);
        _tails[bucketIndex] = new Tail { Slab = slab, Cursor = slab.Pointer, End = slab.Pointer + slab.LengthBytes };
        return true;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Hash(byte* bytes, int length)
    {
        uint crc = (uint)length;
        int i = 0;
        for (; i + 8 <= length; i += 8)
        {
            crc = BitOperations.Crc32C(crc, Unsafe.ReadUnaligned<ulong>(bytes + i));
        }

        if (i < length)
        {
            ulong rest = Unsafe.ReadUnaligned<ulong>(bytes + i) & ((1UL << (8 * (length - i))) - 1);
            crc = BitOperations.Crc32C(crc, rest);
        }

        // Spread the 32 bits over 64 before they are added up, so that sums of different rows differ.
        ulong mixed = (crc + 1UL) * 0x9E37_79B9_7F4A_7C15;
        return mixed ^ (mixed >> 29);
    }

    private struct Tail
    {
        public NativeBuffer? Slab;
        public byte* Cursor;
        public byte* End;
        public int RowCount;
    }
}
