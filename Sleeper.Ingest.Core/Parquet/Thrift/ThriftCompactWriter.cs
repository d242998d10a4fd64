using System.Text;
using Sleeper.Ingest.Core.Buffers;

namespace Sleeper.Ingest.Core.Parquet.Thrift;

// struct   = field* 00
// field    = (id - previous id) << 4 | type            when the step is 1..15
//          | type, zigzag id                           otherwise
//            then the value (none for a boolean: it is the type, 1 true, 2 false)
// i8       = one byte;  i16, i32, i64 = zigzag ULEB128
// binary   = ULEB128 length, bytes
// list     = count << 4 | element type                 when the count is below 15
//          | F0 | element type, ULEB128 count          otherwise
//            then the elements (a boolean as one byte, 1 or 2)

/// <summary>Writes the Thrift compact protocol, in which all Parquet metadata is written. Not thread-safe.</summary>
internal sealed class ThriftCompactWriter
{
    private const int MaxDepth = 16;

    private readonly ByteBuffer _buffer;
    private readonly short[] _outerFieldIds = new short[MaxDepth];
    private int _depth;
    private short _lastFieldId;

    public ThriftCompactWriter(ByteBuffer buffer) => _buffer = buffer;

    public ByteBuffer Buffer => _buffer;

    public void BeginStruct()
    {
        _outerFieldIds[_depth++] = _lastFieldId;
        _lastFieldId = 0;
    }

    public void EndStruct()
    {
        _buffer.Append((byte)ThriftType.Stop);
        _lastFieldId = _outerFieldIds[--_depth];
    }

    /// <summary>Starts a field that holds a struct; the struct itself must follow.</summary>
    public void StructField(short id) => FieldHeader(id, ThriftType.Struct);

    /// <summary>Writes a field that holds a struct without fields.</summary>
    public void EmptyStructField(short id)
    {
        FieldHeader(id, ThriftType.Struct);
        _buffer.Append((byte)ThriftType.Stop);
    }

    public void BoolField(short id, bool value) => FieldHeader(id, value ? ThriftType.True : ThriftType.False);

    public void I8Field(short id, sbyte value)
    {
        FieldHeader(id, ThriftType.I8);
        _buffer.Append((byte)value);
    }

    public void I16Field(short id, short value)
    {
        FieldHeader(id, ThriftType.I16);
        _buffer.AppendZigZag(value);
    }

    public void I32Field(short id, int value)
    {
        FieldHeader(id, ThriftType.I32);
        _buffer.AppendZigZag(value);
    }

    public void I64Field(short id, long value)
    {
        FieldHeader(id, ThriftType.I64);
        _buffer.AppendZigZag(value);
    }

    public void BinaryField(short id, ReadOnlySpan<byte> value)
    {
        FieldHeader(id, ThriftType.Binary);
        Binary(value);
    }

    public void StringField(short id, string value)
    {
        FieldHeader(id, ThriftType.Binary);
        String(value);
    }

    /// <summary>Starts a field that holds a list; its elements must follow.</summary>
    public void ListField(short id, ThriftType elementType, int count)
    {
        FieldHeader(id, ThriftType.List);
        if (count < 15)
        {
            _buffer.Append((byte)((count << 4) | (int)elementType));
        }
        else
        {
            _buffer.Append((byte)(0xF0 | (int)elementType));
            _buffer.AppendVarInt((uint)count);
        }
    }

    public void I64ListField(short id, IReadOnlyList<long> values)
    {
        ListField(id, ThriftType.I64, values.Count);
        for (int i = 0; i < values.Count; i++)
        {
            _buffer.AppendZigZag(values[i]);
        }
    }

    public void BoolListField(short id, IReadOnlyList<bool> values)
    {
        ListField(id, ThriftType.True, values.Count);
        for (int i = 0; i < values.Count; i++)
        {
            _buffer.Append((byte)(values[i] ? ThriftType.True : ThriftType.False));
        }
    }

    public void BinaryListField(short id, IReadOnlyList<byte[]> values)
    {
        ListField(id, ThriftType.Binary, values.Count);
        for (int i = 0; i < values.Count; i++)
        {
            Binary(values[i]);
        }
    }

    public void StringListField(short id, IReadOnlyList<string> values)
    {
        ListField(id, ThriftType.Binary, values.Count);
        for (int i = 0; i < values.Count; i++)
        {
            String(values[i]);
        }
    }

    /// <summary>One element of a list of i32.</summary>
    public void I32(int value) => _buffer.AppendZigZag(value);

    private void String(string value)
    {
        int length = Encoding.UTF8.GetByteCount(value);
        _buffer.AppendVarInt((uint)length);
        Encoding.UTF8.GetBytes(value, _buffer.Reserve(length));
        _buffer.Advance(length);
    }

    private void Binary(ReadOnlySpan<byte> value)
    {
        _buffer.AppendVarInt((uint)value.Length);
        _buffer.Append(value);
    }

    private void FieldHeader(short id, ThriftType type)
    {
        int step = id - _lastFieldId;
        if (step is > 0 and <= 15)
        {
            _buffer.Append((byte)((step << 4) | (int)type));
        }
        else
        {
            _buffer.Append((byte)type);
            _buffer.AppendZigZag(id);
        }

        _lastFieldId = id;
    }
}
