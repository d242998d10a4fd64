using System.Runtime.CompilerServices;

namespace Sleeper.Ingest.Core.Transforming;

/// <summary>Sum (with wrap-around), minimum or maximum of ints.</summary>
internal sealed unsafe class IntFold(AggregationOperation operation) : FieldFold
{
    private int _value;

    public override long ByteCount => sizeof(int);

    public static int Join(AggregationOperation operation, int left, int right) => operation switch
    {
        AggregationOperation.Sum => unchecked(left + right),
        AggregationOperation.Min => Math.Min(left, right),
        _ => Math.Max(left, right),
    };

    public override byte* Begin(byte* value)
    {
        _value = Unsafe.ReadUnaligned<int>(value);
        return value + sizeof(int);
    }

    public override byte* Fold(byte* value)
    {
        _value = Join(operation, _value, Unsafe.ReadUnaligned<int>(value));
        return value + sizeof(int);
    }

    public override byte* Write(byte* destination)
    {
        Unsafe.WriteUnaligned(destination, _value);
        return destination + sizeof(int);
    }
}
