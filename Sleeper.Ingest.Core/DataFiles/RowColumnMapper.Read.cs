using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Sleeper.Ingest.Core.Buffers;
using Sleeper.Ingest.Core.Parquet.Columns;
using Sleeper.Ingest.Core.Rows;

namespace Sleeper.Ingest.Core.DataFiles;

// The loops that read: each its value at every row's position. Rows may be read, and vectors are written, up to SpareBytes beyond their ends.
internal sealed unsafe partial class RowColumnMapper
{
    /// <summary>What rows have behind them wherever they lie, and vectors of this class, too.</summary>
    private const int SpareBytes = NativeBuffer.PaddingBytes;

    private const int Step = 32;

    private const MethodImplOptions Kernel = MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining;

    [MethodImpl(Kernel)]
    private void MapIntKey(int[] values, int count)
    {
        byte** positions = _positions;
        int ahead = _ahead;
        fixed (int* destination = values)
        {
            for (int i = 0; i < count; i++)
            {
                destination[i] = KeyEncoder.ReadInt(positions[i] + ahead);
            }
        }

        _ahead = ahead + KeyEncoder.IntBytes;
    }

    [MethodImpl(Kernel)]
    private void MapLongKey(long[] values, int count)
    {
        byte** positions = _positions;
        int ahead = _ahead;
        fixed (long* destination = values)
        {
            for (int i = 0; i < count; i++)
            {
                destination[i] = KeyEncoder.ReadLong(positions[i] + ahead);
            }
        }

        _ahead = ahead + KeyEncoder.LongBytes;
    }

    /// <summary>Copies keys 16 bytes at a time up to the terminator, undoing escapes where there are any.</summary>
    [MethodImpl(Kernel)]
    private void MapBytesKey(byte[] bytes, int[] offsets, int count)
    {
        byte** positions = _positions;
        int ahead = _ahead;
        fixed (byte* start = bytes)
        fixed (int* ends = offsets)
        {
            byte* destination = start;
            for (int i = 0; i < count; i++)
            {
                byte* source = positions[i] + ahead;
                while (true)
                {
                    Vector128<byte> next = Vector128.Load(source);
                    next.Store(destination);
                    uint special = Vector128.LessThan(next, Vector128.Create((byte)2)).ExtractMostSignificantBits();
                    if (special == 0)
                    {
                        source += 16;
                        destination += 16;
                        continue;
                    }

                    int plain = BitOperations.TrailingZeroCount(special);
                    source += plain;
                    destination += plain;
                    if (*source == KeyEncoder.Terminator)
                    {
                        source++;
                        break;
                    }

                    *destination++ = (byte)(source[1] - 1);
                    source += 2;
                }

                positions[i] = source;
                ends[i + 1] = (int)(destination - start);
            }
        }

        _ahead = 0;
    }

    [MethodImpl(Kernel)]
    private void MapNumbers<T>(T[] values, int count)
        where T : unmanaged
    {
        byte** positions = _positions;
        int ahead = _ahead;
        fixed (T* destination = values)
        {
            for (int i = 0; i < count; i++)
            {
                destination[i] = Unsafe.ReadUnaligned<T>(positions[i] + ahead);
            }
        }

        _ahead = ahead + sizeof(T);
    }

    /// <summary>A number for each row that has one; returns how many. Nulls in no order would be guessed wrongly, so there is no branch: what is no value is written over.</summary>
    [MethodImpl(Kernel)]
    private int MapNullableNumbers<T>(T[] values, byte[] levels, int count)
        where T : unmanaged
    {
        byte** positions = _positions;
        int ahead = _ahead;
        fixed (T* start = values)
        fixed (byte* level = levels)
        {
            T* destination = start;
            for (int i = 0; i < count; i++)
            {
                byte* source = positions[i] + ahead;
                nint isPresent = IsPresent(source);
                level[i] = (byte)isPresent;
                *destination = Unsafe.ReadUnaligned<T>(source + 1);
                destination += isPresent;
                positions[i] = source + 1 + (isPresent * sizeof(T));
            }

            _ahead = 0;
            return (int)(destination - start);
        }
    }

