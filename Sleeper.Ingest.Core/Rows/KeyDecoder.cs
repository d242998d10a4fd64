using System.Text;
using Sleeper.Ingest.Core.Schemas;

namespace Sleeper.Ingest.Core.Rows;

/// <summary>Turns the bytes of <see cref="KeyEncoder"/> back into a value. For single values; rows on their way to a file are decoded in bulk elsewhere.</summary>
internal static unsafe class KeyDecoder
{
    /// <summary>The smallest value of a key type in either order.</summary>
    public static FieldValue Smallest(FieldType type) => type.Kind switch
    {
        FieldTypeKind.Int => int.MinValue,
        FieldTypeKind.Long => long.MinValue,
        FieldTypeKind.String => "",
        _ => FieldValue.FromBytes(Array.Empty<byte>()),
    };

    /// <summary>The value of the field that begins at <paramref name="key"/>.</summary>
    public static FieldValue DecodeFirst(byte* key, FieldType type, KeyOrder order)
    {
        switch (type.Kind)
        {
            case FieldTypeKind.Int:
                return KeyEncoder.ReadInt(key);
            case FieldTypeKind.Long:
                return KeyEncoder.ReadLong(key);
            default:
                int encodedLength = KeyEncoder.EncodedLength(key);
                var bytes = new byte[encodedLength];
                bool isString = type.Kind == FieldTypeKind.String;
                int length = KeyEncoder.Decode(key, encodedLength, bytes, isString, order);
                return isString ? Encoding.UTF8.GetString(bytes, 0, length) : FieldValue.FromBytes(bytes.AsMemory(0, length));
        }
    }
}
