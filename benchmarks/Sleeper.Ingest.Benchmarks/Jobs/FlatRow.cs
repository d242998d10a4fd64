using System.Collections;
using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.Schemas;

namespace Sleeper.Ingest.Benchmarks.Jobs;

/// <summary>A row whose making allocates nothing: two numbers, and bytes that are hardly ever the same.</summary>
internal readonly record struct FlatRow(long Key, long Time, ReadOnlyMemory<byte> Bytes)
{
    public static Schema Schema { get; } = Schema.Create().RowKey("key", FieldType.Long).SortKey("time", FieldType.Long).Value("bytes", FieldType.ByteArray).Build();

    public static RowMapping<FlatRow> Mapping { get; } =
        RowMapping.For<FlatRow>(Schema).Long("key", row => row.Key).Long("time", row => row.Time).Bytes("bytes", row => row.Bytes).Build();

    /// <summary>Leaves of equal width.</summary>
    public static IEnumerable<FieldValue> SplitPoints(int leaves) =>
        Enumerable.Range(1, leaves - 1).Select(i => (FieldValue)(long)(((UInt128)ulong.MaxValue * (UInt128)i / (UInt128)leaves) - (UInt128)(1UL << 63)));

    /// <summary>So many rows; <paramref name="onRow"/> is told of each number of rows that is a multiple of a million.</summary>
    public static IEnumerable<FlatRow> Generate(long count, Action<long> onRow) => new Rows(count, onRow);

    private sealed class Rows(long count, Action<long> onRow) : IEnumerable<FlatRow>, IEnumerator<FlatRow>
    {
        private const int ByteCount = 20;
        private static readonly byte[] Random = MakeRandom();

        private long _number;
        private ulong _state = 1;

        public FlatRow Current { get; private set; }

        object IEnumerator.Current => Current;

        public bool MoveNext()
        {
            if (_number == count)
            {
                return false;
            }

            if (_number % 100_000 == 0)
            {
                onRow(_number);
            }

            ulong first = Next();
            ulong second = Next();
            Current = new FlatRow((long)first, (long)(second >> 30), new ReadOnlyMemory<byte>(Random, (int)(second & 0xFFFFF), ByteCount));
            _number++;
            return true;
        }

        public void Reset() => throw new NotSupportedException();

        public IEnumerator<FlatRow> GetEnumerator() => this;

        IEnumerator IEnumerable.GetEnumerator() => this;

        public void Dispose()
        {
            // Nothing is held.
        }

        private static byte[] MakeRandom()
        {
            byte[] bytes = new byte[(1 << 20) + ByteCount];
            new Random(1).NextBytes(bytes);
            return bytes;
        }

        private ulong Next()
        {
            _state += 0x9E3779B97F4A7C15;
            ulong z = _state;
            z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
            z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
            return z ^ (z >> 31);
        }
    }
}
