namespace Sleeper.Ingest.Core.Schemas;

/// <summary>The kinds of value a field can hold.</summary>
public enum FieldTypeKind
{
    /// <summary>Signed 32-bit integer.</summary>
    Int,

    /// <summary>Signed 64-bit integer.</summary>
    Long,

    /// <summary>Unicode text without unpaired surrogates.</summary>
    String,

    /// <summary>Bytes of any length.</summary>
    ByteArray,

    /// <summary>A list of one primitive type; elements are never null.</summary>
    List,

    /// <summary>Pairs of one primitive key type and one primitive value type, in the order given; neither is ever null.</summary>
    Map,
}

/// <summary>
/// The type of a field: one of four primitives, or a list or map of primitives, one level deep.
/// These are the types of a Sleeper table; there are no floats, booleans, decimals or timestamps.
/// </summary>
public sealed class FieldType : IEquatable<FieldType>
{
    private FieldType(FieldTypeKind kind, FieldType? elementType = null, FieldType? keyType = null, FieldType? valueType = null)
    {
        Kind = kind;
        ElementType = elementType;
        KeyType = keyType;
        ValueType = valueType;
    }

    /// <summary>Signed 32-bit integer (<c>IntType</c>).</summary>
    public static FieldType Int { get; } = new(FieldTypeKind.Int);

    /// <summary>Signed 64-bit integer (<c>LongType</c>).</summary>
    public static FieldType Long { get; } = new(FieldTypeKind.Long);

    /// <summary>Text (<c>StringType</c>).</summary>
    public static FieldType String { get; } = new(FieldTypeKind.String);

    /// <summary>Bytes (<c>ByteArrayType</c>).</summary>
    public static FieldType ByteArray { get; } = new(FieldTypeKind.ByteArray);

    /// <summary>What kind of value this is.</summary>
    public FieldTypeKind Kind { get; }

    /// <summary>True for int, long, string and byte array: the types that a key, a list element or a map entry can have.</summary>
    public bool IsPrimitive => Kind <= FieldTypeKind.ByteArray;

    /// <summary>The type of a list's elements; null for other kinds.</summary>
    public FieldType? ElementType { get; }

    /// <summary>The type of a map's keys; null for other kinds.</summary>
    public FieldType? KeyType { get; }

    /// <summary>The type of a map's values; null for other kinds.</summary>
    public FieldType? ValueType { get; }

    /// <summary>A list of a primitive type.</summary>
    /// <exception cref="ArgumentException">The element type is a list or a map.</exception>
    public static FieldType List(FieldType elementType)
    {
        RequirePrimitive(elementType, nameof(elementType));
        return new FieldType(FieldTypeKind.List, elementType: elementType);
    }

    /// <summary>A map from a primitive type to a primitive type.</summary>
    /// <exception cref="ArgumentException">A type is a list or a map.</exception>
    public static FieldType Map(FieldType keyType, FieldType valueType)
    {
        RequirePrimitive(keyType, nameof(keyType));
        RequirePrimitive(valueType, nameof(valueType));
        return new FieldType(FieldTypeKind.Map, keyType: keyType, valueType: valueType);
    }

    /// <inheritdoc/>
    public bool Equals(FieldType? other) =>
        other is not null && Kind == other.Kind && Equals(ElementType, other.ElementType)
        && Equals(KeyType, other.KeyType) && Equals(ValueType, other.ValueType);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as FieldType);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Kind, ElementType, KeyType, ValueType);

    /// <summary>For example <c>Int</c>, <c>List(String)</c> or <c>Map(String, Long)</c>.</summary>
    public override string ToString() => Kind switch
    {
        FieldTypeKind.List => $"List({ElementType})",
        FieldTypeKind.Map => $"Map({KeyType}, {ValueType})",
        _ => Kind.ToString(),
    };

    private static void RequirePrimitive(FieldType type, string parameter)
    {
        ArgumentNullException.ThrowIfNull(type, parameter);
        if (!type.IsPrimitive)
        {
            throw new ArgumentException(
                $"A list or map holds primitive values only (Int, Long, String, ByteArray); the given type is {type}. Nesting is one level deep.",
                parameter);
        }
    }
}
