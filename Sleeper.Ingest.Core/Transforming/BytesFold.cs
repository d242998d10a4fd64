using Sleeper.Ingest.Core.Buffers;
using Sleeper.Ingest.Core.Rows;

namespace Sleeper.Ingest.Core.Transforming;

/// <summary>Text or bytes: put one behind the other, or the smallest or largest of them.</summary>
internal sealed unsafe class BytesFold(bool isText, AggregationOperation operation, MemoryBudget budget) : FieldFold
{
    private readonly GrowingBytes _value = new(budget);

    public override long ByteCount => RowFormat.VarintLength((uint)_value.Length) + (long)_value.Length;

    /// <summary>True if the value on the right takes the place of that on the left; of equal ones either may stay.</summary>
    public static bool RightWins(AggregationOperation operation, bool isText, ReadOnlySpan<byte> left, ReadOnlySpan<byte> right)
    {
        int comparison = ByteStrings.Compare(isText, left, right);
        return operation == AggregationOperation.Min ? comparison > 0 : comparison < 0;
    }

    public override byte* Begin(byte* value)
    {
        _value.Clear();
        return Append(value);
    }

    public override byte* Fold(byte* value)
    {
        byte* start = value + RowFormat.ReadVarint(value, out uint length);
        if (operation == AggregationOperation.Sum)
        {
            return Append(value);
        }

        if (RightWins(operation, isText, new(_value.Start, _value.Length), new(start, (int)length)))
        {
            _value.Clear();
            return Append(value);
        }

        return start + length;
    }

    public override byte* Write(byte* destination)
    {
        destination += RowFormat.WriteVarint(destination, (uint)_value.Length);
        Buffer.MemoryCopy(_value.Start, destination, _value.Length, _value.Length);
        return destination + _value.Length;
    }

    public override void Dispose()
    {
        _value.Dispose();
        base.Dispose();
    }

    private byte* Append(byte* value)
    {
        value += RowFormat.ReadVarint(value, out uint length);
        _value.Append(value, (int)length);
        return value + length;
    }
}
