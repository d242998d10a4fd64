using System.Runtime.CompilerServices;
namespace Sleeper.Ingest.Core.Rows;

/// <summary>Encodes rows of a caller's own type into a <see cref="RowBatch"/>, by the delegates of a <see cref="RowMapping{T}"/>.</summary>
/// <remarks>One thread at a time.</remarks>
internal sealed class TypedRowEncoder<T>(RowMapping<T> mapping, KeyOrder order, RowLimits limits)
{
    private readonly TypedFieldWriter<T>?[] _writers = mapping.Writers;
    private readonly bool[] _nullable = [.. mapping.Schema.AllFields.Select(f => f.IsNullable)];
    private readonly int _keyFieldCount = mapping.Schema.KeyFieldCount;

    /// <summary>
    /// Writes the row as far as its last value; the caller ends or discards it. Returns what is wrong with the row, or null.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public RowFault? Encode(T row, RowBatch batch)
    {
        batch.BeginRow();
        for (int i = 0; i < _keyFieldCount; i++)
        {
            if (_writers[i]!.WriteKey(row, batch, order, limits.MaxKeyFieldBytes) is { } reason)
            {
                return new RowFault(mapping.Schema.AllFields[i].Name, reason);
            }
        }

        batch.EndKey();
        for (int i = _keyFieldCount; i < _writers.Length; i++)
        {
            if (_writers[i] is not { } writer)
            {
                ValueEncoder.WritePresence(batch, present: false);
            }
            else if (writer.WriteValue(row, batch, _nullable[i]) is { } reason)
            {
                return new RowFault(mapping.Schema.AllFields[i].Name, reason);
            }
        }

        return RowEncoder.CheckLength(batch, limits);
    }
}
