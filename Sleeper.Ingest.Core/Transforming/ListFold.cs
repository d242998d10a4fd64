using Sleeper.Ingest.Core.Buffers;
using Sleeper.Ingest.Core.Schemas;

namespace Sleeper.Ingest.Core.Transforming;

/// <summary>A list, which stays as it is while its row is the only one of its key, and cannot be joined with another. So in the Java original.</summary>
internal sealed unsafe class ListFold(Field field, MemoryBudget budget) : FieldFold
{
    private readonly GrowingBytes _bytes = new(budget);

    public override long ByteCount => _bytes.Length;

    public override byte* Begin(byte* value)
    {
        byte* end = RowBytes.SkipValue(field, value);
        _bytes.Clear();
        _bytes.Append(value, checked((int)(end - value)));
        return end;
    }

    public override byte* Fold(byte* value) => throw CannotJoin(field);

    /// <summary>The error for two lists that meet.</summary>
    public static IngestException CannotJoin(Field field) => new(
        $"Two rows have the same keys, but their values of the field '{field.Name}', which is {field.Type}, cannot be aggregated: "
        + $"lists have no sum, minimum or maximum. The table asks for it by its property {TableIteratorProperties.AggregationsKey}; use a table without aggregations, or without that field.");

    public override byte* Write(byte* destination)
    {
        Buffer.MemoryCopy(_bytes.Start, destination, _bytes.Length, _bytes.Length);
        return destination + _bytes.Length;
    }

    public override void Dispose()
    {
        _bytes.Dispose();
        base.Dispose();
    }
}
