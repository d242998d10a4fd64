using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Sleeper.Ingest.Core.Sketches;

/// <summary>Up to a fixed number of strings of bytes, one behind the other. The buffers of a <see cref="ByteStringSketch{TOrder}"/>.</summary>
/// <remarks>
/// In memory, item i is <c>_data[_offsets[i].._offsets[i + 1]]</c>. Behind the last item there is always room to read and write 32 bytes, so
/// that items up to that length are copied, and prefixes read, without regard to their length. In an image each item is <c>i32 LE length, bytes</c>.
/// Grown as needed. Not thread-safe.
/// </remarks>
internal sealed class ByteItems
{
    private const int SlackBytes = 32;
    private const int VectorBytes = 16;

    private readonly int[] _offsets;
    private byte[] _data = new byte[SlackBytes];

    public ByteItems(int capacity)
    {
        _offsets = new int[capacity + 1];
    }

    public int Count { get; private set; }

    public int ByteCount => _offsets[Count];

    public long HeldBytes => _data.LongLength + (sizeof(int) * _offsets.LongLength);

    /// <summary>The bytes that <see cref="Write"/> writes.</summary>
    public long WrittenBytes => ByteCount + (sizeof(int) * (long)Count);

    public ReadOnlySpan<byte> this[int index] => _data.AsSpan(_offsets[index], _offsets[index + 1] - _offsets[index]);

    public void Clear() => Count = 0;

    /// <summary>Empties, and gives back an array of more than so many bytes.</summary>
    public void ClearAndTrim(int keptBytes)
    {
        Count = 0;
        if (_data.Length > keptBytes)
        {
            _data = new byte[SlackBytes];
        }
    }

    /// <summary>Appends values whose offsets were checked.</summary>
    public void AppendAll(ReadOnlySpan<byte> data, ReadOnlySpan<int> offsets)
    {
        int first = offsets[0];
        int length = offsets[^1] - first;
        int end = ByteCount;
        Reserve(length);
        data.Slice(first, length).CopyTo(_data.AsSpan(end));
        Shift(offsets[1..], end - first, _offsets.AsSpan(Count + 1));
        Count += offsets.Length - 1;
    }

    /// <summary>Appends one value.</summary>
    public void Append(ReadOnlySpan<byte> value)
    {
        int end = ByteCount;
        Reserve(value.Length);
        value.CopyTo(_data.AsSpan(end));
        _offsets[++Count] = end + value.Length;
    }

    /// <summary>Appends the items number first, first + 2, ... of another, which has an even number of them; first is 0 or 1.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void AppendEveryOther(ByteItems source, int first)
    {
        Reserve(source.EveryOtherBytes(first));
        int end = ByteCount;
        ref byte from = ref MemoryMarshal.GetArrayDataReference(source._data);
        ref byte to = ref MemoryMarshal.GetArrayDataReference(_data);
        ref int starts = ref Unsafe.Add(ref MemoryMarshal.GetArrayDataReference(source._offsets), first);
        ref int ends = ref Unsafe.Add(ref MemoryMarshal.GetArrayDataReference(_offsets), Count + 1);
        int count = source.Count / 2;
        for (int i = 0; i < count; i++)
        {
            int start = Unsafe.Add(ref starts, 2 * i);
            int length = Unsafe.Add(ref starts, (2 * i) + 1) - start;
            Copy(ref Unsafe.Add(ref from, start), ref Unsafe.Add(ref to, end), length);
            end += length;
            Unsafe.Add(ref ends, i) = end;
        }

        Count += count;
    }

    /// <summary>Appends the items of another that are picked by their numbers.</summary>
    public void AppendPicked(ByteItems source, ReadOnlySpan<int> picks, int first, int step)
    {
        long length = 0;
        for (int i = first; i < picks.Length; i += step)
        {
            length += source._offsets[picks[i] + 1] - source._offsets[picks[i]];
        }

        Reserve(length);
        int end = ByteCount;
        for (int i = first; i < picks.Length; i += step)
        {
            end = CopyItem(source, picks[i], end);
            _offsets[++Count] = end;
        }
    }

    /// <summary>Appends items of two others: a pick from zero on is a number in the first, a negative one the complement of a number in the second.</summary>
    public void AppendPicked(ByteItems one, ByteItems other, ReadOnlySpan<int> picks)
    {
        long length = 0;
        foreach (int pick in picks)
        {
            length += pick >= 0 ? one._offsets[pick + 1] - one._offsets[pick] : other._offsets[~pick + 1] - other._offsets[~pick];
        }

        Reserve(length);
        int end = ByteCount;
        foreach (int pick in picks)
        {
            end = pick >= 0 ? CopyItem(one, pick, end) : CopyItem(other, ~pick, end);
            _offsets[++Count] = end;
        }
    }

