using Sleeper.Ingest.Core.Buffers;
using Sleeper.Ingest.Core.Schemas;

namespace Sleeper.Ingest.Core.Transforming;

/// <summary>One value field of the rows of one key, joined as they come. Takes and gives values as <see cref="Rows.ValueEncoder"/> lays them out.</summary>
/// <remarks><see cref="Begin"/> with the first row, <see cref="Fold"/> with each later one, then <see cref="Write"/>. One thread at a time.</remarks>
internal abstract unsafe class FieldFold : IDisposable
{
    /// <summary>The bytes that <see cref="Write"/> will write.</summary>
    public abstract long ByteCount { get; }

    public static FieldFold Create(Field field, AggregationOperation operation, MemoryBudget budget) => field.Type.Kind switch
    {
        FieldTypeKind.Int => new IntFold(operation),
        FieldTypeKind.Long => new LongFold(operation),
        FieldTypeKind.Map => new MapFold(field.Type.KeyType!.Kind, field.Type.ValueType!.Kind, operation, budget),
        FieldTypeKind.List => new ListFold(field, budget),
        var kind => new BytesFold(kind == FieldTypeKind.String, operation, budget),
    };

    /// <summary>Takes the first row's value; returns where the next field begins.</summary>
    public abstract byte* Begin(byte* value);

    /// <summary>Joins a later row's value; returns where the next field begins.</summary>
    public abstract byte* Fold(byte* value);

    /// <summary>Writes the joined value; returns where the next field goes.</summary>
    public abstract byte* Write(byte* destination);

    public virtual void Dispose()
    {
    }
}
