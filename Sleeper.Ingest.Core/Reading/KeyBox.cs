using Sleeper.Ingest.Core.Partitioning;
using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.Schemas;

namespace Sleeper.Ingest.Core.Reading;

/// <summary>The region of a partition in terms of normalised keys. Immutable.</summary>
/// <remarks>
/// The range of the first row key is a range of whole keys, <see cref="Min"/> to <see cref="Max"/>. The other row keys have to be looked at one by
/// one, where they are bounded at all.
/// </remarks>
internal sealed unsafe class KeyBox
{
    private readonly Field[] _rowKeys;
    private readonly byte[][] _mins;
    private readonly byte[]?[] _maxs;
    private readonly int _lastBounded;

    public KeyBox(Schema schema, Region region, KeyOrder order)
    {
        _rowKeys = [.. schema.RowKeyFields];
        _mins = [.. region.Ranges.Select(r => KeyEncoder.Encode(r.Min, order))];
        _maxs = [.. region.Ranges.Select(r => r.Max.IsNull ? null : KeyEncoder.Encode(r.Max, order))];
        for (int i = 1; i < _rowKeys.Length; i++)
        {
            if (_maxs[i] is not null || region.Ranges[i].Min != KeyValueOrder.Minimum(_rowKeys[i].Type))
            {
                _lastBounded = i;
            }
        }
    }

    /// <summary>No key of the region is below it.</summary>
    public byte[] Min => _mins[0];

    /// <summary>All keys of the region are below it; null for no bound.</summary>
    public byte[]? Max => _maxs[0];

    /// <summary>True if a row key after the first is bounded: then being between <see cref="Min"/> and <see cref="Max"/> is not enough.</summary>
    public bool IsBoundedBeyondFirst => _lastBounded > 0;

    /// <summary>True if the row keys after the first are inside their ranges.</summary>
    public bool ContainsBeyondFirst(ReadOnlySpan<byte> key)
    {
        fixed (byte* start = key)
        {
            byte* field = start;
            for (int i = 0; i <= _lastBounded; i++)
            {
                int length = EncodedLength(_rowKeys[i], field, (int)(start + key.Length - field));
                if (i > 0 && !IsInside(i, new ReadOnlySpan<byte>(field, length)))
                {
                    return false;
                }

                field += length;
            }
        }

        return true;
    }

    /// <summary>True if the region can hold rows with these encoded values in its first row keys.</summary>
    public bool MayContain(IReadOnlyList<byte[]> firstRowKeys)
    {
        for (int i = 0; i < firstRowKeys.Count; i++)
        {
            if (!IsInside(i, firstRowKeys[i]))
            {
                return false;
            }
        }

        return true;
    }

    private bool IsInside(int index, ReadOnlySpan<byte> value) =>
        value.SequenceCompareTo(_mins[index]) >= 0 && (_maxs[index] is not { } max || value.SequenceCompareTo(max) < 0);

    private static int EncodedLength(Field field, byte* start, int left) => field.Type.Kind switch
    {
        FieldTypeKind.Int => KeyEncoder.IntBytes,
        FieldTypeKind.Long => KeyEncoder.LongBytes,
        _ => new ReadOnlySpan<byte>(start, left).IndexOf(KeyEncoder.Terminator) + 1,
    };
}
