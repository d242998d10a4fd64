using Sleeper.Ingest.Core.Partitioning;
using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.Schemas;

namespace Sleeper.Ingest.Core.Reading;

/// <summary>Checks what a caller wants of row keys against the schema, and makes a <see cref="KeySegment"/> of it.</summary>
internal sealed class WantedBox
{
    /// <summary>Above every encoded value: where a range begins that has none.</summary>
    private static readonly byte[] Nothing = [.. Enumerable.Repeat((byte)0xFF, KeyEncoder.LongBytes + 1)];

    private readonly Schema _schema;
    private readonly KeyOrder _order;
    private readonly byte[][] _mins;
    private readonly byte[]?[] _maxs;
    private readonly bool[] _isExact;
    private readonly bool[] _isGiven;

    public WantedBox(Schema schema, KeyOrder order)
    {
        _schema = schema;
        _order = order;
        int count = schema.RowKeyFields.Count;
        _mins = [.. Enumerable.Repeat(Array.Empty<byte>(), count)];
        _maxs = new byte[]?[count];
        _isExact = new bool[count];
        _isGiven = new bool[count];
    }

    /// <summary>One value for the first row keys.</summary>
    public void Fix(IReadOnlyList<FieldValue> rowKey)
    {
        if (rowKey.Count == 0 || rowKey.Count > _mins.Length)
        {
            throw new ArgumentException(
                $"{rowKey.Count} row key values were given, but rows of this table have {_mins.Length} row keys "
                + $"[{string.Join(", ", _schema.RowKeyFields)}]. Give a value for each, or for the first of them.");
        }

        for (int i = 0; i < rowKey.Count; i++)
        {
            _mins[i] = Encode(i, rowKey[i]);
            _maxs[i] = KeyBox.Successor(_mins[i]);
            _isExact[i] = true;
        }
    }

    /// <summary>Ranges of different row keys.</summary>
    public void Bound(IReadOnlyList<FieldRange> ranges)
    {
        foreach (var range in ranges)
        {
            int index = _schema.IndexOf(range.FieldName);
            if (index < 0 || index >= _mins.Length)
            {
                throw new ArgumentException(
                    $"The range of '{range.FieldName}' cannot be read: {(index < 0 ? "there is no such field" : "that field is no row key")}. The row keys are "
                    + $"[{string.Join(", ", _schema.RowKeyFields)}]; names are case-sensitive.");
            }

            if (_isGiven[index])
            {
                throw new ArgumentException($"Two ranges of '{range.FieldName}' were given for the same rows. Give one, or unite them by two calls of {nameof(TableQuery.WithRange)}.");
            }

            _isGiven[index] = true;
            Bound(index, range);
            if (!range.Min.IsNull && !range.Max.IsNull && Encode(index, range.Min).AsSpan().SequenceCompareTo(Encode(index, range.Max)) > 0)
            {
                throw new ArgumentException($"The range of '{range.FieldName}' begins at {range.Min} and ends at {range.Max}, which comes before that. Exchange them.");
            }
        }
    }

    /// <summary>A range of one row key.</summary>
    public void Bound(int index, FieldRange range)
    {
        byte[]? min = range.Min.IsNull ? [] : Encode(index, range.Min);
        byte[]? max = range.Max.IsNull ? null : Encode(index, range.Max);
        _isExact[index] = max is not null && range is { ExcludeMin: false, IncludeMax: true } && min.AsSpan().SequenceEqual(max);
        _mins[index] = (range.ExcludeMin && min.Length > 0 ? KeyBox.Successor(min) : min) ?? Nothing;
        _maxs[index] = range.IncludeMax && max is not null ? KeyBox.Successor(max) : max;
        if (_mins[index] == Nothing)
        {
            _maxs[index] = Nothing;
        }
    }

    public KeySegment Make()
    {
        int exact = _isExact.TakeWhile(isExact => isExact).Count();
        var box = new KeyBox([.. _schema.RowKeyFields], _mins, _maxs, exact);
        return new KeySegment(box.Lower, box.Upper, box.HasOtherBounds ? [box] : [], [box], []);
    }

    private byte[] Encode(int index, FieldValue value)
    {
        var field = _schema.RowKeyFields[index];
        if (value.Kind == FieldValueKind.Int && field.Type.Kind == FieldTypeKind.Long)
        {
            value = (long)value.AsInt();
        }

        if (value.Kind != KeyValueOrder.KindOf(field.Type))
        {
            throw new ArgumentException(
                $"A value of kind {value.Kind} was given for row key '{field.Name}', which is {field.Type}. Give it in that type.");
        }

        if (value.Kind == FieldValueKind.String && !UnicodeText.IsWellFormed(value.AsString()))
        {
            throw new ArgumentException(
                $"The text given for row key '{field.Name}' holds half of a surrogate pair, which no row can have. Give whole characters.");
        }

        return KeyEncoder.Encode(value, _order);
    }
}