    /// <summary>The ranks of eight bytes of an item from <paramref name="skip"/> on, as a big-endian number filled up with zeros.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ulong Word<TOrder>(int index, int skip)
        where TOrder : struct, IByteOrder
    {
        int start = _offsets[index];
        int length = _offsets[index + 1] - start;
        return skip >= length ? 0 : RankedWord<TOrder>(ref ByteAt(start + skip), length - skip);
    }

    /// <summary>Compares an item with an item of the same or another list.</summary>
    public int Compare<TOrder>(int index, ByteItems other, int otherIndex)
        where TOrder : struct, IByteOrder
    {
        ref byte left = ref ByteAt(_offsets[index]);
        ref byte right = ref other.ByteAt(other._offsets[otherIndex]);
        int leftLength = LengthOf(index);
        int rightLength = other.LengthOf(otherIndex);
        int shorter = Math.Min(leftLength, rightLength);
        int skip = 0;
        do
        {
            ulong leftWord = RankedWord<TOrder>(ref Unsafe.Add(ref left, skip), leftLength - skip);
            ulong rightWord = RankedWord<TOrder>(ref Unsafe.Add(ref right, skip), rightLength - skip);
            if (leftWord != rightWord)
            {
                return leftWord < rightWord ? -1 : 1;
            }

            skip += sizeof(ulong);
        }
        while (skip < shorter);
        return leftLength.CompareTo(rightLength);
    }

    /// <summary>True if no item is below the one before it.</summary>
    /// <remarks>
    /// This looks at every row, so it does not compare numbers of eight bytes, which must be turned round, ranked and masked, but finds the
    /// first byte that differs among sixteen and ranks only that. What lies behind the end of a short item may differ: the shorter length
    /// is the limit.
    /// </remarks>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public bool IsAscending<TOrder>()
        where TOrder : struct, IByteOrder
    {
        ref byte data = ref MemoryMarshal.GetArrayDataReference(_data);
        ref int offsets = ref MemoryMarshal.GetArrayDataReference(_offsets);
        int count = Count;
        int start = 0;
        int end = count > 0 ? _offsets[1] : 0;
        var bytes = Vector128.LoadUnsafe(ref Unsafe.Add(ref data, start));
        for (int i = 1; i < count; i++)
        {
            int nextEnd = Unsafe.Add(ref offsets, i + 1);
            var nextBytes = Vector128.LoadUnsafe(ref Unsafe.Add(ref data, end));
            int length = end - start;
            int nextLength = nextEnd - end;
            int shorter = Math.Min(length, nextLength);
            int same = BitOperations.TrailingZeroCount(~Vector128.Equals(bytes, nextBytes).ExtractMostSignificantBits());
            bool descends = same < shorter && same < VectorBytes ? TOrder.IsAbove(Unsafe.Add(ref data, start + same), Unsafe.Add(ref data, end + same))
                : shorter <= VectorBytes ? length > nextLength
                : DescendsBehind<TOrder>(start, length, end, nextLength);
            if (descends)
            {
                return false;
            }

            start = end;
            end = nextEnd;
            bytes = nextBytes;
        }

        return true;
    }

    /// <summary>Whether of two items that agree in the first sixteen bytes, and have more, the first is above the second.</summary>
    private bool DescendsBehind<TOrder>(int start, int length, int nextStart, int nextLength)
        where TOrder : struct, IByteOrder
    {
        int shorter = Math.Min(length, nextLength);
        for (int skip = VectorBytes; skip < shorter; skip += VectorBytes)
        {
            var equal = Vector128.Equals(Vector128.LoadUnsafe(ref ByteAt(start + skip)), Vector128.LoadUnsafe(ref ByteAt(nextStart + skip)));
            int same = BitOperations.TrailingZeroCount(~equal.ExtractMostSignificantBits());
            if (same < VectorBytes)
            {
                int position = skip + same;
                return position < shorter ? TOrder.IsAbove(ByteAt(start + position), ByteAt(nextStart + position)) : length > nextLength;
            }
        }

        return length > nextLength;
    }

    public int LengthOf(int index) => _offsets[index + 1] - _offsets[index];

    /// <summary>Writes all items as an image has them, and returns their length.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public int Write(Span<byte> destination)
    {
        int length = 0;
        int i = 0;
        ref byte to = ref MemoryMarshal.GetReference(destination);
        for (; i < Count && destination.Length - length - sizeof(int) >= Math.Max(LengthOf(i), SlackBytes); i++)
        {
            BinaryPrimitives.WriteInt32LittleEndian(destination[length..], LengthOf(i));
            length += sizeof(int);
            Copy(ref ByteAt(_offsets[i]), ref Unsafe.Add(ref to, length), LengthOf(i));
            length += LengthOf(i);
        }

        for (; i < Count; i++)
        {
            length += WriteItem(this[i], destination[length..]);
        }

        return length;
    }

