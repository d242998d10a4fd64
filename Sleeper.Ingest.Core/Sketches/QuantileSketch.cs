using System.Buffers.Binary;
using System.Diagnostics;
using System.Numerics;
using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.Schemas;

namespace Sleeper.Ingest.Core.Sketches;

/// <summary>Estimates the quantiles of one row key field from a few thousand of its values, however many rows there are.</summary>
/// <remarks>
/// <para>The classic quantiles sketch (Agarwal, Cormode, Huang, Phillips, Wei and Yi: Mergeable Summaries, PODS 2012), in the form that
/// Apache DataSketches stores. Values gather in a base buffer of 2K. A full one is sorted and <i>halved</i>: of each two neighbours one is
/// kept, the first or the second throughout, as a bit decides. The K values left go to level 0; if that is taken, both are merged and halved
/// again into level 1, and so on, as a carry runs through a binary counter:</para>
/// <code>
/// n = 11 * 2K + b      base buffer: b values of weight 1
/// pattern = 1011       level 0: K of weight 2    level 1: K of weight 4    level 2: -    level 3: K of weight 16
/// </code>
/// <para>Values are ordered as the original orders keys (O_java): numbers as numbers, strings by UTF-16 code units, byte arrays by signed
/// bytes. The state depends on the values, their order and the bits only, never on how they were cut into batches. With K = 1024 a rank is
/// off by less than 0.2 % with 99 % confidence.</para>
/// <para>Nulls cannot be added: keys have none. Not thread-safe. Keeps its memory, and no reference to what it was given.</para>
/// </remarks>
internal abstract class QuantileSketch
{
    public const int DefaultK = 1024;

    private ISketchBits _bits;

    protected QuantileSketch(FieldType type, int k, ISketchBits bits)
    {
        if (!SketchFormat.IsLegalK(k))
        {
            throw new ArgumentOutOfRangeException(nameof(k), k, "K is a power of two from 2 to 32768.");
        }

        ArgumentNullException.ThrowIfNull(bits);
        ItemType = type;
        K = k;
        _bits = bits;
    }

    /// <summary>The type of the field: a primitive one.</summary>
    public FieldType ItemType { get; }

    public int K { get; }

    /// <summary>The number of values added.</summary>
    public long Count => (Pattern * 2 * K) + BaseCount;

    public bool IsEmpty => Count == 0;

    /// <summary>The number of values kept.</summary>
    public long RetainedCount => BaseCount + ((long)K * BitOperations.PopCount((ulong)Pattern));

    /// <summary>The smallest value added; null if there is none.</summary>
    public abstract FieldValue Min { get; }

    /// <summary>The largest value added; null if there is none.</summary>
    public abstract FieldValue Max { get; }

    /// <summary>Memory held, in bytes, for the budget. It grows with the values kept, and <see cref="Reset"/> gives back only what is unusually large.</summary>
    public abstract long HeldBytes { get; }

    /// <summary>Which levels are full: bit l is level l. Counts how often the base buffer ran full.</summary>
    protected long Pattern { get; private set; }

    /// <summary>Values in the base buffer.</summary>
    protected int BaseCount { get; private set; }

    /// <summary>Makes an empty sketch for a field.</summary>
    public static QuantileSketch Create(FieldType type, ISketchBits bits, int k = DefaultK) => type.Kind switch
    {
        FieldTypeKind.Int or FieldTypeKind.Long => new LongSketch(type, k, bits),
        FieldTypeKind.String => new ByteStringSketch<JavaStringOrder>(type, k, bits),
        FieldTypeKind.ByteArray => new ByteStringSketch<JavaByteArrayOrder>(type, k, bits),
        _ => throw new ArgumentException($"Only keys have sketches, and {type} cannot be the type of a key.", nameof(type)),
    };

    /// <summary>Adds the values of a long field, or those of an int field widened.</summary>
    public virtual void Update(ReadOnlySpan<long> values) => throw WrongItems("numbers");

    /// <summary>Adds the values of an int field.</summary>
    public virtual void Update(ReadOnlySpan<int> values) => throw WrongItems("numbers");

    /// <summary>
    /// Adds the values of a string field (in UTF-8) or byte array field: value i is <c>data[offsets[i]..offsets[i + 1]]</c>, so there is one
    /// value less than offsets. No offsets at all are no values.
    /// </summary>
    /// <exception cref="ArgumentException">The offsets descend or leave the data. Nothing was added.</exception>
    public virtual void Update(ReadOnlySpan<byte> data, ReadOnlySpan<int> offsets) => throw WrongItems("bytes");

    /// <summary>Empties the sketch for another file and takes its bits; memory is kept for reuse.</summary>
    public void Reset(ISketchBits bits)
    {
        ArgumentNullException.ThrowIfNull(bits);
        _bits = bits;
        ReleaseLevels();
        Pattern = 0;
        BaseCount = 0;
    }

