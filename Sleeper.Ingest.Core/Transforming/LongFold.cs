using System.Runtime.CompilerServices;

namespace Sleeper.Ingest.Core.Transforming;

/// <summary>Sum (with wrap-around), minimum or maximum of longs.</summary>
internal sealed unsafe class LongFold(AggregationOperation operation) : FieldFold
{
    private long _value;

    public override long ByteCount => sizeof(long);

    public static long Join(AggregationOperation operation, long left, long right) => operation switch
    {
        AggregationOperation.Sum => unchecked(left + right),
        AggregationOperation.Min => Math.Min(left, right),
        _ => Math.Max(left, right),
    };

    public override byte* Begin(byte* value)
    {
        _value = Unsafe.ReadUnaligned<long>(value);
        return value + sizeof(long);
    }

    public override byte* Fold(byte* value)
    {
        _value = Join(operation, _value, Unsafe.ReadUnaligned<long>(value));
        return value + sizeof(long);
    }

    public override byte* Write(byte* destination)
    {
        Unsafe.WriteUnaligned(destination, _value);
        return destination + sizeof(long);
    }
}
