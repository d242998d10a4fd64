using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Text;

namespace Sleeper.Ingest.Core.Parquet.Thrift;

/// <summary>
/// Reads the Thrift compact protocol (its picture is in ThriftCompactWriter.cs) from bytes that nobody vouches for: nesting is limited, every
/// length and count is held against the bytes that are left, and each fault is a <see cref="ParquetFormatException"/> with its byte offset.
/// </summary>
/// <remarks>
/// Pattern: <c>EnterStruct(); while (NextField(out short id)) { switch (id) { case 1: x = ReadI32(); break; default: Skip(); break; } }</c>.
/// Each field must be read or skipped before the next.
/// </remarks>
internal ref struct ThriftCompactReader
{
    /// <summary>Deepest nesting that can be allowed.</summary>
    public const int GreatestDepth = 64;

    private const int UsualDepth = 16;

    private readonly ReadOnlySpan<byte> _bytes;
    private readonly long _baseOffset;
    private readonly int _maxDepth;
    private OuterFieldIds _outerFieldIds;
    private int _position;
    private int _depth;
    private short _lastFieldId;
    private ThriftType _type;
    private bool _inList;

    /// <param name="bytes">What to read; may hold more than one struct.</param>
    /// <param name="baseOffset">Where in the file the bytes begin, for messages.</param>
    /// <param name="maxDepth">Deepest nesting, 1 to <see cref="GreatestDepth"/>.</param>
    public ThriftCompactReader(ReadOnlySpan<byte> bytes, long baseOffset = 0, int maxDepth = UsualDepth)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)maxDepth, (uint)GreatestDepth, nameof(maxDepth));
        _maxDepth = maxDepth;
        _bytes = bytes;
        _baseOffset = baseOffset;
        _type = ThriftType.Struct;
    }

    /// <summary>Bytes read so far.</summary>
    public readonly int Position => _position;

    /// <summary>Where the next byte lies in the file.</summary>
    public readonly long Offset => _baseOffset + _position;

    public void EnterStruct()
    {
        Expect(ThriftType.Struct);
        if (_depth == _maxDepth)
        {
            ThrowTooDeep();
        }

        _outerFieldIds[_depth++] = _lastFieldId;
        _lastFieldId = 0;
    }

    /// <summary>Goes to the next field of the innermost struct; false at its end, which is then left.</summary>
    public bool NextField(out short id)
    {
        byte header = ReadByte();
        ThriftType type = (ThriftType)(header & 0x0F);
        if (type == ThriftType.Stop)
        {
            id = 0;
            _lastFieldId = _outerFieldIds[--_depth];
            _type = ThriftType.Struct;
            return false;
        }

        int step = header >> 4;
        long next = step == 0 ? ReadZigZag() : _lastFieldId + step;
        if (next is < short.MinValue or > short.MaxValue || type > ThriftType.Uuid)
        {
            Throw($"the field header 0x{header:X2} gives field {next} of type {(int)type}");
        }

        id = _lastFieldId = (short)next;
        _type = type;
        _inList = false;
        return true;
    }

    public bool ReadBool()
    {
        if (_type is not (ThriftType.True or ThriftType.False))
        {
            ThrowType(ThriftType.True);
        }

        return _inList ? ReadByte() == (byte)ThriftType.True : _type == ThriftType.True;
    }

    public sbyte ReadI8()
    {
        Expect(ThriftType.I8);
        return (sbyte)ReadByte();
    }

    public short ReadI16()
    {
        Expect(ThriftType.I16);
        long value = ReadZigZag();
        if (value is < short.MinValue or > short.MaxValue)
        {
            Throw($"{value} does not fit the 16 bits of its field");
        }

        return (short)value;
    }

    public int ReadI32()
    {
        Expect(ThriftType.I32);
        long value = ReadZigZag();
        if (value is < int.MinValue or > int.MaxValue)
        {
            Throw($"{value} does not fit the 32 bits of its field");
        }

        return (int)value;
    }

    public long ReadI64()
    {
        Expect(ThriftType.I64);
        return ReadZigZag();
    }

    public ReadOnlySpan<byte> ReadBinary()
    {
        Expect(ThriftType.Binary);
        ulong length = ReadVarInt();
        if (length > (ulong)(_bytes.Length - _position))
        {
            ThrowLength(length, "a string of {0} bytes");
        }

        ReadOnlySpan<byte> value = _bytes.Slice(_position, (int)length);
        _position += (int)length;
        return value;
    }

    public string ReadString() => Encoding.UTF8.GetString(ReadBinary());

    /// <summary>Enters a list; so many elements follow, each at least one byte long.</summary>
    public int ReadListHeader()
    {
        if (_type is not (ThriftType.List or ThriftType.Set))
        {
            ThrowType(ThriftType.List);
        }

        byte header = ReadByte();
        ulong count = (ulong)header >> 4;
        if (count == 15)
        {
            count = ReadVarInt();
        }

        if (count > (ulong)(_bytes.Length - _position))
        {
            ThrowLength(count, "a list of {0} elements");
        }

        _type = (ThriftType)(header & 0x0F);
        _inList = true;
        return (int)count;
    }

    public long[] ReadI64List()
    {
        var values = new long[ReadListHeader()];
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = ReadI64();
        }

        return values;
    }

    public bool[] ReadBoolList()
    {
        var values = new bool[ReadListHeader()];
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = ReadBool();
        }

        return values;
    }

    public byte[][] ReadBinaryList()
    {
        var values = new byte[ReadListHeader()][];
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = ReadBinary().ToArray();
        }

        return values;
    }

    public string[] ReadStringList()
    {
        var values = new string[ReadListHeader()];
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = ReadString();
        }

        return values;
    }

    /// <summary>Steps over the value that is next, whatever it is.</summary>
    public void Skip() => Skip(_type, _inList, _depth);

    /// <summary>Fails with a message about the metadata at the present offset.</summary>
    [DoesNotReturn]
    public readonly void Throw(string what) =>
        throw new ParquetFormatException($"Metadata at byte {Offset:N0}: {what}.") { Offset = Offset };

    private void Skip(ThriftType type, bool inList, int depth)
    {
        switch (type)
        {
            case ThriftType.True or ThriftType.False:
                SkipBytes(inList ? 1u : 0u);
                break;
            case ThriftType.I8:
                SkipBytes(1);
                break;
            case ThriftType.I16 or ThriftType.I32 or ThriftType.I64:
                ReadVarInt();
                break;
            case ThriftType.Double:
                SkipBytes(8);
                break;
            case ThriftType.Uuid:
                SkipBytes(16);
                break;
            case ThriftType.Binary:
                SkipBytes(ReadVarInt());
                break;
            case ThriftType.List or ThriftType.Set:
                SkipList(depth);
                break;
            case ThriftType.Map:
                SkipMap(depth);
                break;
            case ThriftType.Struct:
                SkipStruct(depth);
                break;
            default:
                Throw($"type {(int)type} is none of the protocol's");
                break;
        }
    }

    private void SkipStruct(int depth)
    {
        CheckDepth(depth);
        while (true)
        {
            byte header = ReadByte();
            ThriftType type = (ThriftType)(header & 0x0F);
            if (type == ThriftType.Stop)
            {
                return;
            }

            if (header >> 4 == 0)
            {
                ReadVarInt();
            }

            Skip(type, inList: false, depth + 1);
        }
    }

    private void SkipList(int depth)
    {
        CheckDepth(depth);
        _type = ThriftType.List;
        int count = ReadListHeader();
        ThriftType elementType = _type;
        for (int i = 0; i < count; i++)
        {
            Skip(elementType, inList: true, depth + 1);
        }
    }

    private void SkipMap(int depth)
    {
        CheckDepth(depth);
        ulong count = ReadVarInt();
        if (count == 0)
        {
            return;
        }

        if (count > (ulong)(_bytes.Length - _position))
        {
            ThrowLength(count, "a map of {0} entries");
        }

        byte types = ReadByte();
        for (ulong i = 0; i < count; i++)
        {
            Skip((ThriftType)(types >> 4), inList: true, depth + 1);
            Skip((ThriftType)(types & 0x0F), inList: true, depth + 1);
        }
    }

    private readonly void CheckDepth(int depth)
    {
        if (depth >= _maxDepth)
        {
            ThrowTooDeep();
        }
    }

    private void SkipBytes(ulong count)
    {
        if (count > (ulong)(_bytes.Length - _position))
        {
            ThrowLength(count, "a value of {0} bytes");
        }

        _position += (int)count;
    }

    private byte ReadByte()
    {
        if (_position >= _bytes.Length)
        {
            Throw("it ends in the middle of a value");
        }

        return _bytes[_position++];
    }

    private long ReadZigZag()
    {
        ulong value = ReadVarInt();
        return (long)(value >> 1) ^ -(long)(value & 1);
    }

    private ulong ReadVarInt()
    {
        ulong value = 0;
        for (int shift = 0; shift < 70; shift += 7)
        {
            byte next = ReadByte();
            value |= (ulong)(next & 0x7F) << shift;
            if (next < 0x80)
            {
                return value;
            }
        }

        Throw("a number is longer than ten bytes");
        return 0;
    }

    private readonly void Expect(ThriftType type)
    {
        if (_type != type)
        {
            ThrowType(type);
        }
    }

    [DoesNotReturn]
    private readonly void ThrowType(ThriftType expected) => Throw($"field {_lastFieldId} has type {_type}, expected {expected}");

    [DoesNotReturn]
    private readonly void ThrowTooDeep() =>
        throw ParquetFormatException.AboveLimit(
            $"Metadata at byte {Offset:N0}: structures are nested more than {_maxDepth} deep.", nameof(ParquetReaderLimits.MaxMetadataDepth), Offset);

    [DoesNotReturn]
    private readonly void ThrowLength(ulong claimed, string what) =>
        Throw($"it claims {string.Format(System.Globalization.CultureInfo.InvariantCulture, what, claimed)}, but {_bytes.Length - _position} bytes are left");

    [InlineArray(GreatestDepth)]
    private struct OuterFieldIds
    {
        private short _first;
    }
}
