using System.Runtime.CompilerServices;
using Sleeper.Ingest.Core.Buffers;
using Sleeper.Ingest.Core.Parquet.Columns;
using Sleeper.Ingest.Core.Rows;

namespace Sleeper.Ingest.Core.DataFiles;

// The loops that write: each its value at every row's position.
internal sealed unsafe partial class FlatField
{
    /// <summary>Not inlined: in the midst of a caller with many pinned arrays, loops keep their pointers on the stack instead of in registers.</summary>
    private const MethodImplOptions Kernel = MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining;

    /// <summary>Writes the next rows' values, and moves past them.</summary>
    /// <param name="first">The first row's number in the stretch.</param>
    /// <param name="count">Rows.</param>
    /// <param name="positions">Where each row is written.</param>
    /// <param name="ahead">Bytes that each row was written beyond its position: fields of fixed length move this one number instead of all positions.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Write(int first, int count, byte** positions, ref int ahead)
    {
        var vector = _field.Values!;
        var source = vector.Dictionary ?? vector;
        fixed (int* indexes = vector.Indexes, ints = source.Ints, offsets = source.Offsets)
        fixed (long* longs = source.Longs)
        fixed (ulong* slots = _slots)
        fixed (byte* bytes = source.Bytes)
        {
            bool isIndexed = vector.Dictionary is not null;
            var rows = new Rows(first, count, positions, ahead);
            switch (vector.Kind)
            {
                case VectorKind.Int32 when isIndexed:
                    WriteInts(rows, new IndexedNumbers<int>(indexes, ints));
                    break;
                case VectorKind.Int32:
                    WriteInts(rows, new PlainNumbers<int>(ints));
                    break;
                case VectorKind.Int64 when isIndexed:
                    WriteLongs(rows, new IndexedNumbers<long>(indexes, longs));
                    break;
                case VectorKind.Int64:
                    WriteLongs(rows, new PlainNumbers<long>(longs));
                    break;
                case VectorKind.Bytes when IsFixed && slots != null:
                    WriteSlots(rows, new IndexedNumbers<ulong>(indexes, slots));
                    break;
                case VectorKind.Bytes when isIndexed:
                    WriteByteArrays(rows, new IndexedByteArrays(indexes, bytes, offsets));
                    break;
                default:
                    WriteByteArrays(rows, new PlainByteArrays(bytes, offsets));
                    break;
            }
        }

        ahead = IsFixed ? ahead + FixedBytes : 0;
    }

    private void WriteInts<TInts>(Rows rows, TInts ints)
        where TInts : struct, INumbers<int>
    {
        if (_isKey)
        {
            WriteAll<uint, IntKeys<TInts>>(rows, new IntKeys<TInts>(ints));
        }
        else if (_hasNulls)
        {
            WriteNullable<int, TInts>(rows, ints);
        }
        else
        {
            WriteAll<int, TInts>(rows, ints);
        }
    }

    private void WriteLongs<TLongs>(Rows rows, TLongs longs)
        where TLongs : struct, INumbers<long>
    {
        if (_isKey)
        {
            WriteAll<ulong, LongKeys<TLongs>>(rows, new LongKeys<TLongs>(longs));
        }
        else if (_hasNulls)
        {
            WriteNullable<long, TLongs>(rows, longs);
        }
        else
        {
            WriteAll<long, TLongs>(rows, longs);
        }
    }

    private void WriteByteArrays<TArrays>(Rows rows, TArrays arrays)
        where TArrays : struct, IByteArrays
    {
        if (_isKey)
        {
            WriteKeys(rows, arrays);
        }
        else if (_hasNulls)
        {
            WriteNullableBytes(rows, arrays);
        }
        else if (_lengths.IsCommon)
        {
            WriteCommonBytes(rows, arrays);
        }
        else
        {
            WriteBytes(rows, arrays);
        }
    }

    /// <summary>One value for every row, behind a presence byte if the field is nullable.</summary>
    [MethodImpl(Kernel)]
    private void WriteAll<T, TNumbers>(Rows rows, TNumbers numbers)
        where T : unmanaged
        where TNumbers : struct, INumbers<T>
    {
        // The presence byte is written in any case, and without one the value's first byte comes over it: no branch.
        int presence = _presence;
        (int first, int count, int ahead) = (rows.First, rows.Count, rows.Ahead);
        byte** positions = rows.Positions;
        for (int i = 0; i < count; i++)
        {
            byte* destination = positions[i] + ahead;
            *destination = 1;
            Unsafe.WriteUnaligned(destination + presence, numbers[first + i]);
        }
    }

    /// <summary>A presence byte for every row, and a value for those that have one. Nulls in no order would be guessed wrongly, so there is no branch.</summary>
    [MethodImpl(Kernel)]
    private void WriteNullable<T, TNumbers>(Rows rows, TNumbers numbers)
        where T : unmanaged
        where TNumbers : struct, INumbers<T>
    {
        if (_field.Values!.ValueCount == 0)
        {
            WriteNulls(rows);
            return;
        }

        // Where no value belongs, the one that comes next goes here and not into the row, whose following bytes may be written already.
        long elsewhere;
        (int count, int ahead) = (rows.Count, rows.Ahead);
        byte** positions = rows.Positions;
        int present = _field.PresentLevel;
        int value = _nextValue;
        fixed (byte* levels = &_field.Values.DefinitionLevels[rows.First])
        {
            for (int i = 0; i < count; i++)
            {
                nint isPresent = Unsafe.BitCast<bool, byte>(levels[i] == present);
                byte* destination = positions[i] + ahead;
                *destination++ = (byte)isPresent;
                byte* target = (byte*)&elsewhere + ((destination - (byte*)&elsewhere) & -isPresent);
                Unsafe.WriteUnaligned(target, numbers[value]);
                positions[i] = destination + (isPresent * sizeof(T));
                value += (int)isPresent;
            }
        }

        _nextValue = value;
    }

