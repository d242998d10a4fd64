using System.Buffers.Text;
using System.Text;
using System.Text.Json;
using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.Schemas;

namespace Sleeper.Ingest.Core.Partitioning;

/// <summary>One partition as JSON, as the Java system keeps it in its partition log.</summary>
/// <remarks>
/// <code>
/// {"partitionId":"west","isLeafPartition":true,"parentPartitionId":"root","childPartitionIds":[],
///  "region":{"area":{"min":"","minInclusive":true,"max":"bQ==","maxInclusive":false},
///            "id":{"min":-9223372036854775808,"minInclusive":true,"maxInclusive":false},"stringsBase64Encoded":true},
///  "dimension":-1}
/// </code>
/// A root has no parentPartitionId, an unbounded range no max. Ints and longs are numbers; text is the base64 of its UTF-8 bytes, or plain where
/// stringsBase64Encoded is false; byte arrays are base64 always. The types are the schema's: the JSON alone cannot be read. Unknown members of
/// a partition are ignored, null means absent, members come in any order.
/// </remarks>
internal static class PartitionJson
{
    private const string Flag = "stringsBase64Encoded";
    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    public static void Write(Utf8JsonWriter json, Partition partition)
    {
        json.WriteStartObject();
        json.WriteString("partitionId", partition.Id);
        json.WriteBoolean("isLeafPartition", partition.IsLeaf);
        if (partition.ParentId is not null)
        {
            json.WriteString("parentPartitionId", partition.ParentId);
        }

        json.WriteStartArray("childPartitionIds");
        foreach (string child in partition.ChildIds)
        {
            json.WriteStringValue(child);
        }

        json.WriteEndArray();
        json.WriteStartObject("region");
        foreach (var range in partition.Region.Ranges)
        {
            if (range.FieldName == Flag)
            {
                throw new ArgumentException($"A row key cannot be called '{Flag}': the JSON of a region uses that name itself. Rename the field.");
            }

            json.WriteStartObject(range.FieldName);
            WriteBound(json, "min", range.Min);
            json.WriteBoolean("minInclusive", true);
            if (!range.Max.IsNull)
            {
                WriteBound(json, "max", range.Max);
            }

            json.WriteBoolean("maxInclusive", false);
            json.WriteEndObject();
        }

        json.WriteBoolean(Flag, true);
        json.WriteEndObject();
        json.WriteNumber("dimension", partition.Dimension);
        json.WriteEndObject();
    }

    /// <exception cref="PartitionFormatException">A member is missing or of another type, a range is not from min, included, to max, excluded.</exception>
    public static Partition Read(JsonElement json, Schema schema)
    {
        if (json.ValueKind != JsonValueKind.Object)
        {
            throw new PartitionFormatException($"A partition is a JSON object, but a JSON {json.ValueKind} was found.");
        }

        string id = Optional(json, "partitionId") is { ValueKind: JsonValueKind.String } idJson
            ? Text(idJson, "?", "partitionId")
            : throw new PartitionFormatException("A partition has no 'partitionId', or it is no string.");
        bool isLeaf = Required(json, id, "isLeafPartition") is { ValueKind: JsonValueKind.True or JsonValueKind.False } leafJson
            ? leafJson.GetBoolean()
            : throw Wrong(id, "isLeafPartition", "true or false");
        string? parent = Optional(json, "parentPartitionId") is { } parentJson ? Text(parentJson, id, "parentPartitionId") : null;
        var childrenJson = Required(json, id, "childPartitionIds");
        if (childrenJson.ValueKind != JsonValueKind.Array)
        {
            throw Wrong(id, "childPartitionIds", "an array of strings");
        }

        string[] children = [.. childrenJson.EnumerateArray().Select(child => Text(child, id, "childPartitionIds"))];
        if (isLeaf != (children.Length == 0))
        {
            throw new PartitionFormatException(
                $"Partition '{id}' says isLeafPartition = {(isLeaf ? "true" : "false")}, but has {children.Length} children.");
        }

        int dimension = Required(json, id, "dimension") is { ValueKind: JsonValueKind.Number } number && number.TryGetInt32(out int value)
            ? value
            : throw Wrong(id, "dimension", "an integer");
        return new Partition(id, parent, children, ReadRegion(Required(json, id, "region"), id, schema), dimension);
    }

    private static Region ReadRegion(JsonElement json, string id, Schema schema)
    {
        if (json.ValueKind != JsonValueKind.Object)
        {
            throw Wrong(id, "region", "an object");
        }

        foreach (var member in json.EnumerateObject())
        {
            string name = NameOf(member);
            if (name != Flag && !schema.RowKeyFields.Any(f => f.Name == name))
            {
                throw new PartitionFormatException(
                    $"The region of partition '{id}' has a range for '{name}', which is no row key. The row keys of the schema are "
                    + $"[{string.Join(", ", schema.RowKeyFields)}].");
            }
        }

        bool base64 = Optional(json, Flag) is not { ValueKind: JsonValueKind.False };
        return new Region([.. schema.RowKeyFields.Select(field => ReadRange(json, id, field, base64))]);
    }

