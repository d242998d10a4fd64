namespace Sleeper.Ingest.Core.Parquet.Columns;

/// <summary>How the values of a leaf column lie in a <see cref="ColumnVector"/>.</summary>
internal enum VectorKind
{
    /// <summary>INT32; FLOAT as its bits; BOOLEAN as 0 or 1.</summary>
    Int32,

    /// <summary>INT64; DOUBLE as its bits.</summary>
    Int64,

    /// <summary>BYTE_ARRAY, FIXED_LEN_BYTE_ARRAY and INT96 (12 bytes each).</summary>
    Bytes,
}

/// <summary>
/// Values of one leaf column for a stretch of whole rows: what the writer takes and the reader gives. Reused: grown as needed, never shrunk.
/// </summary>
/// <remarks>
/// <para><see cref="LevelCount"/> entries, one for each value, null or empty list (for a flat required column that is one a row), with
/// <see cref="DefinitionLevels"/> where the column's maximum definition level is above 0 and <see cref="RepetitionLevels"/> where its
/// maximum repetition level is. <see cref="ValueCount"/> values lie without gaps in the array of the vector's kind.</para>
/// <para>Bytes: value i is <c>Bytes[Offsets[i]..Offsets[i + 1]]</c>; <c>Offsets[0]</c> is 0.</para>
/// <para>Where <see cref="Dictionary"/> is set, which only happens if <see cref="MayKeepIndexes"/> is, values stand there and this vector has their indexes.</para>
/// <para>Not thread-safe.</para>
/// </remarks>
internal sealed class ColumnVector
{
    private int _indexedBytes;

    public ColumnVector(VectorKind kind)
    {
        Kind = kind;
        if (kind == VectorKind.Bytes)
        {
            Offsets = new int[1];
        }
    }

    public VectorKind Kind { get; }

    /// <summary>Entries of the level arrays; equal to <see cref="ValueCount"/> for a flat required column.</summary>
    public int LevelCount { get; set; }

    /// <summary>Values that are there, without nulls.</summary>
    public int ValueCount { get; set; }

    /// <summary>Bytes that the values come to: of <see cref="Bytes"/>, or with a dictionary of what they stand for.</summary>
    public int ByteCount => Kind != VectorKind.Bytes ? 0 : Dictionary is null ? Offsets[ValueCount] : _indexedBytes;

    public byte[] DefinitionLevels { get; private set; } = [];

    public byte[] RepetitionLevels { get; private set; } = [];

    public int[] Ints { get; private set; } = [];

    public long[] Longs { get; private set; } = [];

    public byte[] Bytes { get; private set; } = [];

    public int[] Offsets { get; private set; } = [];

    /// <summary>True if the reader may leave values of a dictionary as indexes. Default: false, values lie in the arrays of their kind.</summary>
    public bool MayKeepIndexes { get; init; }

    /// <summary>If not null, value i is value <c>Indexes[i]</c> of this vector, and the arrays of this vector's kind mean nothing. Never changes while it is set.</summary>
    public ColumnVector? Dictionary { get; private set; }

    /// <summary>Indexes into <see cref="Dictionary"/>; none is outside of it.</summary>
    public int[] Indexes { get; private set; } = [];

    /// <summary>Memory held, in bytes, for the budget.</summary>
    public long CapacityBytes =>
        DefinitionLevels.LongLength + RepetitionLevels.LongLength + (4 * Ints.LongLength) + (8 * Longs.LongLength)
        + Bytes.LongLength + (4 * Offsets.LongLength) + (4 * Indexes.LongLength);

    /// <summary>Empties the vector and keeps its memory.</summary>
    public void Clear()
    {
        LevelCount = 0;
        ValueCount = 0;
        Dictionary = null;
        _indexedBytes = 0;
    }

    /// <summary>Begins with indexes into a dictionary, or goes on with them; false if values must be put in as they are.</summary>
    public bool TryKeepIndexes(ColumnVector dictionary)
    {
        if (!MayKeepIndexes || (ValueCount > 0 && Dictionary != dictionary))
        {
            return false;
        }

        Dictionary = dictionary;
        return true;
    }

    /// <summary>Room for so many more indexes, which <see cref="AddIndexes"/> then counts in, and for one behind them.</summary>
    public Span<int> ReserveIndexes(int count)
    {
        Indexes = Grow(Indexes, ValueCount, checked(ValueCount + count + 1));
        return Indexes.AsSpan(ValueCount, count);
    }

    /// <summary>Counts in indexes, all of which were checked, and the bytes that they stand for.</summary>
    public void AddIndexes(int count, int bytes)
    {
        ValueCount += count;
        _indexedBytes += bytes;
    }

    /// <summary>Empties the vector of its values and lets go of the dictionary, so that the values can be put in as they are.</summary>
    public void ForgetDictionary()
    {
        ValueCount = 0;
        Dictionary = null;
        _indexedBytes = 0;
    }

    /// <summary>Makes room for so many more values, keeping what is there.</summary>
    public void EnsureValues(int additional)
    {
        int needed = checked(ValueCount + additional);
        switch (Kind)
        {
            case VectorKind.Int32:
                Ints = Grow(Ints, ValueCount, needed);
                break;
            case VectorKind.Int64:
                Longs = Grow(Longs, ValueCount, needed);
                break;
            default:
                Offsets = Grow(Offsets, ValueCount + 1, checked(needed + 1));
                break;
        }
    }

    /// <summary>Makes room for so many more bytes, keeping what is there.</summary>
    public void EnsureBytes(int additional) => Bytes = Grow(Bytes, ByteCount, checked(ByteCount + additional));

    /// <summary>Makes room for so many more level entries, keeping what is there.</summary>
    public void EnsureLevels(int additional, bool definition, bool repetition)
    {
        int needed = checked(LevelCount + additional);
        if (definition)
        {
            DefinitionLevels = Grow(DefinitionLevels, LevelCount, needed);
        }

        if (repetition)
        {
            RepetitionLevels = Grow(RepetitionLevels, LevelCount, needed);
        }
    }

    /// <summary>Value <paramref name="index"/> of a vector of bytes.</summary>
    public ReadOnlySpan<byte> BytesAt(int index) => Bytes.AsSpan(Offsets[index], Offsets[index + 1] - Offsets[index]);

    /// <summary>Takes along only what is used: an array for the bytes of 500 KB of rows was copied whole when the next rows had a few more, empty as it was.</summary>
    private static T[] Grow<T>(T[] array, int used, int needed)
    {
        if (array.Length >= needed)
        {
            return array;
        }

        var larger = GC.AllocateUninitializedArray<T>((int)Math.Min(Array.MaxLength, Math.Max(needed, Math.Max(64L, 2L * array.Length))));
        array.AsSpan(0, Math.Min(used, array.Length)).CopyTo(larger);
        return larger;
    }
}