    [MethodImpl(Kernel)]
    private static void WriteNulls(Rows rows)
    {
        byte** positions = rows.Positions;
        for (int i = 0; i < rows.Count; i++)
        {
            byte* destination = positions[i] + rows.Ahead;
            *destination = 0;
            positions[i] = destination + 1;
        }
    }

    [MethodImpl(Kernel)]
    private void WriteKeys<TArrays>(Rows rows, TArrays arrays)
        where TArrays : struct, IByteArrays
    {
        byte** positions = rows.Positions;
        (int first, int count, int ahead) = (rows.First, rows.Count, rows.Ahead);
        bool isMoving = !IsFixed;
        for (int i = 0; i < count; i++)
        {
            byte* source = arrays.At(first + i, out int length);
            byte* destination = positions[i] + ahead;
            ExactCopy.Copy(source, destination, length);
            destination[length] = KeyEncoder.Terminator;
            if (isMoving)
            {
                positions[i] = destination + length + 1;
            }
        }
    }

    /// <summary>Few bytes that stand ready. Both stores overlap, so that none goes beyond.</summary>
    [MethodImpl(Kernel)]
    private void WriteSlots(Rows rows, IndexedNumbers<ulong> slots)
    {
        (int first, int count, int ahead) = (rows.First, rows.Count, rows.Ahead);
        byte** positions = rows.Positions;
        int tail = FixedBytes - sizeof(uint);
        if (tail < 0)
        {
            for (int i = 0; i < count; i++)
            {
                ulong slot = slots[first + i];
                ExactCopy.Copy((byte*)&slot, positions[i] + ahead, FixedBytes);
            }

            return;
        }

        for (int i = 0; i < count; i++)
        {
            ulong slot = slots[first + i];
            byte* destination = positions[i] + ahead;
            Unsafe.WriteUnaligned(destination, (uint)slot);
            Unsafe.WriteUnaligned(destination + tail, (uint)(slot >> (8 * tail)));
        }
    }

    /// <summary>Values of one length, so that each branch on it goes the same way, and no position moves.</summary>
    [MethodImpl(Kernel)]
    private void WriteCommonBytes<TArrays>(Rows rows, TArrays arrays)
        where TArrays : struct, IByteArrays
    {
        int presence = _presence;
        int length = _lengths.Longest;
        (int first, int count, int ahead) = (rows.First, rows.Count, rows.Ahead);
        byte** positions = rows.Positions;
        for (int i = 0; i < count; i++)
        {
            byte* source = arrays.At(first + i, out _);
            byte* destination = positions[i] + ahead;
            *destination = 1;
            WriteValue(destination + presence, source, length);
        }
    }

    [MethodImpl(Kernel)]
    private void WriteBytes<TArrays>(Rows rows, TArrays arrays)
        where TArrays : struct, IByteArrays
    {
        int presence = _presence;
        (int first, int count, int ahead) = (rows.First, rows.Count, rows.Ahead);
        byte** positions = rows.Positions;
        for (int i = 0; i < count; i++)
        {
            byte* source = arrays.At(first + i, out int length);
            byte* destination = positions[i] + ahead;
            *destination = 1;
            positions[i] = WriteValue(destination + presence, source, length);
        }
    }

    [MethodImpl(Kernel)]
    private void WriteNullableBytes<TArrays>(Rows rows, TArrays arrays)
        where TArrays : struct, IByteArrays
    {
        int ahead = rows.Ahead;
        byte** positions = rows.Positions;
        ReadOnlySpan<byte> levels = _field.Values!.DefinitionLevels.AsSpan(rows.First, rows.Count);
        int present = _field.PresentLevel;
        int value = _nextValue;
        for (int i = 0; i < levels.Length; i++)
        {
            bool isPresent = levels[i] == present;
            byte* destination = positions[i] + ahead;
            *destination++ = Unsafe.BitCast<bool, byte>(isPresent);
            if (isPresent)
            {
                byte* source = arrays.At(value++, out int length);
                destination = WriteValue(destination, source, length);
            }

            positions[i] = destination;
        }

        _nextValue = value;
    }

    /// <summary>Writes the length and the bytes; returns where they end.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static byte* WriteValue(byte* destination, byte* source, int length)
    {
        if (length < LongLength)
        {
            // One or two bytes: the second goes first, and where there is none the first comes over it.
            int isLong = (0x7F - length) >>> 31;
            destination[isLong] = (byte)(length >> 7);
            *destination = (byte)(length | (isLong << 7));
            destination += 1 + isLong;
        }
        else
        {
            destination += RowFormat.WriteVarint(destination, (uint)length);
        }

        ExactCopy.Copy(source, destination, length);
        return destination + length;
    }

    /// <summary>Rows of a stretch and where they are written.</summary>
    private readonly ref struct Rows(int first, int count, byte** positions, int ahead)
    {
        public readonly int First = first;
        public readonly int Count = count;
        public readonly byte** Positions = positions;
        public readonly int Ahead = ahead;
    }
}
