using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Unicode;

namespace Sleeper.Ingest.Core.Schemas;

/// <summary>The JSON of a schema, both ways.</summary>
/// <remarks>
/// <code>
/// { "rowKeyFields":  [ field, ... ],        all three lists always, in this order
///   "sortKeyFields": [ field, ... ],
///   "valueFields":   [ field, ... ] }
/// field      { "name": string, "type": type, "nullable": true }        "nullable" only if true
/// type       primitive | { "ListType": { "elementType": primitive } } | { "MapType": { "keyType": primitive, "valueType": primitive } }
/// primitive  "IntType" | "LongType" | "StringType" | "ByteArrayType"
/// </code>
/// UTF-8. Strings escape <c>&lt; &gt; &amp; = '</c> as the original does, and a few more: compare schemas as values, never as text.
/// </remarks>
internal static class SchemaJson
{
    private const string Whole = "$";

    private static readonly JavaScriptEncoder Encoder = CreateEncoder();

    internal static string Write(Schema schema, bool indented)
    {
        var bytes = new ArrayBufferWriter<byte>();
        var options = new JsonWriterOptions { Encoder = Encoder, Indented = indented, IndentSize = 2, NewLine = "\n" };
        using (var json = new Utf8JsonWriter(bytes, options))
        {
            json.WriteStartObject();
            WriteFields(json, "rowKeyFields", schema.RowKeyFields);
            WriteFields(json, "sortKeyFields", schema.SortKeyFields);
            WriteFields(json, "valueFields", schema.ValueFields);
            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(bytes.WrittenSpan);
    }

    internal static Schema Read(string json)
    {
        if (string.IsNullOrWhiteSpace(json))
        {
            throw new SchemaFormatException(Whole, "The JSON of the schema is empty. Give an object with at least 'rowKeyFields'.");
        }

        using var document = ParseDocument(json);
        var root = document.RootElement;
        if (root.ValueKind != JsonValueKind.Object)
        {
            throw Fault(Whole, $"A schema is a JSON object with at least 'rowKeyFields', but this is {Describe(root)}.");
        }

        var rowKeys = ReadFields(root, "rowKeyFields");
        var sortKeys = ReadFields(root, "sortKeyFields");
        var values = ReadFields(root, "valueFields");
        try
        {
            return new Schema(rowKeys, sortKeys, values);
        }
        catch (ArgumentException e)
        {
            throw new SchemaFormatException(Whole, e.Message, e);
        }
    }

    private static JavaScriptEncoder CreateEncoder()
    {
        var allowed = new TextEncoderSettings(UnicodeRanges.All);
        allowed.ForbidCharacter('=');
        return JavaScriptEncoder.Create(allowed);
    }

    private static void WriteFields(Utf8JsonWriter json, string list, IReadOnlyList<Field> fields)
    {
        json.WriteStartArray(list);
        foreach (var field in fields)
        {
            json.WriteStartObject();
            json.WriteString("name", field.Name);
            WriteType(json, field.Type);
            if (field.IsNullable)
            {
                json.WriteBoolean("nullable", true);
            }

            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void WriteType(Utf8JsonWriter json, FieldType type)
    {
        if (type.IsPrimitive)
        {
            json.WriteString("type", PrimitiveName(type));
            return;
        }

        json.WriteStartObject("type");
        if (type.Kind == FieldTypeKind.List)
        {
            json.WriteStartObject("ListType");
            json.WriteString("elementType", PrimitiveName(type.ElementType!));
        }
        else
        {
            json.WriteStartObject("MapType");
            json.WriteString("keyType", PrimitiveName(type.KeyType!));
            json.WriteString("valueType", PrimitiveName(type.ValueType!));
        }

        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static string PrimitiveName(FieldType type) => type.Kind switch
    {
        FieldTypeKind.Int => "IntType",
        FieldTypeKind.Long => "LongType",
        FieldTypeKind.String => "StringType",
        _ => "ByteArrayType",
    };

    private static JsonDocument ParseDocument(string json)
    {
        try
        {
            // The original's parser takes comments as well.
            return JsonDocument.Parse(json, new JsonDocumentOptions { CommentHandling = JsonCommentHandling.Skip });
        }
        catch (JsonException e)
        {
            throw new SchemaFormatException(
                Whole, $"The schema is not well-formed JSON at line {e.LineNumber + 1}, byte {e.BytePositionInLine + 1}: {e.Message}", e);
        }
        catch (ArgumentException e)
        {
            throw new SchemaFormatException(Whole, "The JSON of the schema holds half of a surrogate pair, which is not text. Correct it.", e);
        }
    }

    private static List<Field> ReadFields(JsonElement root, string list)
    {
        var fields = new List<Field>();
        if (!TryGet(root, list, out var elements))
        {
            return fields;
        }

        if (elements.ValueKind != JsonValueKind.Array)
        {
            throw Fault(list, $"A list of fields is a JSON array, but this is {Describe(elements)}.");
        }

        foreach (var element in elements.EnumerateArray())
        {
            fields.Add(ReadField(element, $"{list}[{fields.Count}]"));
        }

        return fields;
    }

    private static Field ReadField(JsonElement element, string path)
    {
        if (element.ValueKind != JsonValueKind.Object)
        {
            throw Fault(path, $"A field is a JSON object with 'name' and 'type', but this is {Describe(element)}.");
        }

        if (!TryGet(element, "name", out var name))
        {
            throw Fault(path, "name must not be null: every field has one.");
        }

        if (!TryGet(element, "type", out var type))
        {
            throw Fault(path, "type must not be null: every field has one.");
        }

        return new Field(ReadString(name, path + ".name"), ReadType(type, path + ".type"), ReadNullable(element, path));
    }

    private static FieldType ReadType(JsonElement type, string path)
    {
        if (type.ValueKind == JsonValueKind.String)
        {
            return ReadPrimitive(type, path);
        }

        if (type.ValueKind != JsonValueKind.Object)
        {
            throw Fault(path, $"Unknown type {Quote(type)}: a type is a string, or an object with 'ListType' or 'MapType'.");
        }

        if (TryGet(type, "MapType", out var map))
        {
            path += ".MapType";
            return FieldType.Map(ReadMember(map, "keyType", path), ReadMember(map, "valueType", path));
        }

        return TryGet(type, "ListType", out var list)
            ? FieldType.List(ReadMember(list, "elementType", path + ".ListType"))
            : throw Fault(path, $"Unknown type {Quote(type)}: it has neither 'MapType' nor 'ListType'.");
    }

    private static FieldType ReadMember(JsonElement collection, string member, string path)
    {
        if (collection.ValueKind != JsonValueKind.Object || !TryGet(collection, member, out var type))
        {
            throw Fault(path, $"{member} must not be null: give one of the primitive types.");
        }

        return ReadPrimitive(type, $"{path}.{member}");
    }

    private static FieldType ReadPrimitive(JsonElement type, string path)
    {
        if (type.ValueKind != JsonValueKind.String)
        {
            throw Fault(path, $"The {path[(path.LastIndexOf('.') + 1)..]} of a list or map is the name of a primitive type, but this is {Describe(type)}. Lists and maps cannot be nested.");
        }

        string name = ReadString(type, path);
        return name switch
        {
            "IntType" => FieldType.Int,
            "LongType" => FieldType.Long,
            "StringType" => FieldType.String,
            "ByteArrayType" => FieldType.ByteArray,
            _ => throw Fault(path, $"Unknown type {name}. The primitive types are IntType, LongType, StringType and ByteArrayType; case counts."),
        };
    }

    private static bool ReadNullable(JsonElement field, string path)
    {
        if (!TryGet(field, "nullable", out var nullable))
        {
            return false;
        }

        return nullable.ValueKind switch
        {
            JsonValueKind.True => true,
            JsonValueKind.False => false,
            JsonValueKind.String => ReadString(nullable, path + ".nullable").Equals("true", StringComparison.OrdinalIgnoreCase),
            _ => throw Fault(path + ".nullable", $"nullable is true or false, but this is {Describe(nullable)}."),
        };
    }

    /// <summary>Of a member given twice the last one counts. Null is the same as absent.</summary>
    private static bool TryGet(JsonElement element, string member, out JsonElement value)
    {
        try
        {
            return element.TryGetProperty(member, out value) && value.ValueKind != JsonValueKind.Null;
        }
        catch (InvalidOperationException e)
        {
            throw new SchemaFormatException(Whole, $"Beside the member '{member}' there is a name with half of a surrogate pair, which is not text. Correct it.", e);
        }
    }

    private static string ReadString(JsonElement element, string path)
    {
        if (element.ValueKind != JsonValueKind.String)
        {
            throw Fault(path, $"A string is expected, but this is {Describe(element)}.");
        }

        try
        {
            return element.GetString()!;
        }
        catch (InvalidOperationException e)
        {
            throw new SchemaFormatException(path, $"The string at {path} holds half of a surrogate pair, which is not text. Correct it.", e);
        }
    }

    private static string Describe(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Object => "an object",
        JsonValueKind.Array => "an array",
        JsonValueKind.String => "a string",
        JsonValueKind.Number => "a number",
        JsonValueKind.Null => "null",
        _ => "true or false",
    };

    private static string Quote(JsonElement element)
    {
        string text = element.GetRawText();
        return text.Length <= 200 ? text : text[..200] + "...";
    }

    private static SchemaFormatException Fault(string path, string message) =>
        new(path, path == Whole ? message : $"{message} (at {path} in the JSON of the schema)");
}
