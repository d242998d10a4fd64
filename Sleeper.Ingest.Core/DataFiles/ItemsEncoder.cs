using System.Runtime.CompilerServices;
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
    private readonly MapKeys _keys = new();
    private int _next;

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
        return CountItems(rows) && (type.Kind == FieldTypeKind.List
            ? IsTextWhereAsked(type.ElementType!, _field.Values!)
            : IsTextWhereAsked(type.KeyType!, _field.Values!) && IsTextWhereAsked(type.ValueType!, _field.EntryValues!)
                && HasSameCounts(rows) && HasNoRepeatedKeys(rows));
    }

    /// <summary>Adds the bytes of the next rows' values to their lengths, without moving past them.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void AddLengths(int first, int count, int* lengths)
    {
        int next = _next;
        int presence = _isNullable ? 1 : 0;
        for (int i = 0; i < count; i++)
        {
            int items = _counts[first + i];
            lengths[i] += presence;
            if (items != NoItems)
            {
                lengths[i] += RowFormat.VarintLength((uint)items) + ItemBytes(_field.Values!, next, items);
                if (_field.EntryValues is { } entries)
                {
                    lengths[i] += ItemBytes(entries, next, items);
                }

                next += items;
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
                    for (int end = next + itemCount; next < end; next++)
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

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private bool CountItems(int rows)
    {
        var values = _field.Values!;
        ReadOnlySpan<byte> repetition = values.RepetitionLevels.AsSpan(0, values.LevelCount);
        ReadOnlySpan<byte> definition = values.DefinitionLevels.AsSpan(0, values.LevelCount);
        int[] counts = _counts;
        int row = -1;
        int items = 0;
        bool hasNull = false;
        for (int level = 0; level < repetition.Length; level++)
        {
            if (repetition[level] != 0)
            {
                if (counts[row] <= 0)
                {
                    return false;
                }

                counts[row]++;
                items++;
                continue;
            }

            int count = definition[level] >= _field.ItemLevel ? 1 : definition[level] >= _field.FieldLevel ? 0 : NoItems;
            hasNull |= count == NoItems;
            items += Math.Max(count, 0);
            counts[++row] = count;
        }

        return row == rows - 1 && items == values.ValueCount && (_isNullable || !hasNull);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private bool HasSameCounts(int rows)
    {
        var entries = _field.EntryValues!;
        int level = 0;
        int items = 0;
        for (int row = 0; row < rows; row++)
        {
            int count = level < entries.LevelCount && entries.DefinitionLevels[level] >= _field.ItemLevel ? 1 : 0;
            for (level++; level < entries.LevelCount && entries.RepetitionLevels[level] != 0; level++)
            {
                count++;
            }

            if (count != Math.Max(_counts[row], 0))
            {
                return false;
            }

            items += count;
        }

        return level == entries.LevelCount && items == entries.ValueCount;
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

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int ItemBytes(ColumnVector vector, int first, int count)
    {
        if (vector.Kind != VectorKind.Bytes)
        {
            return count * (vector.Kind == VectorKind.Int32 ? sizeof(int) : sizeof(long));
        }

        int[] offsets = vector.Offsets;
        int bytes = offsets[first + count] - offsets[first];
        for (int i = first; i < first + count; i++)
        {
            bytes += RowFormat.VarintLength((uint)(offsets[i + 1] - offsets[i]));
        }

        return bytes;
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
