using Sleeper.Ingest.Core.Partitioning;
using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.Schemas;

namespace Sleeper.Ingest.Core.Reading;

/// <summary>Which rows are wanted, as a range of normalised keys.</summary>
/// <remarks>
/// The encoding of a field is never a prefix of another one and keeps the order, so a range of the first row key is a range of whole keys:
/// <c>min ≤ first &lt; max</c> exactly if <c>enc(min) ≤ key &lt; enc(max)</c>. Rows whose first row keys have given values are those whose key
/// begins with the bytes of these values: from these bytes on, below the same bytes plus one.
/// </remarks>
internal sealed class KeyFilter
{
    private KeyFilter(byte[] min, byte[]? max, IReadOnlyList<byte[]> exact, IReadOnlyList<FieldValue> rowKey)
    {
        Min = min;
        Max = max;
        Exact = exact;
        RowKey = rowKey;
    }

    /// <summary>Every row.</summary>
    public static KeyFilter Everything { get; } = new([], null, [], []);

    /// <summary>The smallest key that is wanted; empty for no bound.</summary>
    public byte[] Min { get; }

    /// <summary>The first key that is not wanted any more; null for no bound.</summary>
    public byte[]? Max { get; }

    /// <summary>For rows of given row keys: the encoded value of each row key that is given.</summary>
    public IReadOnlyList<byte[]> Exact { get; }

    /// <summary>The same as values.</summary>
    public IReadOnlyList<FieldValue> RowKey { get; }

    public bool IsEverything => Min.Length == 0 && Max is null;

    /// <summary>Rows with given values in their first row keys.</summary>
    /// <exception cref="ArgumentException">There are none or more values than row keys, or a value is not of its field's type.</exception>
    public static KeyFilter Exactly(Schema schema, KeyOrder order, IReadOnlyList<FieldValue> rowKey)
    {
        if (rowKey.Count == 0 || rowKey.Count > schema.RowKeyFields.Count)
        {
            throw new ArgumentException(
                $"{rowKey.Count} row key values were given, but rows of this table have {schema.RowKeyFields.Count} row keys "
                + $"[{string.Join(", ", schema.RowKeyFields)}]. Give a value for each, or for the first of them.");
        }

        byte[][] exact = [.. rowKey.Select((value, i) => Encode(schema.RowKeyFields[i], value, order))];
        byte[] prefix = [.. exact.SelectMany(bytes => bytes)];
        return new KeyFilter(prefix, Successor(prefix), exact, rowKey);
    }

    /// <summary>Rows whose first row key is at least <paramref name="min"/> and below <paramref name="max"/>; null for no bound.</summary>
    /// <exception cref="ArgumentException">A bound is not of the first row key's type.</exception>
    public static KeyFilter Between(Schema schema, KeyOrder order, FieldValue min, FieldValue max)
    {
        var field = schema.RowKeyFields[0];
        return new KeyFilter(min.IsNull ? [] : Encode(field, min, order), max.IsNull ? null : Encode(field, max, order), [], []);
    }

    private static byte[] Encode(Field field, FieldValue value, KeyOrder order)
    {
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

        return KeyEncoder.Encode(value, order);
    }

    /// <summary>The least key above all that begin with the prefix; null if there is none.</summary>
    private static byte[]? Successor(ReadOnlySpan<byte> prefix)
    {
        int last = prefix.LastIndexOfAnyExcept((byte)0xFF);
        if (last < 0)
        {
            return null;
        }

        byte[] successor = prefix[..(last + 1)].ToArray();
        successor[last]++;
        return successor;
    }
}
