using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using Sleeper.Ingest.Core.Buffers;

namespace Sleeper.Ingest.Core.Parquet.Encodings;

/// <summary>Gives byte arrays indexes in the order in which they are first met. Reused; not thread-safe.</summary>
/// <remarks>
/// Open addressing with linear probing, at most half full. A slot holds index + 1 and the upper half of the hash, so that almost every
/// probe that goes to the bytes finds them equal. The hash decides nothing about the result. Each use begins with few slots, whatever the one before needed:
/// clearing 32 KB for each of the 30,000 columns of 10,000 small files cost more than the values did.
/// </remarks>
internal sealed class BytesDictionary
{
    private const int FirstSlots = 512;

    /// <summary>Bytes that are hashed and compared at once.</summary>
    private const int Block = 64;

    private const int Half = 32;
    private const ulong Multiplier = 0x9E3779B97F4A7C15;
    private const ulong OtherMultiplier = 0xC2B2AE3D27D4EB4F;

    private readonly ByteBuffer _bytes = new(4096);
    private int[] _offsets = new int[257];
    private uint[] _hashes = new uint[256];
    private ulong[] _slots = new ulong[FirstSlots];
    private int _slotCount = FirstSlots;

    public int Count { get; private set; }

    /// <summary>Bytes of all values.</summary>
    public int ByteCount => _bytes.Length;

    public long CapacityBytes => _bytes.Capacity + (4L * (_offsets.Length + _hashes.Length)) + (8L * _slots.Length);

    public void Clear()
    {
        if (Count > 0)
        {
            Count = 0;
            _bytes.Clear();
            _slotCount = FirstSlots;
            Array.Clear(_slots, 0, FirstSlots);
        }
    }

    /// <summary>The index of each value, which is added if it is new.</summary>
    /// <remarks>Hashes first, slots after: neither waits for the other then, and values of up to 64 bytes take no branch on their length.</remarks>
    public unsafe void FindIndexes(ReadOnlySpan<byte> bytes, ReadOnlySpan<int> offsets, Span<int> indexes)
    {
        fixed (byte* source = bytes)
        {
            FindHashes(source, bytes.Length, offsets, indexes);
            int next = FindKnown(source, bytes.Length, offsets, indexes, 0, out int slot);
            while (next < indexes.Length)
            {
                indexes[next] = Add(bytes[offsets[next]..offsets[next + 1]], (uint)indexes[next], slot);
                next = FindKnown(source, bytes.Length, offsets, indexes, next + 1, out slot);
            }
        }
    }

    /// <summary>Forgets the values added last.</summary>
    public void Truncate(int count)
    {
        Count = count;
        _bytes.Truncate(_offsets[count]);
        Rehash(_slotCount);
    }

    public void WritePlain(bool withLengths, ByteBuffer output)
    {
        ReadOnlySpan<int> offsets = _offsets.AsSpan(0, Count + 1);
        if (withLengths)
        {
            PlainEncoder.EncodeByteArrays(_bytes.WrittenSpan, offsets, output);
        }
        else
        {
            PlainEncoder.EncodeFixed(_bytes.WrittenSpan, offsets, output);
        }
    }

    /// <summary>Puts the hash of each value where its index will be.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static unsafe void FindHashes(byte* bytes, int byteCount, ReadOnlySpan<int> offsets, Span<int> hashes)
    {
        // Once there was one of more than 32 bytes, all are taken for such: where they vary, each would be guessed wrongly.
        bool isLong = false;
        ulong noBytes = HashSecond(Vector256<byte>.Zero);
        for (int i = 0; i < hashes.Length; i++)
        {
            int start = offsets[i];
            int length = offsets[i + 1] - start;
            isLong |= length > Half;
            byte* value = bytes + start;
            hashes[i] = (int)(length > Block ? HashLong(value, length)
                : start > byteCount - Block ? HashLast(value, length)
                : Finish(isLong ? HashBlock(value, length) : HashFirst(First(Vector256.Load(value), length)) ^ noBytes, length));
        }
    }

