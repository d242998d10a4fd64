using System.Buffers;
using System.Text;
using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.Schemas;

namespace Sleeper.Ingest.Core.Transforming;

/// <summary>What <see cref="FieldFold"/> is for encoded rows, for values as objects: those of rows that are read. One thread at a time.</summary>
internal sealed class ValueFold(Field field, AggregationOperation operation)
{
    private readonly Dictionary<FieldValue, int> _positions = [];
    private readonly List<(FieldValue Key, ValueFold Value)> _entries = [];
    private FieldValue _value;
    private StringBuilder? _text;
    private ArrayBufferWriter<byte>? _bytes;

    /// <summary>The values joined so far.</summary>
    public FieldValue Value =>
        _text is not null ? _text.ToString()
        : _bytes is not null ? FieldValue.FromBytes(_bytes.WrittenMemory)
        : _entries.Count > 0 ? FieldValue.FromMap(_entries.Select(e => KeyValuePair.Create(e.Key, e.Value.Value)))
        : _value;

    /// <summary>Takes the first row's value.</summary>
    public void Begin(FieldValue value)
    {
        _value = value;
        _text = null;
        _bytes = null;
        _positions.Clear();
        _entries.Clear();
    }

    /// <summary>Joins a later row's value.</summary>
    /// <exception cref="IngestException">The field is a list.</exception>
    public void Fold(FieldValue value)
    {
        switch (field.Type.Kind)
        {
            case FieldTypeKind.Int:
                _value = IntFold.Join(operation, _value.AsInt(), value.AsInt());
                break;
            case FieldTypeKind.Long:
                _value = LongFold.Join(operation, _value.AsLong(), value.AsLong());
                break;
            case FieldTypeKind.String:
                FoldText(value.AsString());
                break;
            case FieldTypeKind.ByteArray:
                FoldBytes(value);
                break;
            case FieldTypeKind.Map:
                FoldMap(value);
                break;
            default:
                throw ListFold.CannotJoin(field);
        }
    }

    private void FoldText(string value)
    {
        if (operation == AggregationOperation.Sum)
        {
            (_text ??= new StringBuilder(_value.AsString())).Append(value);
            return;
        }

        int comparison = string.CompareOrdinal(_value.AsString(), value);
        _value = (operation == AggregationOperation.Min ? comparison > 0 : comparison < 0) ? value : _value;
    }

    private void FoldBytes(FieldValue value)
    {
        if (operation == AggregationOperation.Sum)
        {
            if (_bytes is null)
            {
                _bytes = new ArrayBufferWriter<byte>();
                _bytes.Write(_value.AsBytes().Span);
            }

            _bytes.Write(value.AsBytes().Span);
            return;
        }

        _value = BytesFold.RightWins(operation, isText: false, _value.AsBytes().Span, value.AsBytes().Span) ? value : _value;
    }

    private void FoldMap(FieldValue value)
    {
        if (_entries.Count == 0)
        {
            AddEntries(_value);
        }

        AddEntries(value);
    }

    private void AddEntries(FieldValue map)
    {
        foreach (var (key, value) in map.AsMap())
        {
            if (_positions.TryGetValue(key, out int position))
            {
                _entries[position].Value.Fold(value);
                continue;
            }

            var fold = new ValueFold(new Field(field.Name, field.Type.ValueType!), operation);
            fold.Begin(value);
            _positions.Add(key, _entries.Count);
            _entries.Add((key, fold));
        }
    }
}
