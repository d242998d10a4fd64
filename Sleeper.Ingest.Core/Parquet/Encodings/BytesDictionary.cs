using System.Buffers.Binary;
using System.Runtime.CompilerServices;
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

    /// <summary>The index of a value, which is added if it is new.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public int IndexOf(ReadOnlySpan<byte> value)
    {
        uint hash = Hash(value);
        int mask = _slotCount - 1;
        int slot = (int)hash & mask;
        while (true)
        {
            ulong found = _slots[slot];
            if (found == 0)
            {
                return Add(value, hash, slot);
            }

            if ((uint)(found >> 32) == hash)
            {
                int index = (int)(uint)found - 1;
                if (_bytes.WrittenSpan[_offsets[index].._offsets[index + 1]].SequenceEqual(value))
                {
                    return index;
                }
            }

            slot = (slot + 1) & mask;
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

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint Hash(ReadOnlySpan<byte> value)
    {
        const ulong Multiplier = 0x9E3779B97F4A7C15;
        ulong hash = (ulong)value.Length * Multiplier;
        while (value.Length >= 8)
        {
            hash = Mix(hash ^ BinaryPrimitives.ReadUInt64LittleEndian(value));
            value = value[8..];
        }

        ulong rest = 0;
        if (value.Length >= 4)
        {
            rest = BinaryPrimitives.ReadUInt32LittleEndian(value) | ((ulong)BinaryPrimitives.ReadUInt32LittleEndian(value[^4..]) << 32);
        }
        else if (value.Length > 0)
        {
            rest = value[0] | ((ulong)value[value.Length / 2] << 8) | ((ulong)value[^1] << 16);
        }

        return (uint)(Mix(hash ^ rest) >> 32);

        static ulong Mix(ulong x)
        {
            x *= Multiplier;
            return x ^ (x >> 29);
        }
    }

    private int Add(ReadOnlySpan<byte> value, uint hash, int slot)
    {
        int index = Count++;
        if (index == _hashes.Length)
        {
            Array.Resize(ref _hashes, 2 * index);
            Array.Resize(ref _offsets, (2 * index) + 1);
        }

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
