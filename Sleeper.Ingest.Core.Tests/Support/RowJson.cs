using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.Schemas;

namespace Sleeper.Ingest.Core.Tests.Support;

/// <summary>Rows in the JSON of the fixtures, both ways.</summary>
/// <remarks>
/// int: number; long: string of digits; string: string; byte array: <c>{"hex": "00ff"}</c>; list: array; map: array of <c>[key, value]</c> pairs in
/// order; null: null. A row is an object by field name; a field that is missing is null.
/// </remarks>
internal static class RowJson
{
    private static readonly JsonWriterOptions Ascii = new() { Encoder = JavaScriptEncoder.Create(System.Text.Unicode.UnicodeRanges.BasicLatin) };

    /// <summary>The rows of a file of lines such as <c>input.jsonl</c>.</summary>
    public static IEnumerable<Row> ReadLines(string path, Schema schema) =>
        File.ReadLines(path).Where(line => line.Length > 0).Select(line => Parse(line, schema));

    /// <summary>The rows of <c>expected.jsonl</c>, in its order, each with the name of its data file without folder and ending.</summary>
    public static IEnumerable<(string File, Row Row)> ReadExpected(string path, Schema schema)
    {
        foreach (string line in File.ReadLines(path).Where(line => line.Length > 0))
        {
            using var json = JsonDocument.Parse(line);
            yield return (json.RootElement.GetProperty("file").GetString()!, Read(json.RootElement.GetProperty("row"), schema));
        }
    }

    /// <summary>One row.</summary>
    public static Row Parse(string json, Schema schema)
    {
        using var document = JsonDocument.Parse(json);
        return Read(document.RootElement, schema);
    }

    /// <summary>One row. A member that is no field of the schema is an error: it would be a row of another table.</summary>
    public static Row Read(JsonElement json, Schema schema)
    {
        var values = new FieldValue[schema.AllFields.Count];
        foreach (var member in json.EnumerateObject())
        {
            int index = schema.IndexOf(member.Name);
            if (index < 0)
            {
                throw new ArgumentException($"The row has '{member.Name}', but the schema has no such field: {schema}.", nameof(json));
            }

            values[index] = ReadValue(member.Value, schema.AllFields[index].Type);
        }

        return new Row(schema, values);
    }

    /// <summary>One value of a type.</summary>
    public static FieldValue ReadValue(JsonElement json, FieldType type)
    {
        if (json.ValueKind == JsonValueKind.Null)
        {
            return FieldValue.Null;
        }

        return type.Kind switch
        {
            FieldTypeKind.Int => json.GetInt32(),
            FieldTypeKind.Long => long.Parse(json.GetString()!, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture),
            FieldTypeKind.String => json.GetString(),
            FieldTypeKind.ByteArray => Convert.FromHexString(json.GetProperty("hex").GetString()!),
            FieldTypeKind.List => FieldValue.FromList(json.EnumerateArray().Select(item => ReadValue(item, type.ElementType!))),
            _ => FieldValue.FromMap(json.EnumerateArray().Select(
                pair => KeyValuePair.Create(ReadValue(pair[0], type.KeyType!), ReadValue(pair[1], type.ValueType!)))),
        };
    }

    /// <summary>One row on one line, as in the fixtures: no spaces, everything but printable ASCII escaped.</summary>
    public static string Write(Row row)
    {
        var text = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(text, Ascii))
        {
            Write(json, row);
        }

        return Encoding.UTF8.GetString(text.WrittenSpan);
    }

    /// <inheritdoc cref="Write(Row)"/>
    public static void Write(Utf8JsonWriter json, Row row)
    {
        json.WriteStartObject();
        for (int i = 0; i < row.Values.Length; i++)
        {
            json.WritePropertyName(row.Schema.AllFields[i].Name);
            WriteValue(json, row[i]);
        }

        json.WriteEndObject();
    }

    /// <summary>
    /// The row with each map's entries in one fixed order, so that two rows whose maps differ in order alone are equal. (The originals keep maps in
    /// the order of a hash table.)
    /// </summary>
    public static Row WithSortedMaps(Row row)
    {
        if (!row.Schema.AllFields.Any(f => f.Type.Kind == FieldTypeKind.Map))
        {
            return row;
        }

        var values = row.Values.ToArray();
        for (int i = 0; i < values.Length; i++)
        {
            if (values[i].Kind == FieldValueKind.Map)
            {
                values[i] = FieldValue.FromMap(
                    values[i].AsMap().OrderBy(e => e.Key.ToString(), StringComparer.Ordinal).ThenBy(e => e.Value.ToString(), StringComparer.Ordinal));
            }
        }

        return new Row(row.Schema, values);
    }

    private static void WriteValue(Utf8JsonWriter json, FieldValue value)
    {
        switch (value.Kind)
        {
            case FieldValueKind.Null:
                json.WriteNullValue();
                break;
            case FieldValueKind.Int:
                json.WriteNumberValue(value.AsInt());
                break;
            case FieldValueKind.Long:
                json.WriteStringValue(value.AsLong().ToString(CultureInfo.InvariantCulture));
                break;
            case FieldValueKind.String:
                json.WriteStringValue(value.AsString());
                break;
            case FieldValueKind.ByteArray:
                json.WriteStartObject();
                json.WriteString("hex", Convert.ToHexStringLower(value.AsBytes().Span));
                json.WriteEndObject();
                break;
            case FieldValueKind.List:
                json.WriteStartArray();
                foreach (var item in value.AsList())
                {
                    WriteValue(json, item);
                }

                json.WriteEndArray();
                break;
            default:
                WriteMap(json, value);
                break;
        }
    }

    private static void WriteMap(Utf8JsonWriter json, FieldValue map)
    {
        json.WriteStartArray();
        foreach (var (key, value) in map.AsMap())
        {
            json.WriteStartArray();
            WriteValue(json, key);
            WriteValue(json, value);
            json.WriteEndArray();
        }

        json.WriteEndArray();
    }
}