    private static KeyRange ReadRange(JsonElement region, string id, Field field, bool base64)
    {
        if (Optional(region, field.Name) is not { } json)
        {
            // The Java system lets a missing range hold every value.
            return new KeyRange(field.Name, KeyValueOrder.Minimum(field.Type), FieldValue.Null);
        }

        if (json.ValueKind != JsonValueKind.Object)
        {
            throw Wrong(id, $"region.{field.Name}", "an object");
        }

        var min = Optional(json, "min") is { } minJson
            ? ReadBound(minJson, id, field, base64)
            : throw new PartitionFormatException($"The range of row key '{field.Name}' of partition '{id}' has no 'min'. It is needed, also where it is the smallest value.");
        var max = Optional(json, "max") is { } maxJson ? ReadBound(maxJson, id, field, base64) : FieldValue.Null;
        bool minInclusive = Optional(json, "minInclusive") is not { ValueKind: JsonValueKind.False };
        bool maxInclusive = Optional(json, "maxInclusive") is { ValueKind: JsonValueKind.True };
        if (!minInclusive || (maxInclusive && !max.IsNull))
        {
            throw new PartitionFormatException(
                $"The range of row key '{field.Name}' of partition '{id}' excludes its minimum or includes its maximum. The ranges of partitions include the one and exclude the other.");
        }

        return new KeyRange(field.Name, min, max);
    }

    private static void WriteBound(Utf8JsonWriter json, string name, FieldValue value)
    {
        switch (value.Kind)
        {
            case FieldValueKind.Int:
                json.WriteNumber(name, value.AsInt());
                break;
            case FieldValueKind.Long:
                json.WriteNumber(name, value.AsLong());
                break;
            case FieldValueKind.String:
                json.WriteBase64String(name, StrictUtf8.GetBytes(value.AsString()));
                break;
            default:
                json.WriteBase64String(name, value.AsBytes().Span);
                break;
        }
    }

    private static FieldValue ReadBound(JsonElement json, string id, Field field, bool base64)
    {
        string member = $"region.{field.Name}";
        switch (field.Type.Kind)
        {
            case FieldTypeKind.Int:
                return json.ValueKind == JsonValueKind.Number && json.TryGetInt32(out int i) ? i : throw Wrong(id, member, "a 32-bit integer");
            case FieldTypeKind.Long:
                return json.ValueKind == JsonValueKind.Number && json.TryGetInt64(out long l) ? l : throw Wrong(id, member, "a 64-bit integer");
            case FieldTypeKind.String when !base64:
                return Text(json, id, member);
            default:
                string text = Text(json, id, member);
                byte[] bytes = new byte[Base64.GetMaxDecodedFromUtf8Length(text.Length)];
                if (!Convert.TryFromBase64String(text, bytes, out int length))
                {
                    throw Wrong(id, member, "base64");
                }

                return field.Type.Kind == FieldTypeKind.String ? Decode(bytes.AsSpan(0, length), id, member) : bytes[..length];
        }
    }

    private static string Decode(ReadOnlySpan<byte> utf8, string id, string member)
    {
        try
        {
            return StrictUtf8.GetString(utf8);
        }
        catch (DecoderFallbackException)
        {
            throw Wrong(id, member, "the base64 of UTF-8 text");
        }
    }

    private static string Text(JsonElement json, string id, string member)
    {
        try
        {
            return json.ValueKind == JsonValueKind.String ? json.GetString()! : throw Wrong(id, member, "a string");
        }
        catch (InvalidOperationException)
        {
            throw Wrong(id, member, "text: it has bytes that are no UTF-8, or half of a surrogate pair");
        }
    }

    private static string NameOf(JsonProperty member)
    {
        try
        {
            return member.Name;
        }
        catch (InvalidOperationException)
        {
            throw NameIsNoText();
        }
    }

    private static JsonElement? Optional(JsonElement json, string member)
    {
        try
        {
            return json.TryGetProperty(member, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;
        }
        catch (InvalidOperationException)
        {
            throw NameIsNoText();
        }
    }

    private static JsonElement Required(JsonElement json, string id, string member) =>
        Optional(json, member) ?? throw new PartitionFormatException($"Partition '{id}' has no '{member}'.");

    private static PartitionFormatException NameIsNoText() =>
        new("A member of a partition has a name with bytes that are no UTF-8, or with half of a surrogate pair.");

    private static PartitionFormatException Wrong(string id, string member, string wanted) =>
        new($"Member '{member}' of partition '{id}' is not {wanted}.");
}
