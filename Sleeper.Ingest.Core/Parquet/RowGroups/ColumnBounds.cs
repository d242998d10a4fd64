using System.Buffers.Binary;
using Sleeper.Ingest.Core.Parquet.Columns;
using Sleeper.Ingest.Core.Parquet.Metadata;
using Sleeper.Ingest.Core.Parquet.Pages;
using Sleeper.Ingest.Core.Parquet.Schemas;

namespace Sleeper.Ingest.Core.Parquet.RowGroups;

/// <summary>Gathers smallest and largest values and null counts page by page, for the column index and the statistics of the chunk.</summary>
/// <remarks>Types without an order that readers agree on (floats, INT96, unsigned numbers, decimals in bytes) have counts only, and no column index.</remarks>
internal sealed class ColumnBounds
{
    private readonly LeafColumn _column;
    private readonly ParquetWriterOptions _options;
    private readonly bool _isAscending;
    private readonly bool _isUtf8;
    private readonly bool _hasOrder;
    private readonly List<byte[]?> _smallest = [];
    private readonly List<byte[]?> _largest = [];
    private readonly List<long> _nullCounts = [];

    public ColumnBounds(LeafColumn column, ParquetWriterOptions options)
    {
        _column = column;
        _options = options;
        _isAscending = options.Column(column.Index).IsAscending;
        _isUtf8 = column.LogicalType?.Kind == LogicalTypeKind.String || column.ConvertedType == ConvertedType.Utf8;
        _hasOrder = HasOrder(column);
    }

    public void Clear()
    {
        _smallest.Clear();
        _largest.Clear();
        _nullCounts.Clear();
    }

    public void AddPage(PageValues page)
    {
        _nullCounts.Add(page.Levels - page.Count);
        (byte[]? smallest, byte[]? largest) = !_hasOrder || page.Count == 0 ? (null, null) : _column.VectorKind switch
        {
            VectorKind.Int32 => OfInts(page.Ints),
            VectorKind.Int64 => OfLongs(page.Longs),
            _ => OfBytes(page),
        };
        _smallest.Add(smallest);
        _largest.Add(largest);
    }

    public Statistics Statistics()
    {
        byte[]? smallest = null;
        byte[]? largest = null;
        for (int page = 0; page < _smallest.Count; page++)
        {
            if (_smallest[page] is { } low && (smallest is null || Compare(low, smallest) < 0))
            {
                smallest = low;
            }

            if (_largest[page] is { } high && (largest is null || Compare(high, largest) > 0))
            {
                largest = high;
            }
        }

        var statistics = new Statistics { NullCount = _nullCounts.Sum() };
        if (smallest is not null && largest is not null)
        {
            statistics.MinValue = BoundTruncation.Lower(smallest, Limit(_options.StatisticsTruncateBytes), _isUtf8);
            statistics.MaxValue = BoundTruncation.Upper(largest, Limit(_options.StatisticsTruncateBytes), _isUtf8);
            statistics.IsMinValueExact = ReferenceEquals(statistics.MinValue, smallest) ? null : false;
            statistics.IsMaxValueExact = ReferenceEquals(statistics.MaxValue, largest) ? null : false;
            if (_column.VectorKind != VectorKind.Bytes)
            {
                statistics.Min = statistics.MinValue;
                statistics.Max = statistics.MaxValue;
            }
        }

        return statistics;
    }

    /// <summary>Null for a type without order.</summary>
    public ColumnIndex? ColumnIndex()
    {
        if (!_hasOrder)
        {
            return null;
        }

        int limit = Limit(_options.ColumnIndexTruncateBytes);
        byte[][] smallest = [.. _smallest.Select(value => value is null ? [] : BoundTruncation.Lower(value, limit, _isUtf8))];
        byte[][] largest = [.. _largest.Select(value => value is null ? [] : BoundTruncation.Upper(value, limit, _isUtf8))];
        bool[] nullPages = [.. _smallest.Select(value => value is null)];
        return new ColumnIndex { NullPages = nullPages, MinValues = smallest, MaxValues = largest, NullCounts = [.. _nullCounts], BoundaryOrder = Order(nullPages, smallest, largest) };
    }

