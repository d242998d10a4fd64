using System.Buffers.Binary;
using System.Text;

namespace Sleeper.Ingest.Core.StateStores.DynamoDb.Arrow;

/// <summary>One table of a FlatBuffers message: what Arrow's metadata is made of. Every offset is checked against the message before it is followed.</summary>
/// <remarks>
/// <code>
/// message      u32 offset of the root table, ...
/// table at p   i32 distance back to its vtable, then the fields' values
/// vtable       u16 its own size, u16 size of the table, then for each slot a u16: the field's place in the table, 0 if absent
/// string, vector, table in a field: u32 offset from the field's own place; vectors and strings begin with a u32 count; vectors of structs are inline
/// </code>
/// Little-endian.
/// </remarks>
internal readonly struct FlatTable
{
    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);
    private readonly ReadOnlyMemory<byte> _message;
    private readonly int _position;
    private readonly int _vtable;
    private readonly int _slots;

    private FlatTable(ReadOnlyMemory<byte> message, long position)
    {
        _message = message;
        _position = Place(message, position, sizeof(int));
        _vtable = Place(message, _position - (long)BinaryPrimitives.ReadInt32LittleEndian(message.Span[_position..]), 2 * sizeof(ushort));
        int size = BinaryPrimitives.ReadUInt16LittleEndian(message.Span[_vtable..]);
        Place(message, _vtable, size);
        _slots = Math.Max(0, (size / sizeof(ushort)) - 2);
    }

    /// <summary>The table that a message begins with.</summary>
    public static FlatTable Root(ReadOnlyMemory<byte> message)
    {
        int start = Place(message, 0, sizeof(uint));
        return new FlatTable(message, BinaryPrimitives.ReadUInt32LittleEndian(message.Span[start..]));
    }

    public bool Has(int slot) => FieldOf(slot, 1) >= 0;

    public bool Flag(int slot) => FieldOf(slot, 1) is var at and >= 0 && _message.Span[at] != 0;

    public byte Byte(int slot) => FieldOf(slot, 1) is var at and >= 0 ? _message.Span[at] : (byte)0;

    public short Short(int slot) => FieldOf(slot, sizeof(short)) is var at and >= 0 ? BinaryPrimitives.ReadInt16LittleEndian(_message.Span[at..]) : (short)0;

    public int Int(int slot) => FieldOf(slot, sizeof(int)) is var at and >= 0 ? BinaryPrimitives.ReadInt32LittleEndian(_message.Span[at..]) : 0;

    public long Long(int slot) => FieldOf(slot, sizeof(long)) is var at and >= 0 ? BinaryPrimitives.ReadInt64LittleEndian(_message.Span[at..]) : 0;

    /// <summary>The table in a field; null if absent.</summary>
    public FlatTable? Table(int slot) => Follow(slot) is { } at ? new FlatTable(_message, at) : null;

    /// <summary>The text in a field; empty if absent.</summary>
    public string Text(int slot)
    {
        if (Follow(slot) is not { } at)
        {
            return "";
        }

        var (start, count) = Vector(at, elementBytes: 1);
        try
        {
            return StrictUtf8.GetString(_message.Span.Slice(start, count));
        }
        catch (DecoderFallbackException)
        {
            throw new ArrowFormatException($"The metadata has a name at byte {start} that is no text.");
        }
    }

    /// <summary>The tables of a vector; none if absent.</summary>
    public FlatTable[] Tables(int slot)
    {
        if (Follow(slot) is not { } at)
        {
            return [];
        }

        var (start, count) = Vector(at, sizeof(uint));
        var tables = new FlatTable[count];
        for (int i = 0; i < count; i++)
        {
            int element = start + (i * sizeof(uint));
            tables[i] = new FlatTable(_message, element + (long)BinaryPrimitives.ReadUInt32LittleEndian(_message.Span[element..]));
        }

        return tables;
    }

    /// <summary>The structs of two 64-bit numbers of a vector; none if absent.</summary>
    public (long First, long Second)[] Pairs(int slot)
    {
        if (Follow(slot) is not { } at)
        {
            return [];
        }

        var (start, count) = Vector(at, 2 * sizeof(long));
        var pairs = new (long, long)[count];
        for (int i = 0; i < count; i++)
        {
            var element = _message.Span[(start + (i * 2 * sizeof(long)))..];
            pairs[i] = (BinaryPrimitives.ReadInt64LittleEndian(element), BinaryPrimitives.ReadInt64LittleEndian(element[sizeof(long)..]));
        }

        return pairs;
    }

    private static int Place(ReadOnlyMemory<byte> message, long at, long length) =>
        at >= 0 && length >= 0 && at <= message.Length - length
            ? (int)at
            : throw new ArrowFormatException($"The metadata, {message.Length} bytes long, points to {length} bytes at byte {at}.");

    /// <summary>Where a field's value is; -1 if it is absent.</summary>
    private int FieldOf(int slot, int length)
    {
        if (slot >= _slots)
        {
            return -1;
        }

        int offset = BinaryPrimitives.ReadUInt16LittleEndian(_message.Span[(_vtable + (2 * sizeof(ushort)) + (slot * sizeof(ushort)))..]);
        return offset == 0 ? -1 : Place(_message, _position + (long)offset, length);
    }

    private long? Follow(int slot) =>
        FieldOf(slot, sizeof(uint)) is var at and >= 0 ? at + (long)BinaryPrimitives.ReadUInt32LittleEndian(_message.Span[at..]) : null;

    private (int Start, int Count) Vector(long at, int elementBytes)
    {
        int place = Place(_message, at, sizeof(uint));
        uint count = BinaryPrimitives.ReadUInt32LittleEndian(_message.Span[place..]);
        return (Place(_message, place + sizeof(uint), (long)count * elementBytes), (int)count);
    }
}
