using System.Buffers.Binary;
using System.Globalization;
using System.Text.Json;
using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.Schemas;
using Sleeper.Ingest.Core.Sketches;

namespace Sleeper.Ingest.Core.Tests.Support;

/// <summary>A case of fixtures: a schema, the row keys of each data file in file order, and the sketches files that the original made of them.</summary>
internal sealed class SketchCase
{
    private readonly string _folder;

    private SketchCase(string folder)
    {
        _folder = folder;
        Schema = Schema.Parse(File.ReadAllText(Path.Combine(folder, "schema.json")));
        SketchesFiles = [.. Directory.GetFiles(folder, "*.sketches", SearchOption.AllDirectories).OrderBy(Path.GetFileName, StringComparer.Ordinal)];
    }

    public Schema Schema { get; }

    /// <summary>In the order in which the files were opened.</summary>
    public IReadOnlyList<string> SketchesFiles { get; }

    /// <summary>The folders of all cases under a root, relative to it.</summary>
    public static IEnumerable<string> Names(string root) =>
        Directory.GetFiles(root, "sketches.json", SearchOption.AllDirectories)
            .Select(f => Path.GetRelativePath(root, Path.GetDirectoryName(f)!)).Order(StringComparer.Ordinal);

    public static SketchCase Load(string root, string name) => new(Path.Combine(root, name));

    /// <summary>The row keys of each data file, by file name without ending.</summary>
    public ILookup<string, FieldValue[]> Rows()
    {
        string name = Path.GetFileName(_folder);
        if (name.StartsWith("big-sketch-", StringComparison.Ordinal))
        {
            return FormulaRows(name).ToLookup(_ => "file-001");
        }

        string path = Path.Combine(_folder, "expected.jsonl");
        return File.ReadLines(path).Select(l => JsonDocument.Parse(l).RootElement).ToLookup(
            r => r.GetProperty("file").GetString()!,
            r => Schema.RowKeyFields.Select(f => Value(f.Type, r.GetProperty("row").GetProperty(f.Name))).ToArray());
    }

    /// <summary>What the original's reader answers for a file, by field.</summary>
    public JsonElement Answers(string sketchesFile)
    {
        using var document = JsonDocument.Parse(File.ReadAllText(Path.Combine(_folder, "sketches.json")));
        return document.RootElement.GetProperty(Path.GetRelativePath(_folder, sketchesFile).Replace('\\', '/')).Clone();
    }

    public static FieldValue Value(FieldType type, JsonElement json) =>
        json.ValueKind == JsonValueKind.Null ? FieldValue.Null
        : type.Kind switch
        {
            FieldTypeKind.Int => json.GetInt32(),
            FieldTypeKind.Long => long.Parse(json.GetString()!, CultureInfo.InvariantCulture),
            FieldTypeKind.String => json.GetString(),
            _ => Convert.FromHexString(json.GetProperty("hex").GetString()!),
        };

    public static void Add(QuantileSketch sketch, FieldValue value)
    {
        switch (value.Kind)
        {
            case FieldValueKind.Int:
                sketch.Update([value.AsInt()]);
                break;
            case FieldValueKind.Long:
                sketch.Update([value.AsLong()]);
                break;
            case FieldValueKind.String:
                byte[] text = SketchValues.Utf8(value.AsString());
                sketch.Update(text, [0, text.Length]);
                break;
            default:
                sketch.Update(value.AsBytes().Span, [0, value.AsBytes().Length]);
                break;
        }
    }

    private static IEnumerable<FieldValue[]> FormulaRows(string name)
    {
        static uint Mixed(int i) => (uint)(i * 2654435761L);
        return name switch
        {
            "big-sketch-int" => Enumerable.Range(0, 200_000).Select(i => (int)Mixed(i)).Order().Select(v => new FieldValue[] { v }),
            "big-sketch-string" => Enumerable.Range(0, 20_000).Select(i => "key-" + Mixed(i).ToString("x8", CultureInfo.InvariantCulture))
                .Order(StringComparer.Ordinal).Select(v => new FieldValue[] { v }),
            "big-sketch-long-bytes" => Enumerable.Range(0, 10_000).Select(i => new FieldValue[] { ((long)i * i) - 1_000_000, TopThree(Mixed(i)) }),
            _ => throw new ArgumentException($"There is no formula for the keys of {name}.", nameof(name)),
        };
    }

    private static byte[] TopThree(uint value)
    {
        byte[] bytes = new byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, value);
        return bytes[..3];
    }
}