    /// <summary>Finds indexes of values that are known, from <paramref name="first"/> on; returns the place of the first that is not, and the slot that it is to have.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private unsafe int FindKnown(byte* bytes, int byteCount, ReadOnlySpan<int> offsets, Span<int> indexes, int first, out int slot)
    {
        slot = 0;
        int mask = _slotCount - 1;
        fixed (ulong* slots = _slots)
        fixed (int* starts = _offsets)
        fixed (byte* known = &MemoryMarshal.GetReference(_bytes.WrittenSpan))
        {
            for (int i = first; i < indexes.Length; i++)
            {
                uint hash = (uint)indexes[i];
                int start = offsets[i];
                int length = offsets[i + 1] - start;
                for (slot = (int)hash & mask; ; slot = (slot + 1) & mask)
                {
                    ulong found = slots[slot];
                    if (found == 0)
                    {
                        return i;
                    }

                    if ((uint)(found >> 32) == hash)
                    {
                        int index = (int)(uint)found - 1;
                        int knownStart = starts[index];
                        if (starts[index + 1] - knownStart == length && AreEqual(known + knownStart, bytes + start, length, start <= byteCount - Block))
                        {
                            indexes[i] = index;
                            break;
                        }
                    }
                }
            }
        }

        return indexes.Length;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static unsafe bool AreEqual(byte* known, byte* value, int length, bool hasBlock)
    {
        if (length > Block || !hasBlock)
        {
            return new ReadOnlySpan<byte>(known, length).SequenceEqual(new ReadOnlySpan<byte>(value, length));
        }

        Vector256<byte> differences = First(Vector256.Load(known) ^ Vector256.Load(value), length)
            | First(Vector256.Load(known + Half) ^ Vector256.Load(value + Half), length - Half);
        return differences == Vector256<byte>.Zero;
    }

    /// <summary>The first bytes, and zeros for what comes behind them.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<byte> First(Vector256<byte> bytes, int count) =>
        bytes & Vector256.LessThan(Vector256<sbyte>.Indices, Vector256.Create((sbyte)count)).AsByte();

    /// <summary>Of up to 64 bytes, where 64 may be read.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static unsafe ulong HashBlock(byte* value, int length) =>
        HashFirst(First(Vector256.Load(value), length)) ^ HashSecond(First(Vector256.Load(value + Half), length - Half));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong HashFirst(Vector256<byte> half) => Fold(half, Multiplier, OtherMultiplier);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong HashSecond(Vector256<byte> half) => Fold(half, OtherMultiplier, Multiplier);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Fold(Vector256<byte> bytes, ulong first, ulong second)
    {
        Vector256<ulong> words = bytes.AsUInt64();
        return Fold(words.GetElement(0) ^ first, words.GetElement(1) ^ second) ^ BitOperations.RotateLeft(Fold(words.GetElement(2) ^ second, words.GetElement(3) ^ first), 23);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Fold(ulong first, ulong second)
    {
        ulong high = Math.BigMul(first, second, out ulong low);
        return high ^ low;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint Finish(ulong hash, int length) => (uint)(((hash ^ (uint)length) * Multiplier) >> 32);

    /// <summary>The same of a value at the end of an array, behind which nothing may be read.</summary>
    private static unsafe uint HashLast(byte* value, int length)
    {
        byte* block = stackalloc byte[Block];
        Unsafe.CopyBlockUnaligned(block, value, (uint)length);
        return Finish(HashBlock(block, length), length);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static unsafe uint HashLong(byte* value, int length)
    {
        ulong hash = 0;
        byte* last = value + length - Block;
        for (; value < last; value += Block)
        {
            hash = (hash * OtherMultiplier) ^ HashBlock(value, Block);
        }

        return Finish((hash * OtherMultiplier) ^ HashBlock(last, Block), length);
    }

    private int Add(ReadOnlySpan<byte> value, uint hash, int slot)
    {
        int index = Count++;
        if (index == _hashes.Length)
        {
            Array.Resize(ref _hashes, 2 * index);
            Array.Resize(ref _offsets, (2 * index) + 1);
        }

        // Known values are read in blocks.
        _bytes.Reserve(value.Length + Block);
        _bytes.Append(value);
        _offsets[index + 1] = _bytes.Length;
        _hashes[index] = hash;
        _slots[slot] = ((ulong)hash << 32) | (uint)(index + 1);
        if (2 * Count > _slotCount)
        {
            Rehash(2 * _slotCount);
        }

        return index;
    }

    private void Rehash(int size)
    {
        if (size > _slots.Length)
        {
            _slots = new ulong[size];
        }
        else
        {
            Array.Clear(_slots, 0, size);
        }

        _slotCount = size;
        int mask = size - 1;
        for (int i = 0; i < Count; i++)
        {
            int slot = (int)_hashes[i] & mask;
            while (_slots[slot] != 0)
            {
                slot = (slot + 1) & mask;
            }

            _slots[slot] = ((ulong)_hashes[i] << 32) | (uint)(i + 1);
        }
    }
}
