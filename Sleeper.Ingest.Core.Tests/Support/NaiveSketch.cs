using System.Buffers.Binary;
using Sleeper.Ingest.Core.Sketches;

namespace Sleeper.Ingest.Core.Tests.Support;

/// <summary>The sketch as its description says it, a value at a time, with lists: what the real one is compared with.</summary>
internal sealed class NaiveSketch<T>(int k, Comparison<T> order, Func<T, byte[]> encode, ISketchBits bits)
{
    private readonly List<T> _base = [];
    private readonly List<List<T>?> _levels = [];
    private T? _min;
    private T? _max;

    public long Count { get; private set; }

    public void Add(T value)
    {
        _min = Count == 0 || order(value, _min!) < 0 ? value : _min;
        _max = Count == 0 || order(value, _max!) > 0 ? value : _max;
        _base.Add(value);
        Count++;
        if (_base.Count < 2 * k)
        {
            return;
        }

        _base.Sort(order);
        var carry = Halve(_base);
        int level = 0;
        for (; level < _levels.Count && _levels[level] is { } full; level++)
        {
            carry = Halve([.. full.Concat(carry).OrderBy(v => v, Comparer<T>.Create(order))]);
            _levels[level] = null;
        }

        if (level == _levels.Count)
        {
            _levels.Add(null);
        }

        _levels[level] = carry;
        _base.Clear();
    }

    public byte[] Image()
    {
        var image = new List<byte> { Count == 0 ? (byte)1 : (byte)2, 3, 8, Count == 0 ? (byte)0x0C : (byte)0x08, (byte)k, (byte)(k >> 8), 0, 0 };
        if (Count == 0)
        {
            return [.. image];
        }

        byte[] count = new byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(count, Count);
        image.AddRange(count);
        IEnumerable<T> items = [_min!, _max!, .. _base, .. _levels.SelectMany(l => l ?? [])];
        return [.. image, .. items.SelectMany(encode)];
    }

    private List<T> Halve(List<T> values)
    {
        int first = bits.Next() ? 1 : 0;
        return [.. values.Where((_, i) => i % 2 == first)];
    }
}
