namespace Sleeper.Ingest.Core.Sketches;

/// <summary>Sorts the numbers of a list's items, leaving the items where they are.</summary>
/// <remarks>
/// By ranked words of eight bytes, the first for all, the next ones within runs of equal words (a multikey sort as in Bentley and Sedgewick,
/// Fast Algorithms for Sorting and Searching Strings, 1997, with words for characters). Runs still equal after three words are compared
/// whole. Not stable: equal items cannot be told apart. Memory is taken at the first sort; input in order never needs any.
/// </remarks>
internal sealed class ByteItemsSort<TOrder>
    where TOrder : struct, IByteOrder
{
    private const int WordBytes = sizeof(ulong);
    private const int MaxWords = 3;

    private readonly ByteItems _items;
    private readonly int _capacity;
    private readonly Comparison<int> _compare;
    private int[] _order = [];
    private ulong[] _words = [];
    private int[] _orderScratch = [];
    private ulong[] _wordScratch = [];

    public ByteItemsSort(ByteItems items, int capacity)
    {
        _items = items;
        _capacity = capacity;
        _compare = (x, y) => _items.Compare<TOrder>(x, _items, y);
    }

    public long HeldBytes => (2 * sizeof(int) * _order.LongLength) + (2 * sizeof(ulong) * _words.LongLength);

    /// <summary>The numbers of the items in order, after <see cref="Sort()"/>.</summary>
    public ReadOnlySpan<int> Order => _order.AsSpan(0, _items.Count);

    public void Sort()
    {
        if (_order.Length == 0)
        {
            _order = new int[_capacity];
            _words = new ulong[_capacity];
            _orderScratch = new int[_capacity];
            _wordScratch = new ulong[_capacity];
        }

        int count = _items.Count;
        for (int i = 0; i < count; i++)
        {
            _order[i] = i;
        }

        Sort(0, count, 0);
    }

    private void Sort(int start, int end, int skip)
    {
        var order = _order.AsSpan(start, end - start);
        if (skip == MaxWords * WordBytes)
        {
            order.Sort(_compare);
            return;
        }

        var words = _words.AsSpan(start, end - start);
        ulong differing = 0;
        for (int i = 0; i < order.Length; i++)
        {
            words[i] = _items.Word<TOrder>(order[i], skip);
            differing |= words[i] ^ words[0];
        }

        if (differing != 0)
        {
            WordSort.Sort(words, order, _wordScratch, _orderScratch);
        }

        for (int i = 0; i < words.Length;)
        {
            int run = i + 1;
            while (run < words.Length && words[run] == words[i])
            {
                run++;
            }

            if (run - i > 1 && !AreEqual(order[i..run], skip + WordBytes))
            {
                Sort(start + i, start + run, skip + WordBytes);
            }

            i = run;
        }
    }

    /// <summary>True if items that agree in so many bytes, filled up with zeros, have no more of them and are of one length.</summary>
    private bool AreEqual(ReadOnlySpan<int> order, int comparedBytes)
    {
        int length = _items.LengthOf(order[0]);
        foreach (int index in order)
        {
            if (_items.LengthOf(index) != length)
            {
                return false;
            }
        }

        return length <= comparedBytes;
    }
}
