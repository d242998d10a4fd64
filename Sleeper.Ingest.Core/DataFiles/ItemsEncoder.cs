using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Sleeper.Ingest.Core.Buffers;
using Sleeper.Ingest.Core.Parquet.Columns;
using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.Schemas;

namespace Sleeper.Ingest.Core.DataFiles;

/// <summary>One field's lists or maps of a stretch into encoded rows, for <see cref="FlatRowEncoder"/>.</summary>
/// <remarks>
/// A first sweep over the levels counts the items of every row; after it, lengths and bytes are loops over these counts. A stretch with a null item, a null
/// that the field does not take, a repeated key, or columns that disagree is left to the plain way, which says what is wrong. One thread at a time.
/// </remarks>
internal sealed unsafe class ItemsEncoder
{
    /// <summary>The count that stands for null.</summary>
    private const int NoItems = -1;

    private readonly FieldReader _field;
    private readonly bool _isNullable;
    private readonly int[] _counts = new int[FlatRowEncoder.MaxRows];
    private readonly int[] _starts = new int[FlatRowEncoder.MaxRows + 1];
    private readonly MapKeys _keys = new();
    private int _next;

    /// <summary>True if the length of each item takes one byte.</summary>
    private bool _hasShortItems;

    public ItemsEncoder(FieldReader field)
    {
        _field = field;
        _isNullable = field.Field.IsNullable;
    }

    /// <summary>Looks at a new stretch: true if it can be encoded here.</summary>
    public bool Accepts(int rows)
    {
        _next = 0;
        var type = _field.Field.Type;
        _hasShortItems = ValueLengths.Of(_field.Values!).Longest < 0x80 && (_field.EntryValues is null || ValueLengths.Of(_field.EntryValues).Longest < 0x80);
        return CountItems(rows) && (type.Kind == FieldTypeKind.List
            ? IsTextWhereAsked(type.ElementType!, _field.Values!)
            : IsTextWhereAsked(type.KeyType!, _field.Values!) && IsTextWhereAsked(type.ValueType!, _field.EntryValues!)
                && HasSameCounts() && HasNoRepeatedKeys(rows));
    }

    /// <summary>Adds the bytes of the next rows' values to their lengths, without moving past them.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void AddLengths(int first, int count, int* lengths)
    {
        var values = _field.Values!;
        int presence = _isNullable ? 1 : 0;
        int itemBytes = LeastBytes(values) + (_field.EntryValues is { } entries ? LeastBytes(entries) : 0);
        fixed (int* counts = &_counts[first])
        {
            for (int i = 0; i < count; i++)
            {
                // Nulls in no order would be guessed wrongly, so they are masked.
                int items = counts[i];
                int header = items < 0x80 ? 1 : RowFormat.VarintLength((uint)items);
                lengths[i] += presence + ((header + (items * itemBytes)) & ~(items >> 31));
            }

            AddBytes(values, counts, count, lengths);
            if (_field.EntryValues is not null)
            {
                AddBytes(_field.EntryValues, counts, count, lengths);
            }
        }
    }

    /// <summary>Writes the next rows' values so many bytes beyond their positions, and moves past both.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Write(int first, int count, byte** positions, int ahead)
    {
        var values = _field.Values!;
        var entries = _field.EntryValues ?? values;
        bool isMap = _field.EntryValues is not null;
        fixed (int* ints = values.Ints, entryInts = entries.Ints)
        fixed (long* longs = values.Longs, entryLongs = entries.Longs)
        fixed (byte* bytes = values.Bytes, entryBytes = entries.Bytes)
        fixed (int* offsets = values.Offsets, entryOffsets = entries.Offsets)
        {
            var items = new Items(values.Kind, ints, longs, bytes, offsets);
            var entryItems = new Items(entries.Kind, entryInts, entryLongs, entryBytes, entryOffsets);
            byte* numbers = values.Kind == VectorKind.Int32 ? (byte*)ints : (byte*)longs;
            int numberBytes = isMap || values.Kind == VectorKind.Bytes ? 0 : values.Kind == VectorKind.Int32 ? sizeof(int) : sizeof(long);
            int next = _next;
            for (int i = 0; i < count; i++)
            {
                int itemCount = _counts[first + i];
                byte* destination = positions[i] + ahead;
                if (_isNullable)
                {
                    *destination++ = itemCount == NoItems ? (byte)0 : (byte)1;
                }

                if (itemCount != NoItems)
                {
                    destination += RowFormat.WriteVarint(destination, (uint)itemCount);
                    if (numberBytes != 0)
                    {
                        // Numbers of a list stand in the row as they lie.
                        byte* source = numbers + ((nint)next * numberBytes);
                        ExactCopy.Copy(source, destination, itemCount * numberBytes);
                        destination += itemCount * numberBytes;
                        next += itemCount;
                    }

                    for (int end = next + (numberBytes != 0 ? 0 : itemCount); next < end; next++)
                    {
                        destination = items.Write(next, destination);
                        destination = isMap ? entryItems.Write(next, destination) : destination;
                    }
                }

                positions[i] = destination;
            }

            _next = next;
        }
    }

