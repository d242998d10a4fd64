using Sleeper.Ingest.Core.Rows;

namespace Sleeper.Ingest.Core.Reading;

/// <summary>The normalised keys of a stretch of rows, one behind the other. Reused; one thread at a time.</summary>
internal sealed unsafe class KeyStretch(KeyOrder order)
{
    private byte[] _bytes = new byte[1024];
    private int[] _ends = [];
    private byte[] _last = [];
    private int _lastLength = -1;

    public int Count { get; private set; }

    public ReadOnlySpan<byte> this[int row] => _bytes.AsSpan(Start(row), _ends[row] - Start(row));

    /// <summary>Encodes the keys of the next stretch. Returns the first row whose key is below the key of the row before it, or -1.</summary>
    public int Encode(ReadOnlySpan<FieldColumn> keyFields, int rows)
    {
        KeepLast();
        if (_ends.Length < rows)
        {
            _ends = new int[rows];
        }

        int outOfOrder = -1;
        int length = 0;
        Count = rows;
        for (int row = 0; row < rows; row++)
        {
            foreach (var field in keyFields)
            {
                EnsureRoom(length, field.MaxKeyBytes(row));
                fixed (byte* bytes = _bytes)
                {
                    length += field.WriteKey(row, bytes + length, order);
                }
            }

            _ends[row] = length;
            if (outOfOrder < 0 && !IsInOrder(row))
            {
                outOfOrder = row;
            }
        }

        return outOfOrder;
    }

    /// <summary>The first row whose key is not below a key; <see cref="Count"/> if there is none.</summary>
    public int FindFirstFrom(ReadOnlySpan<byte> key)
    {
        int low = 0;
        int high = Count;
        while (low < high)
        {
            int middle = (int)((uint)(low + high) >> 1);
            if (this[middle].SequenceCompareTo(key) < 0)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        return low;
    }

    private bool IsInOrder(int row) =>
        row > 0 ? this[row - 1].SequenceCompareTo(this[row]) <= 0
        : _lastLength < 0 || _last.AsSpan(0, _lastLength).SequenceCompareTo(this[0]) <= 0;

    private int Start(int row) => row == 0 ? 0 : _ends[row - 1];

    private void KeepLast()
    {
        if (Count == 0)
        {
            return;
        }

        var last = this[Count - 1];
        if (_last.Length < last.Length)
        {
            _last = new byte[2 * last.Length];
        }

        last.CopyTo(_last);
        _lastLength = last.Length;
    }

    private void EnsureRoom(int length, int additional)
    {
        if (_bytes.Length - length < additional)
        {
            Array.Resize(ref _bytes, checked((int)Math.Min(Array.MaxLength, Math.Max((long)length + additional, 2L * _bytes.Length))));
        }
    }
}
