using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.Schemas;

namespace Sleeper.Ingest.Core.Sketches;

/// <summary>A sketch of 64-bit integers: the keys of long fields, and of int fields widened. Its items are <c>i64 LE</c>.</summary>
/// <remarks>
/// Adding is a copy into the base buffer; order and extremes are looked at once every 2K values, where the extremes are the sorted buffer's
/// ends. Arrays of levels that were merged away are used again.
/// </remarks>
internal sealed class LongSketch : QuantileSketch
{
    private const int ItemLength = sizeof(long);

    private readonly long[] _base;
    private readonly long[]?[] _levels = new long[64][];
    private readonly Stack<long[]> _free = new();
    private long[]? _carry;
    private long[]? _sortScratch;
    private int _arrays;
    private long _levelsMin = long.MaxValue;
    private long _levelsMax = long.MinValue;

    public LongSketch(FieldType type, int k, ISketchBits bits)
        : base(type, k, bits)
    {
        _base = new long[2 * k];
    }

    public override FieldValue Min => IsEmpty ? FieldValue.Null : ToValue(Extremes().Min);

    public override FieldValue Max => IsEmpty ? FieldValue.Null : ToValue(Extremes().Max);

    public override long HeldBytes => ItemLength * (_base.LongLength + (_sortScratch?.LongLength ?? 0) + ((long)_arrays * K));

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Update(ReadOnlySpan<long> values)
    {
        while (!values.IsEmpty)
        {
            int taken = Math.Min(values.Length, BaseRoom);
            values[..taken].CopyTo(_base.AsSpan(BaseCount));
            AddedToBase(taken);
            values = values[taken..];
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Update(ReadOnlySpan<int> values)
    {
        while (!values.IsEmpty)
        {
            int taken = Math.Min(values.Length, BaseRoom);
            Widen(values[..taken], _base.AsSpan(BaseCount, taken));
            AddedToBase(taken);
            values = values[taken..];
        }
    }

    protected override void SortBase()
    {
        if (!IsAscending(_base))
        {
            _sortScratch ??= new long[_base.Length];
            WordSort.Sort(_base, _sortScratch);
        }

        _levelsMin = Math.Min(_levelsMin, _base[0]);
        _levelsMax = Math.Max(_levelsMax, _base[^1]);
    }

    protected override void HalveBase(int first)
    {
        _carry = Rent();
        CopyEveryOther(_base, first, _carry);
    }

    protected override void MergeIntoCarry(int level, int first)
    {
        long[] older = _levels[level]!;
        long[] newer = _carry!;
        long[] merged = Rent();
        if (older[^1] <= newer[0])
        {
            CopyEveryOther(older, first, merged);
            CopyEveryOther(newer, first, merged.AsSpan(K / 2));
        }
        else if (newer[^1] <= older[0])
        {
            CopyEveryOther(newer, first, merged);
            CopyEveryOther(older, first, merged.AsSpan(K / 2));
        }
        else
        {
            MergeEveryOther(older, newer, first, merged);
        }

        _free.Push(older);
        _free.Push(newer);
        _levels[level] = null;
        _carry = merged;
    }

    protected override void StoreCarry(int level)
    {
        _levels[level] = _carry;
        _carry = null;
    }

    protected override void ReleaseLevels()
    {
        for (int level = 0; level < _levels.Length; level++)
        {
            if (_levels[level] is { } array)
            {
                _free.Push(array);
                _levels[level] = null;
            }
        }

        _levelsMin = long.MaxValue;
        _levelsMax = long.MinValue;
    }

    protected override FieldValue ValueAt(long position)
    {
        var values = new List<(long Value, long Weight)>((int)RetainedCount);
        foreach (long value in _base.AsSpan(0, BaseCount))
        {
            values.Add((value, 1));
        }

        for (int level = 0; level < LevelCount; level++)
        {
            foreach (long value in _levels[level] ?? [])
            {
                values.Add((value, 2L << level));
            }
        }

        return ToValue(FindByWeight(values, (x, y) => x.CompareTo(y), position));
    }

    protected override long ItemBytes() => ItemLength * (2 + RetainedCount);

    protected override int WriteItems(Span<byte> destination)
    {
        var (min, max) = Extremes();
        int length = Write(destination, [min, max]);
        length += Write(destination[length..], _base.AsSpan(0, BaseCount));
        for (int level = 0; level < LevelCount; level++)
        {
            length += Write(destination[length..], _levels[level]);
        }

        return length;
    }

    protected override int ReadItems(ReadOnlySpan<byte> items)
    {
        Span<long> extremes = stackalloc long[2];
        int length = Read(items, extremes);
        (_levelsMin, _levelsMax) = (extremes[0], extremes[1]);
        length += Read(items[length..], _base.AsSpan(0, BaseCount));
        for (int level = 0; level < LevelCount; level++)
        {
            if (IsFull(level))
            {
                length += Read(items[length..], _levels[level] = Rent());
            }
        }

        return length;
    }

    private static void Widen(ReadOnlySpan<int> source, Span<long> destination)
    {
        int i = 0;
        for (; i <= source.Length - Vector256<int>.Count; i += Vector256<int>.Count)
        {
            var (lower, upper) = Vector256.Widen(Vector256.Create(source[i..]));
            lower.CopyTo(destination[i..]);
            upper.CopyTo(destination[(i + Vector256<long>.Count)..]);
        }

        for (; i < source.Length; i++)
        {
            destination[i] = source[i];
        }
    }

    private static bool IsAscending(ReadOnlySpan<long> values)
    {
        int i = 0;
        for (; i < values.Length - Vector256<long>.Count; i += Vector256<long>.Count)
        {
            if (Vector256.GreaterThanAny(Vector256.Create(values[i..]), Vector256.Create(values[(i + 1)..])))
            {
                return false;
            }
        }

        for (; i < values.Length - 1; i++)
        {
            if (values[i] > values[i + 1])
            {
                return false;
            }
        }

        return true;
    }

    private static void CopyEveryOther(ReadOnlySpan<long> source, int first, Span<long> destination)
    {
        for (int i = 0; i < source.Length / 2; i++)
        {
            destination[i] = source[first + (2 * i)];
        }
    }

    /// <summary>The values number first, first + 2, ... of both arrays merged. Equal values cannot be told apart, so ties go either way.</summary>
    private static void MergeEveryOther(long[] older, long[] newer, int first, long[] destination)
    {
        int o = 0;
        int n = 0;
        int position = 0;
        while (o < older.Length && n < newer.Length)
        {
            long smaller = newer[n] < older[o] ? newer[n++] : older[o++];
            if (((position ^ first) & 1) == 0)
            {
                destination[position >> 1] = smaller;
            }

            position++;
        }

        var rest = o < older.Length ? older.AsSpan(o) : newer.AsSpan(n);
        for (int i = (position ^ first) & 1; i < rest.Length; i += 2)
        {
            destination[(position + i) >> 1] = rest[i];
        }
    }

    private static int Write(Span<byte> destination, ReadOnlySpan<long> values)
    {
        if (BitConverter.IsLittleEndian)
        {
            MemoryMarshal.AsBytes(values).CopyTo(destination);
        }
        else
        {
            BinaryPrimitives.ReverseEndianness(values, MemoryMarshal.Cast<byte, long>(destination[..(values.Length * ItemLength)]));
        }

        return values.Length * ItemLength;
    }

    private static int Read(ReadOnlySpan<byte> source, Span<long> values)
    {
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = BinaryPrimitives.ReadInt64LittleEndian(source[(i * ItemLength)..]);
        }

        return values.Length * ItemLength;
    }

    private (long Min, long Max) Extremes()
    {
        var (min, max) = (_levelsMin, _levelsMax);
        foreach (long value in _base.AsSpan(0, BaseCount))
        {
            min = Math.Min(min, value);
            max = Math.Max(max, value);
        }

        return (min, max);
    }

    /// <summary>A value read from a damaged or foreign image may not fit an int; it is then shown as the long it is.</summary>
    private FieldValue ToValue(long value) =>
        ItemType.Kind == FieldTypeKind.Int && value == (int)value ? FieldValue.FromInt((int)value) : FieldValue.FromLong(value);

    private long[] Rent()
    {
        if (_free.TryPop(out long[]? array))
        {
            return array;
        }

        _arrays++;
        return new long[K];
    }
}