    /// <summary>A row's entries reach from one repetition level of 0 to the next: one step a row, not one a level.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private bool CountItems(int rows)
    {
        var values = _field.Values!;
        int levels = values.LevelCount;
        if (!FindStarts(values.RepetitionLevels.AsSpan(0, levels), rows))
        {
            return false;
        }

        ReadOnlySpan<byte> definition = values.DefinitionLevels.AsSpan(0, levels);
        int items = 0;
        bool hasNull = false;
        for (int row = 0; row < rows; row++)
        {
            int start = _starts[row];
            int count = _starts[row + 1] - start;
            if (definition[start] < _field.ItemLevel)
            {
                if (count != 1)
                {
                    return false;
                }

                count = definition[start] < _field.FieldLevel ? NoItems : 0;
                hasNull |= count == NoItems;
            }

            _counts[row] = count;
            items += Math.Max(count, 0);
        }

        return items == values.ValueCount && (_isNullable || !hasNull);
    }

    /// <summary>Where each row's levels begin, and behind them their end; false if there are not as many rows.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private bool FindStarts(ReadOnlySpan<byte> repetition, int rows)
    {
        int row = 0;
        int level = 0;
        for (; level <= repetition.Length - Vector256<byte>.Count; level += Vector256<byte>.Count)
        {
            uint starts = Vector256.Equals(Vector256.Create(repetition[level..]), Vector256<byte>.Zero).ExtractMostSignificantBits();
            if (BitOperations.PopCount(starts) > rows - row)
            {
                return false;
            }

            for (; starts != 0; starts &= starts - 1)
            {
                _starts[row++] = level + BitOperations.TrailingZeroCount(starts);
            }
        }

        for (; level < repetition.Length; level++)
        {
            if (repetition[level] == 0)
            {
                if (row == rows)
                {
                    return false;
                }

                _starts[row++] = level;
            }
        }

        _starts[row] = repetition.Length;
        return row == rows && (rows == 0 || _starts[0] == 0);
    }

    /// <summary>True if the columns of keys and of values have entries in the same places.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private bool HasSameCounts()
    {
        var values = _field.Values!;
        var entries = _field.EntryValues!;
        int levels = values.LevelCount;
        if (entries.LevelCount != levels || entries.ValueCount != values.ValueCount
            || !entries.RepetitionLevels.AsSpan(0, levels).SequenceEqual(values.RepetitionLevels.AsSpan(0, levels)))
        {
            return false;
        }

        ReadOnlySpan<byte> keyLevels = values.DefinitionLevels.AsSpan(0, levels);
        ReadOnlySpan<byte> entryLevels = entries.DefinitionLevels.AsSpan(0, levels);
        int level = 0;
        var itemLevels = Vector256.Create((byte)_field.ItemLevel);
        for (; level <= levels - Vector256<byte>.Count; level += Vector256<byte>.Count)
        {
            if (Vector256.GreaterThanOrEqual(Vector256.Create(keyLevels[level..]), itemLevels)
                != Vector256.GreaterThanOrEqual(Vector256.Create(entryLevels[level..]), itemLevels))
            {
                return false;
            }
        }

        for (; level < levels; level++)
        {
            if (keyLevels[level] >= _field.ItemLevel != entryLevels[level] >= _field.ItemLevel)
            {
                return false;
            }
        }

        return true;
    }

    private bool HasNoRepeatedKeys(int rows)
    {
        int next = 0;
        for (int row = 0; row < rows; row++)
        {
            int count = Math.Max(_counts[row], 0);
            if (_keys.FindOverruled(_field.Values!, next, count).Length > 0)
            {
                return false;
            }

            next += count;
        }

        return true;
    }

    private static bool IsTextWhereAsked(FieldType type, ColumnVector vector) =>
        type.Kind != FieldTypeKind.String || FlatField.IsText(vector, vector.Bytes.AsSpan(0, vector.ByteCount));

    /// <summary>What each item takes: a number, or a length of one byte.</summary>
    private static int LeastBytes(ColumnVector vector) => vector.Kind switch
    {
        VectorKind.Int32 => sizeof(int),
        VectorKind.Int64 => sizeof(long),
        _ => 1,
    };

    /// <summary>Adds what byte arrays take beyond <see cref="LeastBytes"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void AddBytes(ColumnVector vector, int* counts, int count, int* lengths)
    {
        if (vector.Kind != VectorKind.Bytes)
        {
            return;
        }

        fixed (int* offsets = &vector.Offsets[_next])
        {
            int* next = offsets;
            for (int i = 0; i < count; i++)
            {
                int* end = next + (counts[i] & ~(counts[i] >> 31));
                lengths[i] += *end - *next;
                for (; !_hasShortItems && next < end; next++)
                {
                    lengths[i] += RowFormat.VarintLength((uint)(next[1] - next[0])) - 1;
                }

                next = end;
            }
        }
    }

    /// <summary>The values of one column, pinned.</summary>
    private readonly ref struct Items(VectorKind kind, int* ints, long* longs, byte* bytes, int* offsets)
    {
        private readonly VectorKind _kind = kind;
        private readonly int* _ints = ints;
        private readonly long* _longs = longs;
        private readonly byte* _bytes = bytes;
        private readonly int* _offsets = offsets;

        /// <summary>Writes an item and returns where the next one goes.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public byte* Write(int index, byte* destination)
        {
            switch (_kind)
            {
                case VectorKind.Int32:
                    Unsafe.WriteUnaligned(destination, _ints[index]);
                    return destination + sizeof(int);
                case VectorKind.Int64:
                    Unsafe.WriteUnaligned(destination, _longs[index]);
                    return destination + sizeof(long);
                default:
                    int start = _offsets[index];
                    return FlatField.WriteValue(destination, _bytes + start, _offsets[index + 1] - start);
            }
        }
    }
}
