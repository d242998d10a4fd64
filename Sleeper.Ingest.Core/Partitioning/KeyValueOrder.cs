using System.Runtime.InteropServices;
using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.Schemas;

namespace Sleeper.Ingest.Core.Partitioning;

/// <summary>Compares row-key values, for the few values that a partition tree is made of. Rows are compared by their encoded keys.</summary>
internal static class KeyValueOrder
{
    /// <summary>Negative, zero or positive. A prefix comes before what it is a prefix of.</summary>
    /// <exception cref="ArgumentException">The values are of different kinds, or of a kind that cannot be a key.</exception>
    public static int Compare(FieldValue left, FieldValue right, KeyOrder order)
    {
        if (left.Kind != right.Kind)
        {
            throw new ArgumentException($"A {left.Kind} and a {right.Kind} have no order. Give both values in the type of the row key.");
        }

        return left.Kind switch
        {
            FieldValueKind.Int => left.AsInt().CompareTo(right.AsInt()),
            FieldValueKind.Long => left.AsLong().CompareTo(right.AsLong()),
            FieldValueKind.String when order == KeyOrder.Java => string.CompareOrdinal(left.AsString(), right.AsString()),
            FieldValueKind.String => CompareByCodePoint(left.AsString(), right.AsString()),
            FieldValueKind.ByteArray when order == KeyOrder.Java =>
                MemoryMarshal.Cast<byte, sbyte>(left.AsBytes().Span).SequenceCompareTo(MemoryMarshal.Cast<byte, sbyte>(right.AsBytes().Span)),
            FieldValueKind.ByteArray => left.AsBytes().Span.SequenceCompareTo(right.AsBytes().Span),
            _ => throw new ArgumentException($"A value of kind {left.Kind} cannot be a row key. Row keys are int, long, string or byte array."),
        };
    }

    /// <summary>The first value of a type in both orders: what covers everything as a lower bound.</summary>
    public static FieldValue Minimum(FieldType type) => type.Kind switch
    {
        FieldTypeKind.Int => int.MinValue,
        FieldTypeKind.Long => long.MinValue,
        FieldTypeKind.String => "",
        FieldTypeKind.ByteArray => Array.Empty<byte>(),
        _ => throw new ArgumentException($"A field of type {type} cannot be a row key. Row keys are int, long, string or byte array."),
    };

    /// <summary>The kind of value that a row key of a type holds.</summary>
    public static FieldValueKind KindOf(FieldType type) => Minimum(type).Kind;

    /// <summary>
    /// UTF-8 order without encoding: it is the order of code points, and differs from that of UTF-16 units only where a surrogate (D800–DFFF,
    /// a code point above FFFF) meets a unit of E000–FFFF.
    /// </summary>
    private static int CompareByCodePoint(ReadOnlySpan<char> left, ReadOnlySpan<char> right)
    {
        int same = left.CommonPrefixLength(right);
        if (same == left.Length || same == right.Length)
        {
            return left.Length.CompareTo(right.Length);
        }

        char l = left[same];
        char r = right[same];
        return char.IsSurrogate(l) == char.IsSurrogate(r) ? l.CompareTo(r)
            : char.IsSurrogate(l) ? (r >= '\uE000' ? 1 : l.CompareTo(r))
            : (l >= '\uE000' ? -1 : l.CompareTo(r));
    }
}
