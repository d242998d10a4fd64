using Sleeper.Ingest.Core.Partitioning;
using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.Schemas;

namespace Sleeper.Ingest.Core.Reading;

/// <summary>One range for each row key, in terms of normalised keys: the region of a partition, or rows that are wanted. Immutable.</summary>
/// <remarks>
/// The encoding of a field is never a prefix of another one and keeps the order. So the range of the first row key that has more than one value, with
/// the values of those before it, is a range of whole keys, <see cref="Lower"/> to <see cref="Upper"/>. The row keys after that have to be looked at one
/// by one, where they are bounded at all.
/// </remarks>
internal sealed unsafe class KeyBox
{
    private readonly Field[] _rowKeys;
    private readonly byte[][] _mins;
    private readonly byte[]?[] _maxs;
    private readonly int _ranged;
    private readonly int _lastBounded;

    /// <summary>Makes a box.</summary>
    /// <param name="rowKeys">The row keys.</param>
    /// <param name="mins">For each the least encoded value inside; empty for no bound.</param>
    /// <param name="maxs">For each what all encoded values inside are below; null for no bound.</param>
    /// <param name="exactCount">How many of the first row keys have one value only, that of their minimum.</param>
    public KeyBox(Field[] rowKeys, byte[][] mins, byte[]?[] maxs, int exactCount)
    {
        _rowKeys = rowKeys;
        _mins = mins;
        _maxs = maxs;
        _ranged = Math.Min(exactCount, rowKeys.Length - 1);
        for (int i = 0; i < rowKeys.Length; i++)
        {
            IsEmpty |= maxs[i] is { } max && mins[i].AsSpan().SequenceCompareTo(max) >= 0;
            if (i > _ranged && (mins[i].Length > 0 || maxs[i] is not null))
            {
                _lastBounded = i;
            }
        }

        byte[] prefix = [.. mins.Take(_ranged).SelectMany(bytes => bytes)];
        Lower = [.. prefix, .. mins[_ranged]];
        Upper = maxs[_ranged] is { } upper ? [.. prefix, .. upper] : Successor(prefix);
    }

    /// <summary>No key inside is below it.</summary>
    public byte[] Lower { get; }

    /// <summary>All keys inside are below it; null for no bound.</summary>
    public byte[]? Upper { get; }

    /// <summary>True if no key can be inside.</summary>
    public bool IsEmpty { get; }

    /// <summary>True if a row key is bounded of which the range of whole keys says nothing: then being between <see cref="Lower"/> and <see cref="Upper"/> is not enough.</summary>
    public bool HasOtherBounds => _lastBounded > 0;

    public static KeyBox Of(Schema schema, Region region, KeyOrder order) =>
        new(
            [.. schema.RowKeyFields],
            [.. region.Ranges.Select((r, i) => r.Min == KeyValueOrder.Minimum(schema.RowKeyFields[i].Type) ? [] : KeyEncoder.Encode(r.Min, order))],
            [.. region.Ranges.Select(r => r.Max.IsNull ? null : KeyEncoder.Encode(r.Max, order))],
            0);

    /// <summary>The least key above all that begin with the prefix; null if there is none.</summary>
    public static byte[]? Successor(ReadOnlySpan<byte> prefix)
    {
        int last = prefix.LastIndexOfAnyExcept((byte)0xFF);
        if (last < 0)
        {
            return null;
        }

        byte[] successor = prefix[..(last + 1)].ToArray();
        successor[last]++;
        return successor;
    }

    /// <summary>True if a key is inside.</summary>
    public bool Contains(ReadOnlySpan<byte> key) =>
        key.SequenceCompareTo(Lower) >= 0 && (Upper is null || key.SequenceCompareTo(Upper) < 0) && IsInsideOtherBounds(key);

    /// <summary>For a key between <see cref="Lower"/> and <see cref="Upper"/>: true if it is inside.</summary>
    public bool IsInsideOtherBounds(ReadOnlySpan<byte> key)
    {
        fixed (byte* start = key)
        {
            byte* field = start;
            for (int i = 0; i <= _lastBounded; i++)
            {
                int length = EncodedLength(_rowKeys[i], field, (int)(start + key.Length - field));
                if (i > _ranged && !IsInside(i, new ReadOnlySpan<byte>(field, length)))
                {
                    return false;
                }

                field += length;
            }
        }

        return true;
    }

    /// <summary>True if some key can be inside of both.</summary>
    public bool MayMeet(KeyBox other)
    {
        for (int i = 0; i < _rowKeys.Length; i++)
        {
            if (!IsBelow(_mins[i], other._maxs[i]) || !IsBelow(other._mins[i], _maxs[i]))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>True if the bounds of each row key say that all keys of theirs are inside.</summary>
    public bool Covers(IReadOnlyList<KeyBounds> bounds)
    {
        for (int i = 0; i < _rowKeys.Length; i++)
        {
            if (!bounds[i].AreInside(_mins[i], _maxs[i]))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>False if the bounds of the row keys say that no key of theirs is inside.</summary>
    public bool MayMeet(IReadOnlyList<KeyBounds> bounds)
    {
        for (int i = 0; i < _rowKeys.Length; i++)
        {
            if (!bounds[i].MayMeet(_mins[i], _maxs[i]))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>True if not all values of a row key are inside.</summary>
    public bool IsBounded(int rowKey) => _mins[rowKey].Length > 0 || _maxs[rowKey] is not null;

    private static bool IsBelow(byte[] min, byte[]? max) => max is null || min.AsSpan().SequenceCompareTo(max) < 0;

    private bool IsInside(int index, ReadOnlySpan<byte> value) =>
        value.SequenceCompareTo(_mins[index]) >= 0 && (_maxs[index] is not { } max || value.SequenceCompareTo(max) < 0);

    private static int EncodedLength(Field field, byte* start, int left) => field.Type.Kind switch
    {
        FieldTypeKind.Int => KeyEncoder.IntBytes,
        FieldTypeKind.Long => KeyEncoder.LongBytes,
        _ => new ReadOnlySpan<byte>(start, left).IndexOf(KeyEncoder.Terminator) + 1,
    };
}