    private static bool HasOrder(LeafColumn column) => column.PhysicalType switch
    {
        PhysicalType.Int32 or PhysicalType.Int64 =>
            column.LogicalType is not { Kind: LogicalTypeKind.Integer, IsSigned: false }
            && column.ConvertedType is not (ConvertedType.UInt8 or ConvertedType.UInt16 or ConvertedType.UInt32 or ConvertedType.UInt64),
        PhysicalType.ByteArray or PhysicalType.FixedLenByteArray =>
            column.LogicalType is null or { Kind: LogicalTypeKind.String or LogicalTypeKind.Enum or LogicalTypeKind.Json or LogicalTypeKind.Bson or LogicalTypeKind.Uuid }
            && column.ConvertedType is (null or ConvertedType.Utf8 or ConvertedType.Enum or ConvertedType.Json or ConvertedType.Bson),
        _ => false,
    };

    /// <summary>Numbers are never cut.</summary>
    private int Limit(int truncateBytes) => _column.VectorKind == VectorKind.Bytes ? truncateBytes : int.MaxValue;

    private BoundaryOrder Order(bool[] nullPages, byte[][] smallest, byte[][] largest)
    {
        bool ascends = true;
        bool descends = true;
        int before = -1;
        for (int page = 0; page < nullPages.Length; page++)
        {
            if (nullPages[page])
            {
                continue;
            }

            if (before >= 0)
            {
                int low = Compare(smallest[before], smallest[page]);
                int high = Compare(largest[before], largest[page]);
                ascends &= low <= 0 && high <= 0;
                descends &= low >= 0 && high >= 0;
            }

            before = page;
        }

        return ascends ? BoundaryOrder.Ascending : descends ? BoundaryOrder.Descending : BoundaryOrder.Unordered;
    }

    private int Compare(byte[] a, byte[] b) => _column.VectorKind switch
    {
        VectorKind.Int32 => BinaryPrimitives.ReadInt32LittleEndian(a).CompareTo(BinaryPrimitives.ReadInt32LittleEndian(b)),
        VectorKind.Int64 => BinaryPrimitives.ReadInt64LittleEndian(a).CompareTo(BinaryPrimitives.ReadInt64LittleEndian(b)),
        _ => a.AsSpan().SequenceCompareTo(b),
    };

    private (byte[] Smallest, byte[] Largest) OfInts(ReadOnlySpan<int> values)
    {
        (int low, int high) = _isAscending ? (values[0], values[^1]) : ValueBounds.OfNumbers(values);
        return (Bytes(low), Bytes(high));

        static byte[] Bytes(int value)
        {
            var bytes = new byte[sizeof(int)];
            BinaryPrimitives.WriteInt32LittleEndian(bytes, value);
            return bytes;
        }
    }

    private (byte[] Smallest, byte[] Largest) OfLongs(ReadOnlySpan<long> values)
    {
        (long low, long high) = _isAscending ? (values[0], values[^1]) : ValueBounds.OfNumbers(values);
        return (Bytes(low), Bytes(high));

        static byte[] Bytes(long value)
        {
            var bytes = new byte[sizeof(long)];
            BinaryPrimitives.WriteInt64LittleEndian(bytes, value);
            return bytes;
        }
    }

    private (byte[] Smallest, byte[] Largest) OfBytes(PageValues page)
    {
        (int low, int high) = _isAscending ? (0, page.Count - 1) : ValueBounds.OfBytes(page.Bytes, page.Offsets);
        return (page.Bytes[page.Offsets[low]..page.Offsets[low + 1]].ToArray(), page.Bytes[page.Offsets[high]..page.Offsets[high + 1]].ToArray());
    }
}
