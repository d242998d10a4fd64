using System.Buffers.Binary;
using System.Text;

namespace Sleeper.Ingest.Core.StateStores.DynamoDb.Arrow;

/// <summary>A column of one record batch. Its buffers were checked when it was made: every value from 0 to <see cref="Length"/> can be read.</summary>
/// <remarks>
/// <code>
/// Utf8, Binary      validity bits, offsets i32 x (n + 1), bytes
/// Bool              validity bits, value bits
/// numbers, times    validity bits, values
/// List              validity bits, offsets i32 x (n + 1) into the child
/// Struct            validity bits
/// </code>
/// Bits are least-significant first; a validity bit 1 is "present"; no validity bits at all is "all present", if the null count is 0. A column of length 0 may
/// have an offsets buffer of length 0, against the format: the Java writer makes those.
/// </remarks>
internal sealed class ArrowColumn
{
    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);
    private readonly ReadOnlyMemory<byte> _validity;
    private readonly ReadOnlyMemory<byte> _offsets;
    private readonly ReadOnlyMemory<byte> _values;

    private ArrowColumn(
        ArrowField field, int length, ReadOnlyMemory<byte> validity, ReadOnlyMemory<byte> offsets, ReadOnlyMemory<byte> values, IReadOnlyList<ArrowColumn> children)
    {
        Field = field;
        Length = length;
        _validity = validity;
        _offsets = offsets;
        _values = values;
        Children = children;
    }

    public ArrowField Field { get; }

    public int Length { get; }

    public IReadOnlyList<ArrowColumn> Children { get; }

    /// <summary>Takes the next column's buffers, and those of the columns in it.</summary>
    /// <exception cref="ArrowFormatException">The buffers do not hold what the column needs.</exception>
    public static ArrowColumn Read(ArrowField field, ArrowBuffers buffers)
    {
        var (length, nulls) = buffers.NextNode(field.Name);
        var validity = buffers.Next(field.Name);
        if (validity.Length == 0 ? nulls > 0 : validity.Length < Bits(length))
        {
            throw new ArrowFormatException($"The column '{field.Name}' has {length} values, {nulls} of them null, but {validity.Length} bytes of validity.");
        }

        ReadOnlyMemory<byte> offsets = default;
        ReadOnlyMemory<byte> values = default;
        ArrowColumn[] children = [];
        switch (field.Type)
        {
            case ArrowType.Utf8 or ArrowType.Binary:
                offsets = buffers.Next(field.Name);
                values = buffers.Next(field.Name);
                CheckOffsets(field, length, offsets.Span, values.Length);
                break;
            case ArrowType.List:
                offsets = buffers.Next(field.Name);
                children = ReadChildren(field, buffers);
                CheckOffsets(field, length, offsets.Span, children[0].Length);
                break;
            case ArrowType.Struct:
                children = ReadChildren(field, buffers);
                RequireSameLength(field, length, children);
                break;
            default:
                values = buffers.Next(field.Name);
                RequireBytes(field, length, values.Length);
                break;
        }

        return new ArrowColumn(field, length, validity, offsets, values, children);
    }

    public bool IsNull(int index) => _validity.Length > 0 && !Bit(_validity.Span, index);

    public bool Flag(int index) => Bit(_values.Span, index);

    public int Int(int index) => BinaryPrimitives.ReadInt32LittleEndian(_values.Span[(index * sizeof(int))..]);

    /// <summary>The bits as a signed number, whatever the column's type says of the sign.</summary>
    public long Long(int index) => BinaryPrimitives.ReadInt64LittleEndian(_values.Span[(index * sizeof(long))..]);

    public byte[] Bytes(int index)
    {
        var (start, end) = Range(index);
        return _values.Span[start..end].ToArray();
    }

    /// <exception cref="ArrowFormatException">The bytes are no UTF-8, or the value is null.</exception>
    public string Text(int index) => OptionalText(index) ?? throw new ArrowFormatException($"The column '{Field.Name}' has a null where a text is needed.");

    public string? OptionalText(int index)
    {
        if (IsNull(index))
        {
            return null;
        }

        var (start, end) = Range(index);
        try
        {
            return StrictUtf8.GetString(_values.Span[start..end]);
        }
        catch (DecoderFallbackException)
        {
            throw new ArrowFormatException($"The column '{Field.Name}' has bytes at {start} that are no text.");
        }
    }

    /// <summary>The values of the child, or the bytes, that belong to a value: from, included, to, excluded.</summary>
    public (int Start, int End) Range(int index) => (Offset(_offsets.Span, index), Offset(_offsets.Span, index + 1));

    private static ArrowColumn[] ReadChildren(ArrowField field, ArrowBuffers buffers)
    {
        var children = new ArrowColumn[field.Children.Count];
        for (int i = 0; i < children.Length; i++)
        {
            children[i] = Read(field.Children[i], buffers);
        }

        return children;
    }

    private static void CheckOffsets(ArrowField field, int length, ReadOnlySpan<byte> offsets, int end)
    {
        if (length == 0)
        {
            return;
        }

        if (offsets.Length < (length + 1L) * sizeof(int))
        {
            throw new ArrowFormatException($"The column '{field.Name}' has {length} values, but {offsets.Length} bytes of offsets.");
        }

        int before = 0;
        for (int i = 0; i <= length; i++)
        {
            int offset = Offset(offsets, i);
            if (offset < before || offset > end)
            {
                throw new ArrowFormatException($"The column '{field.Name}' has the offset {offset} at {i}, after {before} and with {end} to point into.");
            }

            before = offset;
        }
    }

    private static void RequireSameLength(ArrowField field, int length, ArrowColumn[] children)
    {
        foreach (var child in children)
        {
            if (child.Length != length)
            {
                throw new ArrowFormatException($"The column '{field.Name}' has {length} values, but '{child.Field.Name}' in it has {child.Length}.");
            }
        }
    }

    private static void RequireBytes(ArrowField field, int length, int found)
    {
        long needed = field.Type switch
        {
            ArrowType.Bool => Bits(length),
            ArrowType.Int32 or ArrowType.UInt32 => (long)length * sizeof(int),
            _ => (long)length * sizeof(long),
        };
        if (found < needed)
        {
            throw new ArrowFormatException($"The column '{field.Name}' has {length} values, but {found} bytes of them.");
        }
    }

    private static long Bits(int count) => (count + 7L) / 8;

    private static bool Bit(ReadOnlySpan<byte> bits, int index) => (bits[index >> 3] & (1 << (index & 7))) != 0;

    private static int Offset(ReadOnlySpan<byte> offsets, int index) => BinaryPrimitives.ReadInt32LittleEndian(offsets[(index * sizeof(int))..]);
}