    [MethodImpl(Kernel)]
    private void MapBytes(byte[] bytes, int[] offsets, int count)
    {
        byte** positions = _positions;
        int ahead = _ahead;
        fixed (byte* start = bytes)
        fixed (int* ends = offsets)
        {
            byte* destination = start;
            for (int i = 0; i < count; i++)
            {
                byte* source = positions[i] + ahead;
                int length = ReadLength(ref source, isPresent: 1);
                Copy(source, destination, length);
                destination += length;
                positions[i] = source + length;
                ends[i + 1] = (int)(destination - start);
            }
        }

        _ahead = 0;
    }

    /// <summary>As <see cref="MapNullableNumbers{T}"/>: where no value is, one of no bytes is written over.</summary>
    [MethodImpl(Kernel)]
    private int MapNullableBytes(byte[] bytes, int[] offsets, byte[] levels, int count)
    {
        byte** positions = _positions;
        int ahead = _ahead;
        int values = 0;
        fixed (byte* start = bytes, level = levels)
        fixed (int* ends = offsets)
        {
            byte* destination = start;
            for (int i = 0; i < count; i++)
            {
                byte* source = positions[i] + ahead;
                nint isPresent = IsPresent(source++);
                level[i] = (byte)isPresent;
                int length = ReadLength(ref source, isPresent);
                Copy(source, destination, length);
                destination += length;
                positions[i] = source + length;
                ends[values + 1] = (int)(destination - start);
                values += (int)isPresent;
            }
        }

        _ahead = 0;
        return values;
    }

    /// <summary>Finds how many items each row's list or map has, -1 for null; returns how many these are, and how many levels they take.</summary>
    [MethodImpl(Kernel)]
    private (int Items, int Levels) FindItemCounts(bool isNullable, int count)
    {
        byte** positions = _positions;
        int* counts = _itemCounts;
        int ahead = _ahead;
        int items = 0;
        int ends = 0;
        for (int i = 0; i < count; i++)
        {
            byte* source = positions[i] + ahead;
            nint isPresent = 1;
            if (isNullable)
            {
                isPresent = IsPresent(source++);
            }

            int length = ReadLength(ref source, isPresent);
            positions[i] = source;
            counts[i] = length + (int)isPresent - 1;
            items = checked(items + length);

            // One level where there are no items.
            ends += Unsafe.BitCast<bool, byte>(length == 0);
        }

        _ahead = 0;
        return (items, checked(items + ends));
    }

    /// <summary>The levels of all lists or maps: null is (0, 0), empty (0, present), items (0 then 1, present + 1).</summary>
    [MethodImpl(Kernel)]
    private void AddLevels(ColumnVector vector, bool isNullable, int count, int levels)
    {
        vector.EnsureLevels(levels + SpareBytes, definition: true, repetition: true);
        int present = isNullable ? 1 : 0;
        Vector128<byte> items = Vector128.Create((byte)(present + 1));
        int* counts = _itemCounts;
        fixed (byte* repetitionStart = vector.RepetitionLevels, definitionStart = vector.DefinitionLevels)
        {
            byte* repetition = repetitionStart;
            byte* definition = definitionStart;
            for (int i = 0; i < count; i++)
            {
                int itemCount = counts[i];
                int hasNone = (itemCount - 1) >> 31;
                nint taken = (itemCount & ~hasNone) - hasNone;

                // The first 16 at once, whether they are there or not: the next row's come over them.
                Vector128<byte>.One.Store(repetition);
                items.Store(definition);
                for (nint item = Vector128<byte>.Count; item < taken; item += Vector128<byte>.Count)
                {
                    Vector128<byte>.One.Store(repetition + item);
                    items.Store(definition + item);
                }

                *repetition = 0;
                *definition = (byte)(present + 1 + ((itemCount - 1) & hasNone));
                repetition += taken;
                definition += taken;
            }
        }

        vector.LevelCount = levels;
    }

    private static void CopyLevels(ColumnVector from, ColumnVector to)
    {
        int levels = from.LevelCount;
        to.EnsureLevels(levels, definition: true, repetition: true);
        from.DefinitionLevels.AsSpan(0, levels).CopyTo(to.DefinitionLevels);
        from.RepetitionLevels.AsSpan(0, levels).CopyTo(to.RepetitionLevels);
        to.LevelCount = levels;
    }