    public static int WriteItem(ReadOnlySpan<byte> item, Span<byte> destination)
    {
        BinaryPrimitives.WriteInt32LittleEndian(destination, item.Length);
        item.CopyTo(destination[sizeof(int)..]);
        return sizeof(int) + item.Length;
    }

    /// <summary>Reads items of an image, appends them, and returns their length; -1 if they end too early.</summary>
    public int Read(ReadOnlySpan<byte> source, int count)
    {
        int position = 0;
        for (int i = 0; i < count; i++)
        {
            if (source.Length - position < sizeof(int))
            {
                return -1;
            }

            int length = BinaryPrimitives.ReadInt32LittleEndian(source[position..]);
            position += sizeof(int);
            if (length < 0 || length > source.Length - position)
            {
                return -1;
            }

            Append(source.Slice(position, length));
            position += length;
        }

        return position;
    }

    /// <summary>Big-endian, so that the first byte decides first. May read, but not use, up to eight bytes from <paramref name="start"/> on.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong RankedWord<TOrder>(ref byte start, int length)
        where TOrder : struct, IByteOrder
    {
        ulong bytes = Unsafe.ReadUnaligned<ulong>(ref start);
        ulong word = TOrder.Rank(BitConverter.IsLittleEndian ? BinaryPrimitives.ReverseEndianness(bytes) : bytes);
        return length >= sizeof(ulong) ? word : word & ~(ulong.MaxValue >> (8 * length));
    }

    private static void Shift(ReadOnlySpan<int> offsets, int distance, Span<int> destination)
    {
        int i = 0;
        var distances = Vector256.Create(distance);
        for (; i <= offsets.Length - Vector256<int>.Count; i += Vector256<int>.Count)
        {
            (Vector256.Create(offsets[i..]) + distances).CopyTo(destination[i..]);
        }

        for (; i < offsets.Length; i++)
        {
            destination[i] = offsets[i] + distance;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private ref byte ByteAt(int position) => ref Unsafe.Add(ref MemoryMarshal.GetArrayDataReference(_data), position);

    /// <summary>Copies an item to a place that was reserved, and returns where it ends.</summary>
    private int CopyItem(ByteItems source, int index, int end)
    {
        int length = source.LengthOf(index);
        Copy(ref source.ByteAt(source._offsets[index]), ref ByteAt(end), length);
        return end + length;
    }

    /// <summary>Copies up to <see cref="SlackBytes"/> at once, whatever the length.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Copy(ref byte from, ref byte to, int length)
    {
        if (length <= VectorBytes)
        {
            Vector128.LoadUnsafe(ref from).StoreUnsafe(ref to);
        }
        else if (length <= SlackBytes)
        {
            Vector256.LoadUnsafe(ref from).StoreUnsafe(ref to);
        }
        else
        {
            MemoryMarshal.CreateReadOnlySpan(ref from, length).CopyTo(MemoryMarshal.CreateSpan(ref to, length));
        }
    }

    /// <summary>The bytes of the items number first, first + 2, ...: their ends less their starts, which are the odd and even ones of the offsets.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private int EveryOtherBytes(int first)
    {
        var offsets = _offsets.AsSpan(first, Count);
        var sums = Vector256<int>.Zero;
        int i = 0;
        for (; i <= offsets.Length - Vector256<int>.Count; i += Vector256<int>.Count)
        {
            sums += Vector256.Create(offsets[i..]);
        }

        // The sums wrap round, but their difference is below 2^31 and so comes out right.
        int length = Vector256.Sum(sums * Vector256.Create(-1, 1, -1, 1, -1, 1, -1, 1));
        for (; i < offsets.Length; i += 2)
        {
            length += offsets[i + 1] - offsets[i];
        }

        return length;
    }

    private void Reserve(long additional)
    {
        long needed = ByteCount + additional + SlackBytes;
        if (needed > _data.Length)
        {
            Grow(needed);
        }
    }

    private void Grow(long needed)
    {
        if (needed > Array.MaxLength)
        {
            throw new InvalidOperationException(
                $"A sketch has to hold {needed:N0} bytes of keys in one buffer; the limit is {Array.MaxLength:N0}. Shorten the keys, or lower the limit for their length.");
        }

        Array.Resize(ref _data, (int)Math.Min(Array.MaxLength, Math.Max(needed, _data.Length * 2L)));
    }
}
