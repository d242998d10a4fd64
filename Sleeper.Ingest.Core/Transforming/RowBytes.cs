using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.Schemas;

namespace Sleeper.Ingest.Core.Transforming;

/// <summary>Ways through the bytes of an encoded row (<see cref="RowFormat"/>, <see cref="KeyEncoder"/>, <see cref="ValueEncoder"/>).</summary>
internal static unsafe class RowBytes
{
    /// <summary>Where the key field after this one begins.</summary>
    public static byte* SkipKey(FieldTypeKind kind, byte* key) => key + kind switch
    {
        FieldTypeKind.Int => KeyEncoder.IntBytes,
        FieldTypeKind.Long => KeyEncoder.LongBytes,
        _ => KeyEncoder.EncodedLength(key),
    };

    /// <summary>Where the value field after this one begins.</summary>
    public static byte* SkipValue(Field field, byte* value)
    {
        if (field.IsNullable && *value++ == 0)
        {
            return value;
        }

        switch (field.Type.Kind)
        {
            case FieldTypeKind.List:
                value += RowFormat.ReadVarint(value, out uint items);
                return SkipItems(field.Type.ElementType!.Kind, items, value);
            case FieldTypeKind.Map:
                value += RowFormat.ReadVarint(value, out uint entries);
                for (uint i = 0; i < entries; i++)
                {
                    value = SkipItem(field.Type.KeyType!.Kind, value);
                    value = SkipItem(field.Type.ValueType!.Kind, value);
                }

                return value;
            default:
                return SkipItem(field.Type.Kind, value);
        }
    }

    /// <summary>Behind a value of a primitive type that is there.</summary>
    public static byte* SkipItem(FieldTypeKind kind, byte* value)
    {
        switch (kind)
        {
            case FieldTypeKind.Int:
                return value + sizeof(int);
            case FieldTypeKind.Long:
                return value + sizeof(long);
            default:
                value += RowFormat.ReadVarint(value, out uint length);
                return value + length;
        }
    }

    private static byte* SkipItems(FieldTypeKind kind, uint items, byte* value)
    {
        for (uint i = 0; i < items; i++)
        {
            value = SkipItem(kind, value);
        }

        return value;
    }
}