    /// <summary>Numbers of a list stand in the row as they lie in the vector.</summary>
    [MethodImpl(Kernel)]
    private void MapNumberItems<T>(T[] values, int count)
        where T : unmanaged
    {
        byte** positions = _positions;
        int* counts = _itemCounts;
        fixed (T* start = values)
        {
            byte* destination = (byte*)start;
            for (int i = 0; i < count; i++)
            {
                int length = (counts[i] & ~(counts[i] >> 31)) * sizeof(T);
                Copy(positions[i], destination, length);
                destination += length;
                positions[i] += length;
            }
        }
    }

    /// <summary>Item after item of every row; of a map key, value, key, value.</summary>
    [MethodImpl(Kernel)]
    private void MapItems<TItems, TEntries>(TItems items, TEntries entries, int count)
        where TItems : struct, IItems
        where TEntries : struct, IItems
    {
        byte** positions = _positions;
        int* counts = _itemCounts;
        for (int i = 0; i < count; i++)
        {
            byte* source = positions[i];
            for (int item = counts[i]; item > 0; item--)
            {
                source = items.Read(source);
                source = entries.Read(source);
            }

            positions[i] = source;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static nint IsPresent(byte* source) => Unsafe.BitCast<bool, byte>(*source != 0);

    /// <summary>Reads a length of one or two bytes without a branch, which would be guessed wrongly where lengths lie around 128; where no value is, nothing is read and it is 0.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int ReadLength(ref byte* source, nint isPresent)
    {
        int first = *source & -(int)isPresent;
        int isLong = first >> 7;
        int second = source[1] & -isLong;
        if (second >= 0x80)
        {
            source += RowFormat.ReadVarint(source, out uint value);
            return (int)value;
        }

        source += isPresent + isLong;
        return (first & 0x7F) | (second << 7);
    }

    /// <summary>Copies with two branches on the length, as lengths in no order are guessed wrongly: up to 16 bytes, up to 64, more.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Copy(byte* source, byte* destination, int length)
    {
        if (length <= 16)
        {
            // Without this one store instead of two wide ones, a row of S128 took 4 ns more.
            Vector128.Load(source).Store(destination);
            return;
        }

        // Both ends overlap. Bits instead of Math.Max, of which the compiler makes a branch: 2 ns a value.
        nint tail = (length - Step) & ~((length - Step) >> 31);
        Vector256<byte> first = Vector256.Load(source);
        Vector256<byte> last = Vector256.Load(source + tail);
        first.Store(destination);
        last.Store(destination + tail);
        if (length > 2 * Step)
        {
            CopyMiddle(source, destination, tail);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void CopyMiddle(byte* source, byte* destination, nint end)
    {
        if (end > 256)
        {
            Unsafe.CopyBlockUnaligned(destination, source, (uint)end);
            return;
        }

        for (nint i = Step; i < end; i += Step)
        {
            Vector256.Load(source + i).Store(destination + i);
        }
    }

    /// <summary>Where the items of a list or map go. Structs, so that each loop over them is compiled for their kind.</summary>
    private interface IItems
    {
        /// <summary>Takes the next item and returns what comes behind it.</summary>
        byte* Read(byte* source);
    }

    /// <summary>For the values of a list, which has none.</summary>
    private readonly struct NoItems : IItems
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public byte* Read(byte* source) => source;
    }

    private struct NumberItems<T>(T* destination) : IItems
        where T : unmanaged
    {
        private T* _next = destination;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public byte* Read(byte* source)
        {
            *_next++ = Unsafe.ReadUnaligned<T>(source);
            return source + sizeof(T);
        }
    }

    private struct ByteArrayItems(byte* bytes, int* offsets) : IItems
    {
        private readonly byte* _bytes = bytes;
        private int* _offset = offsets;
        private byte* _next = bytes;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public byte* Read(byte* source)
        {
            int length = ReadLength(ref source, isPresent: 1);
            Copy(source, _next, length);
            _next += length;
            *++_offset = (int)(_next - _bytes);
            return source + length;
        }
    }
}