    /// <summary>The value at a rank from 0 (the smallest) to 1 (the largest), as the original answers it; null if there are no values.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The rank is outside 0 to 1, or not a number.</exception>
    public FieldValue Quantile(double rank)
    {
        if (!(rank is >= 0 and <= 1))
        {
            throw new ArgumentOutOfRangeException(nameof(rank), rank, "A rank is a number from 0 to 1.");
        }

        long count = Count;
        return count == 0 ? FieldValue.Null
            : rank == 0 ? Min
            : rank == 1 ? Max
            : ValueAt(Math.Min((long)Math.Floor(rank * count), count - 1));
    }

    /// <summary>The bytes that <see cref="WriteImage"/> writes.</summary>
    public long ImageBytes() => IsEmpty ? SketchFormat.EmptyImageBytes : SketchFormat.PreambleBytes + ItemBytes();

    /// <summary>Writes the image; see <see cref="SketchFormat"/>. The destination has at least <see cref="ImageBytes"/> bytes. Changes nothing.</summary>
    public void WriteImage(Span<byte> destination)
    {
        bool empty = IsEmpty;
        destination[0] = empty ? SketchFormat.EmptyPreambleWords : SketchFormat.PreambleWords;
        destination[1] = SketchFormat.Version;
        destination[2] = SketchFormat.Family;
        destination[3] = empty ? (byte)(SketchFormat.CompactFlag | SketchFormat.EmptyFlag) : SketchFormat.CompactFlag;
        BinaryPrimitives.WriteUInt16LittleEndian(destination[4..], (ushort)K);
        destination[6] = 0;
        destination[7] = 0;
        if (!empty)
        {
            BinaryPrimitives.WriteInt64LittleEndian(destination[8..], Count);
            int end = WriteItems(destination[SketchFormat.PreambleBytes..]);
            Debug.Assert(SketchFormat.PreambleBytes + end == ImageBytes(), "The image's length was foretold wrongly.");
        }
    }

    /// <summary>
    /// Fills an empty sketch from the items of an image, and returns how many of the bytes they took, or -1 if they end too early.
    /// The caller has checked that the fewest bytes that so many items can take are there.
    /// </summary>
    internal int ReadItems(ReadOnlySpan<byte> items, long count)
    {
        Debug.Assert(IsEmpty && count > 0, "Only an empty sketch can be filled.");
        Pattern = count / (2 * K);
        BaseCount = (int)(count % (2 * K));
        return ReadItems(items);
    }

    /// <summary>Puts every other value of the sorted base buffer, from number <paramref name="first"/> on, into an empty carry.</summary>
    protected abstract void HalveBase(int first);

    /// <summary>Merges a level with the carry, keeps every other value from number <paramref name="first"/> on as the carry, and empties the level.</summary>
    protected abstract void MergeIntoCarry(int level, int first);

    /// <summary>Makes the carry a level, which is empty before.</summary>
    protected abstract void StoreCarry(int level);

    /// <summary>Sorts the full base buffer, or learns that it is sorted, and widens the extremes by its first and last value.</summary>
    protected abstract void SortBase();

    protected abstract void ReleaseLevels();

    /// <summary>The retained value at which the summed weights, in order, pass <paramref name="position"/>.</summary>
    protected abstract FieldValue ValueAt(long position);

    protected abstract long ItemBytes();

    protected abstract int WriteItems(Span<byte> destination);

    protected abstract int ReadItems(ReadOnlySpan<byte> items);

    /// <summary>How many values the base buffer takes before it must be compacted: at least one.</summary>
    protected int BaseRoom => (2 * K) - BaseCount;

    /// <summary>Counts values just put into the base buffer, and compacts it if it is full.</summary>
    protected void AddedToBase(int count)
    {
        BaseCount += count;
        if (BaseCount == 2 * K)
        {
            Compact();
        }
    }

    protected bool IsFull(int level) => ((Pattern >> level) & 1) != 0;

    /// <summary>The number of levels up to the highest full one.</summary>
    protected int LevelCount => 64 - BitOperations.LeadingZeroCount((ulong)Pattern);

    /// <summary>Finds the value at a position among weighted values, which are given in any order.</summary>
    protected static T FindByWeight<T>(List<(T Value, long Weight)> values, Comparison<T> order, long position)
    {
        values.Sort((x, y) => order(x.Value, y.Value));
        foreach (var (value, weight) in values)
        {
            if (position < weight)
            {
                return value;
            }

            position -= weight;
        }

        throw new UnreachableException("The weights of a sketch sum up to its count.");
    }

    private void Compact()
    {
        SortBase();
        HalveBase(NextBit());
        int firstEmpty = BitOperations.TrailingZeroCount(~Pattern);
        for (int level = 0; level < firstEmpty; level++)
        {
            MergeIntoCarry(level, NextBit());
        }

        StoreCarry(firstEmpty);
        Pattern++;
        BaseCount = 0;
    }

    private int NextBit() => _bits.Next() ? 1 : 0;

    private InvalidOperationException WrongItems(string given) =>
        new($"The sketch of a field of type {ItemType} was given {given}. Use the {nameof(Update)} for that type.");
}
