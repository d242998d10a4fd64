using System.Runtime.CompilerServices;
using Sleeper.Ingest.Core.Buffers;
using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.Schemas;

namespace Sleeper.Ingest.Core.Transforming;

/// <summary>A map: entries with keys that are new are added behind the others, those with keys that are there are joined by the operation.</summary>
/// <remarks>
/// <code>
/// keys     encoded keys, one behind the other           table   open addressing, a power of two of ints: 0 free, else position of
/// values   texts and bytes, each with room to grow              the entry + 1; made once there are more than a few entries
/// entries  Entry structs in order of arrival
/// </code>
/// Keys are equal if their bytes are; byte arrays too (in the Java original two arrays are never equal).
/// </remarks>
internal sealed unsafe class MapFold(FieldTypeKind keyKind, FieldTypeKind valueKind, AggregationOperation operation, MemoryBudget budget) : FieldFold
{
    private const int SearchedInLine = 8;

    private readonly GrowingBytes _keys = new(budget);
    private readonly GrowingBytes _values = new(budget);
    private readonly GrowingBytes _entries = new(budget);
    private readonly GrowingBytes _table = new(budget);
    private int _count;
    private int _tableMask;
    private long _itemBytes;

    public override long ByteCount => RowFormat.VarintLength((uint)_count) + _itemBytes;

    private bool HasNumbers => valueKind is FieldTypeKind.Int or FieldTypeKind.Long;

    public override byte* Begin(byte* value)
    {
        _keys.Clear();
        _values.Clear();
        _entries.Clear();
        _count = 0;
        _tableMask = 0;
        _itemBytes = 0;
        return Fold(value);
    }

    public override byte* Fold(byte* value)
    {
        value += RowFormat.ReadVarint(value, out uint count);
        for (uint i = 0; i < count; i++)
        {
            byte* key = value;
            value = RowBytes.SkipItem(keyKind, key);
            int keyLength = (int)(value - key);
            int found = Find(key, keyLength);
            value = found < 0 ? Add(key, keyLength, value) : Join(found, value);
        }

        return value;
    }

    public override byte* Write(byte* destination)
    {
        destination += RowFormat.WriteVarint(destination, (uint)_count);
        for (int i = 0; i < _count; i++)
        {
            ref Entry entry = ref EntryAt(i);
            Buffer.MemoryCopy(_keys.Start + entry.KeyStart, destination, entry.KeyLength, entry.KeyLength);
            destination = WriteValue(entry, destination + entry.KeyLength);
        }

        return destination;
    }

    public override void Dispose()
    {
        _keys.Dispose();
        _values.Dispose();
        _entries.Dispose();
        _table.Dispose();
        base.Dispose();
    }

    private ref Entry EntryAt(int index) => ref ((Entry*)_entries.Start)[index];

    private byte* WriteValue(in Entry entry, byte* destination)
    {
        switch (valueKind)
        {
            case FieldTypeKind.Int:
                Unsafe.WriteUnaligned(destination, (int)entry.Number);
                return destination + sizeof(int);
            case FieldTypeKind.Long:
                Unsafe.WriteUnaligned(destination, entry.Number);
                return destination + sizeof(long);
            default:
                destination += RowFormat.WriteVarint(destination, (uint)entry.ValueLength);
                Buffer.MemoryCopy(_values.Start + entry.ValueStart, destination, entry.ValueLength, entry.ValueLength);
                return destination + entry.ValueLength;
        }
    }

    private byte* Add(byte* key, int keyLength, byte* value)
    {
        var entry = new Entry { KeyStart = _keys.Length, KeyLength = keyLength };
        _keys.Append(key, keyLength);
        byte* end = value;
        if (HasNumbers)
        {
            entry.Number = ReadNumber(ref end);
        }
        else
        {
            end += RowFormat.ReadVarint(end, out uint length);
            SetValue(ref entry, default, new ReadOnlySpan<byte>(end, (int)length));
            end += length;
        }

        *(Entry*)_entries.Reserve(sizeof(Entry)) = entry;
        _entries.Advance(sizeof(Entry));
        _count++;
        _itemBytes += keyLength + (end - value);
        Enter(_count - 1);
        return end;
    }

