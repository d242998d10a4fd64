using System.Runtime.CompilerServices;
using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.Schemas;

namespace Sleeper.Ingest.Core.Transforming;

/// <summary>Finds the time in an encoded row and says whether the row is young enough to be kept. A row without a time is not.</summary>
internal sealed unsafe class RowTime
{
    private readonly AgeLimit _limit;
    private readonly int _skipBytes;
    private readonly FieldTypeKind[] _keysBefore;
    private readonly Field[] _valuesBefore;
    private readonly bool _isKey;
    private readonly bool _isNullable;

    /// <param name="schema">The fields.</param>
    /// <param name="ageOff">The field with the time, and how old it may be.</param>
    /// <param name="nowMillis">The moment, in milliseconds since 1970.</param>
    /// <param name="skipBytes">Bytes in front of each key that are not part of the fields.</param>
    public RowTime(Schema schema, AgeOff ageOff, long nowMillis, int skipBytes)
    {
        _limit = ageOff.At(nowMillis);
        _skipBytes = skipBytes;
        _isKey = ageOff.FieldIndex < schema.KeyFieldCount;
        _keysBefore = _isKey ? [.. schema.AllFields.Take(ageOff.FieldIndex).Select(f => f.Type.Kind)] : [];
        _valuesBefore = _isKey ? [] : [.. schema.ValueFields.Take(ageOff.FieldIndex - schema.KeyFieldCount)];
        _isNullable = schema.AllFields[ageOff.FieldIndex].IsNullable;
    }

    public bool Keeps(byte* row)
    {
        int header = RowFormat.ReadHeader(row, out int keyLength, out _);
        return _isKey ? KeepsKey(row + header + _skipBytes) : KeepsValue(row + header + keyLength);
    }

    private bool KeepsKey(byte* key)
    {
        foreach (var kind in _keysBefore)
        {
            key = RowBytes.SkipKey(kind, key);
        }

        return _limit.Keeps(KeyEncoder.ReadLong(key));
    }

    private bool KeepsValue(byte* value)
    {
        foreach (var field in _valuesBefore)
        {
            value = RowBytes.SkipValue(field, value);
        }

        return (!_isNullable || *value++ != 0) && _limit.Keeps(Unsafe.ReadUnaligned<long>(value));
    }
}
