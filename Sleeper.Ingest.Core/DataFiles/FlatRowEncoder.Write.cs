using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Sleeper.Ingest.Core.Parquet.Columns;
using Sleeper.Ingest.Core.Rows;

namespace Sleeper.Ingest.Core.DataFiles;

// The columns' loops: each writes its value at every row's position and moves that on.
internal sealed unsafe partial class FlatRowEncoder
{
    private void WriteColumns(int first, int count)
    {
        for (int i = 0; i < _fields.Length; i++)
        {
            var field = _fields[i];
            var vector = field.Values!;
            if (_items[i] is { } items)
            {
                items.Write(first, count, _positions);
            }
            else if (i < _keyFieldCount)
            {
                WriteKeys(vector, first, count);
            }
            else if (_hasNulls[i])
            {
                _nextValue[i] = WriteNullable(vector, field.PresentLevel, first, count, _nextValue[i]);
            }
            else
            {
                WriteValues(vector, first, count, field.Field.IsNullable ? 1 : 0);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void WriteKeys(ColumnVector vector, int first, int count)
    {
        byte** positions = _positions;
        switch (vector.Kind)
        {
            case VectorKind.Int32:
                for (int i = 0; i < count; i++)
                {
                    KeyEncoder.WriteInt(positions[i], vector.Ints[first + i]);
                    positions[i] += KeyEncoder.IntBytes;
                }

                break;
            case VectorKind.Int64:
                long[] longs = vector.Longs;
                for (int i = 0; i < count; i++)
                {
                    KeyEncoder.WriteLong(positions[i], longs[first + i]);
                    positions[i] += KeyEncoder.LongBytes;
                }

                break;
            default:
                fixed (byte* bytes = vector.Bytes)
                fixed (int* offsets = vector.Offsets)
                {
                    for (int i = 0; i < count; i++)
                    {
                        int start = offsets[first + i];
                        int length = offsets[first + i + 1] - start;
                        byte* destination = positions[i];
                        Copy(bytes + start, destination, length);
                        destination[length] = KeyEncoder.Terminator;
                        positions[i] = destination + length + 1;
                    }
                }

                break;
        }
    }

    /// <summary>One value for every row, behind <paramref name="presence"/> bytes, 0 or 1, that say so.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void WriteValues(ColumnVector vector, int first, int count, int presence)
    {
        // The presence byte is written in any case, and without one the value's first byte comes over it: no branch.
        byte** positions = _positions;
        switch (vector.Kind)
        {
            case VectorKind.Int32:
                fixed (int* ints = vector.Ints)
                {
                    for (int i = 0; i < count; i++)
                    {
                        byte* destination = positions[i];
                        *destination = 1;
                        Unsafe.WriteUnaligned(destination + presence, ints[first + i]);
                        positions[i] = destination + presence + sizeof(int);
                    }
                }

                break;
            case VectorKind.Int64:
                fixed (long* longs = vector.Longs)
                {
                    for (int i = 0; i < count; i++)
                    {
                        byte* destination = positions[i];
                        *destination = 1;
                        Unsafe.WriteUnaligned(destination + presence, longs[first + i]);
                        positions[i] = destination + presence + sizeof(long);
                    }
                }

                break;
            default:
                fixed (byte* bytes = vector.Bytes)
                fixed (int* offsets = vector.Offsets)
                {
                    for (int i = 0; i < count; i++)
                    {
                        byte* destination = positions[i];
                        *destination = 1;
                        int start = offsets[first + i];
                        positions[i] = WriteBytes(destination + presence, bytes + start, offsets[first + i + 1] - start);
                    }
                }

                break;
        }
    }

    /// <summary>A presence byte for every row, and values for those that have one, from <paramref name="value"/> on; returns the next value.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private int WriteNullable(ColumnVector vector, int present, int first, int count, int value)
    {
        byte** positions = _positions;
        ReadOnlySpan<byte> levels = vector.DefinitionLevels.AsSpan(first, count);
        switch (vector.Kind)
        {
            case VectorKind.Int32:
                int[] ints = vector.Ints;
                for (int i = 0; i < levels.Length; i++)
                {
                    byte* destination = positions[i];
                    bool isPresent = levels[i] == present;
                    *destination++ = isPresent ? (byte)1 : (byte)0;
                    if (isPresent)
                    {
                        Unsafe.WriteUnaligned(destination, ints[value++]);
                        destination += sizeof(int);
                    }

                    positions[i] = destination;
                }

                break;
            case VectorKind.Int64:
                long[] longs = vector.Longs;
                for (int i = 0; i < levels.Length; i++)
                {
                    byte* destination = positions[i];
                    bool isPresent = levels[i] == present;
                    *destination++ = isPresent ? (byte)1 : (byte)0;
                    if (isPresent)
                    {
                        Unsafe.WriteUnaligned(destination, longs[value++]);
                        destination += sizeof(long);
                    }

                    positions[i] = destination;
                }

                break;
            default:
                fixed (byte* bytes = vector.Bytes)
                fixed (int* offsets = vector.Offsets)
                {
                    for (int i = 0; i < levels.Length; i++)
                    {
                        byte* destination = positions[i];
                        bool isPresent = levels[i] == present;
                        *destination++ = isPresent ? (byte)1 : (byte)0;
                        if (isPresent)
                        {
                            int start = offsets[value++];
                            destination = WriteBytes(destination, bytes + start, offsets[value] - start);
                        }

                        positions[i] = destination;
                    }
                }

                break;
        }

        return value;
    }

    /// <summary>Writes the length and the bytes; returns where they end.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static byte* WriteBytes(byte* destination, byte* source, int length)
    {
        if (length < 0x80)
        {
            *destination++ = (byte)length;
        }
        else
        {
            destination += RowFormat.WriteVarint(destination, (uint)length);
        }

        Copy(source, destination, length);
        return destination + length;
    }

    /// <summary>Exact, not rounded up: the next bytes of the row before may be written already. So each length has two ends that meet or overlap.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Copy(byte* source, byte* destination, int length)
    {
        if (length is >= 8 and <= 16)
        {
            ulong head = Unsafe.ReadUnaligned<ulong>(source);
            ulong tail = Unsafe.ReadUnaligned<ulong>(source + length - 8);
            Unsafe.WriteUnaligned(destination, head);
            Unsafe.WriteUnaligned(destination + length - 8, tail);
        }
        else if (length < 8)
        {
            CopyFew(source, destination, length);
        }
        else
        {
            CopyMany(source, destination, length);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void CopyFew(byte* source, byte* destination, int length)
    {
        if (length >= 4)
        {
            uint head = Unsafe.ReadUnaligned<uint>(source);
            uint tail = Unsafe.ReadUnaligned<uint>(source + length - 4);
            Unsafe.WriteUnaligned(destination, head);
            Unsafe.WriteUnaligned(destination + length - 4, tail);
        }
        else if (length > 0)
        {
            byte middle = source[length >> 1];
            byte last = source[length - 1];
            *destination = *source;
            destination[length >> 1] = middle;
            destination[length - 1] = last;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void CopyMany(byte* source, byte* destination, int length)
    {
        const int MaxInlineBytes = 256;
        if (length > MaxInlineBytes)
        {
            Unsafe.CopyBlockUnaligned(destination, source, (uint)length);
            return;
        }

        Vector128<byte> tail = Vector128.Load(source + length - 16);
        for (int at = 0; at < length - 16; at += 16)
        {
            Vector128.Load(source + at).Store(destination + at);
        }

        tail.Store(destination + length - 16);
    }
}