    private byte* Join(int index, byte* value)
    {
        ref Entry entry = ref EntryAt(index);
        if (HasNumbers)
        {
            long right = ReadNumber(ref value);
            entry.Number = valueKind == FieldTypeKind.Int
                ? IntFold.Join(operation, (int)entry.Number, (int)right)
                : LongFold.Join(operation, entry.Number, right);
            return value;
        }

        value += RowFormat.ReadVarint(value, out uint length);
        var given = new ReadOnlySpan<byte>(value, (int)length);
        long before = RowFormat.VarintLength((uint)entry.ValueLength) + (long)entry.ValueLength;
        if (operation == AggregationOperation.Sum)
        {
            SetValue(ref entry, ValueOf(entry), given);
        }
        else if (BytesFold.RightWins(operation, valueKind == FieldTypeKind.String, ValueOf(entry), given))
        {
            SetValue(ref entry, default, given);
        }

        _itemBytes += RowFormat.VarintLength((uint)entry.ValueLength) + (long)entry.ValueLength - before;
        return value + length;
    }

    private long ReadNumber(ref byte* value)
    {
        byte* start = value;
        value = RowBytes.SkipItem(valueKind, start);
        return valueKind == FieldTypeKind.Int ? Unsafe.ReadUnaligned<int>(start) : Unsafe.ReadUnaligned<long>(start);
    }

    private ReadOnlySpan<byte> ValueOf(in Entry entry) => new(_values.Start + entry.ValueStart, entry.ValueLength);

    /// <summary>Sets the value to the bytes kept, which begin the present one, and those behind it. One that has no room moves to the end, with room for as much again.</summary>
    private void SetValue(ref Entry entry, ReadOnlySpan<byte> kept, ReadOnlySpan<byte> given)
    {
        int length = checked(kept.Length + given.Length);
        if (length > entry.ValueCapacity)
        {
            int capacity = entry.ValueCapacity == 0 ? length : checked(2 * length);
            int start = _values.Length;
            byte* place = _values.Reserve(capacity);
            Buffer.MemoryCopy(_values.Start + entry.ValueStart, place, capacity, kept.Length);
            _values.Advance(capacity);
            entry.ValueStart = start;
            entry.ValueCapacity = capacity;
        }

        given.CopyTo(new Span<byte>(_values.Start + entry.ValueStart + kept.Length, given.Length));
        entry.ValueLength = length;
    }

    private int Find(byte* key, int keyLength)
    {
        var wanted = new ReadOnlySpan<byte>(key, keyLength);
        if (_tableMask == 0)
        {
            for (int i = 0; i < _count; i++)
            {
                if (KeyOf(i).SequenceEqual(wanted))
                {
                    return i;
                }
            }

            return -1;
        }

        int* table = (int*)_table.Start;
        for (int slot = Hash(wanted) & _tableMask; table[slot] != 0; slot = (slot + 1) & _tableMask)
        {
            if (KeyOf(table[slot] - 1).SequenceEqual(wanted))
            {
                return table[slot] - 1;
            }
        }

        return -1;
    }

    /// <summary>Puts a new entry into the table, which is never more than half full.</summary>
    private void Enter(int index)
    {
        if (_count <= SearchedInLine)
        {
            return;
        }

        if (2 * _count > _tableMask)
        {
            int size = _tableMask == 0 ? 8 * SearchedInLine : checked(2 * (_tableMask + 1));
            _table.Clear();
            new Span<byte>(_table.Reserve(checked(size * sizeof(int))), size * sizeof(int)).Clear();
            _tableMask = size - 1;
            for (int i = 0; i < index; i++)
            {
                Place(i);
            }
        }

        Place(index);
    }

    private void Place(int index)
    {
        int* table = (int*)_table.Start;
        int slot = Hash(KeyOf(index)) & _tableMask;
        while (table[slot] != 0)
        {
            slot = (slot + 1) & _tableMask;
        }

        table[slot] = index + 1;
    }

    private ReadOnlySpan<byte> KeyOf(int index)
    {
        ref Entry entry = ref EntryAt(index);
        return new(_keys.Start + entry.KeyStart, entry.KeyLength);
    }

    /// <summary>Differs from process to process, so that nobody can make keys that collide. What is written does not depend on it.</summary>
    private static int Hash(ReadOnlySpan<byte> key)
    {
        var hash = new HashCode();
        hash.AddBytes(key);
        return hash.ToHashCode();
    }

    private struct Entry
    {
        public int KeyStart;
        public int KeyLength;
        public long Number;
        public int ValueStart;
        public int ValueLength;
        public int ValueCapacity;
    }
}
