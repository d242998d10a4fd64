using System.Diagnostics;
using Sleeper.Ingest.Core.Parquet.Columns;

namespace Sleeper.Ingest.Core.DataFiles;

/// <summary>Finds the keys of a map that stand in it more than once. Keeps its memory; one thread at a time.</summary>
/// <remarks>Few keys are compared each with each; many are sorted, so that the time stays near the number of keys.</remarks>
internal sealed class MapKeys
{
    private const int FewKeys = 16;

    private readonly Comparison<int> _compare;
    private ColumnVector? _keys;
    private int[] _order = [];
    private bool[] _overruled = [];

    public MapKeys() => _compare = CompareThenPlace;

    /// <summary>True for each of <paramref name="count"/> keys, from value <paramref name="first"/> on, that a later one equals; empty if there is none. Valid until the next call.</summary>
    public ReadOnlySpan<bool> FindOverruled(ColumnVector keys, int first, int count)
    {
        if (count < 2)
        {
            return [];
        }

        return count <= FewKeys ? AmongFew(keys, first, count) : AmongMany(keys, first, count);
    }

    private ReadOnlySpan<bool> AmongFew(ColumnVector keys, int first, int count)
    {
        bool isAny = false;
        for (int i = first; i < first + count - 1; i++)
        {
            for (int later = i + 1; later < first + count; later++)
            {
                if (AreEqual(keys, i, later))
                {
                    Mark(i - first, count, ref isAny);
                    break;
                }
            }
        }

        return isAny ? _overruled.AsSpan(0, count) : [];
    }

    private ReadOnlySpan<bool> AmongMany(ColumnVector keys, int first, int count)
    {
        if (_order.Length < count)
        {
            _order = new int[Math.Max(count, 2 * _order.Length)];
        }

        var order = _order.AsSpan(0, count);
        for (int i = 0; i < count; i++)
        {
            order[i] = first + i;
        }

        _keys = keys;
        order.Sort(_compare);
        bool isAny = false;
        for (int i = 1; i < count; i++)
        {
            if (AreEqual(keys, order[i - 1], order[i]))
            {
                Mark(order[i - 1] - first, count, ref isAny);
            }
        }

        return isAny ? _overruled.AsSpan(0, count) : [];
    }

    private void Mark(int key, int count, ref bool isAny)
    {
        if (!isAny)
        {
            if (_overruled.Length < count)
            {
                _overruled = new bool[Math.Max(count, 2 * _overruled.Length)];
            }

            _overruled.AsSpan(0, count).Clear();
            isAny = true;
        }

        _overruled[key] = true;
    }

    private static bool AreEqual(ColumnVector keys, int left, int right) => keys.Kind switch
    {
        VectorKind.Int32 => keys.Ints[left] == keys.Ints[right],
        VectorKind.Int64 => keys.Longs[left] == keys.Longs[right],
        _ => keys.BytesAt(left).SequenceEqual(keys.BytesAt(right)),
    };

    /// <summary>Equal keys by their places, so that the last of them is the one that counts.</summary>
    private int CompareThenPlace(int left, int right)
    {
        Debug.Assert(_keys is not null, "The keys are set before they are sorted.");
        int order = _keys.Kind switch
        {
            VectorKind.Int32 => _keys.Ints[left].CompareTo(_keys.Ints[right]),
            VectorKind.Int64 => _keys.Longs[left].CompareTo(_keys.Longs[right]),
            _ => _keys.BytesAt(left).SequenceCompareTo(_keys.BytesAt(right)),
        };
        return order != 0 ? order : left.CompareTo(right);
    }
}
