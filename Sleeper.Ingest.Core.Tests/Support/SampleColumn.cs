using System.Globalization;
using System.Text;
using Sleeper.Ingest.Core.Parquet.Columns;
using Sleeper.Ingest.Core.Parquet.Metadata;
using Sleeper.Ingest.Core.Parquet.Schemas;

namespace Sleeper.Ingest.Core.Tests.Support;

/// <summary>A column of some physical type and pattern of nulls, as a vector to write and as the texts that DuckDB must find.</summary>
/// <param name="Node">The top-level node, with one leaf. It can be in one schema only: make samples anew for each.</param>
/// <param name="Vector">Values and levels.</param>
/// <param name="Texts">One for each row, as the expression <see cref="Sql"/> prints it.</param>
internal sealed record SampleColumn(SchemaNode Node, ColumnVector Vector, string[] Texts)
{
    private const int FixedLength = 5;

    private static readonly string[] Words =
        ["", "a", "aa", "schlüssel", "schlüssel\u00FF", "\U0010FFFF", "\U0010FFFF\U0010FFFF", "\uD7FF", "\uE000", "z\0", "日本語", "0123456789012345678901234567890123456789"];

    private static readonly double[] Doubles =
        [0, -0.0, 1.5, -1.5, double.NaN, double.PositiveInfinity, double.NegativeInfinity, 0.25, 1024, -3];

    private readonly bool _isBytes = LeafType(Node) is PhysicalType.ByteArray or PhysicalType.FixedLenByteArray or PhysicalType.Int96;

    /// <summary>The patterns: how often and where a column's values are null.</summary>
    public static IReadOnlyList<string> Patterns { get; } = ["required", "full", "none", "alternating", "halves", "few", "list"];

    public string Name => Node.Name;

    public PhysicalType Type => LeafType(Node);

    /// <summary>What makes DuckDB print a row of the column as <see cref="Texts"/> has it.</summary>
    public string Sql => $"coalesce(({(Node.IsGroup, _isBytes) switch
    {
        (true, true) => $"list_transform({Name}, e -> 'x' || hex(e))",
        (false, true) => $"'x' || hex({Name})",
        _ => Name,
    }})::VARCHAR, 'NULL')";

    /// <summary>A column of each type and pattern, with the same rows for the same number.</summary>
    public static List<SampleColumn> MakeAll(int rows) =>
        [.. Enum.GetValues<PhysicalType>().SelectMany(type => Kinds(type)).SelectMany(kind => Patterns.Select(pattern => Make(kind.Type, kind.IsText, pattern, rows)))];

    private static IEnumerable<(PhysicalType Type, bool IsText)> Kinds(PhysicalType type) =>
        type == PhysicalType.ByteArray ? [(type, true), (type, false)] : [(type, false)];

    private static SampleColumn Make(PhysicalType type, bool isText, string pattern, int rows)
    {
        string name = $"{(isText ? "Text" : type)}_{pattern}";
        var texts = new string[rows];
        SchemaNode Primitive(string leafName, Repetition repetition) =>
            isText ? SchemaNode.Utf8(leafName, repetition) : SchemaNode.Primitive(leafName, repetition, type, typeLength: type == PhysicalType.FixedLenByteArray ? FixedLength : 0);
        if (pattern == "list")
        {
            var list = SchemaNode.List(name, Repetition.Optional, Primitive("element", Repetition.Optional));
            return new SampleColumn(list, MakeLists(list, isText, texts), texts);
        }

        var node = Primitive(name, pattern == "required" ? Repetition.Required : Repetition.Optional);
        var vector = new ColumnVector(KindOf(type));
        for (int row = 0; row < rows; row++)
        {
            bool isNull = IsNull(pattern, row, rows);
            if (pattern != "required")
            {
                vector.EnsureLevels(1, definition: true, repetition: false);
                vector.DefinitionLevels[vector.LevelCount] = isNull ? (byte)0 : (byte)1;
            }

            vector.LevelCount++;
            texts[row] = isNull ? "NULL" : Add(vector, type, isText, row);
        }

        return new SampleColumn(node, vector, texts);
    }

    private static ColumnVector MakeLists(SchemaNode list, bool isText, string[] texts)
    {
        // Definition levels: 0 no list, 1 an empty one, 2 a null in it, 3 a value.
        var vector = new ColumnVector(KindOf(LeafType(list)));
        for (int row = 0; row < texts.Length; row++)
        {
            int items = row % 5;
            if (row % 7 == 3 || items == 0)
            {
                Level(vector, row % 7 == 3 ? 0 : 1, 0);
                texts[row] = row % 7 == 3 ? "NULL" : "[]";
                continue;
            }

            var parts = new List<string>();
            for (int item = 0; item < items; item++)
            {
                bool isNull = (row + item) % 3 == 0;
                Level(vector, isNull ? 2 : 3, item == 0 ? 0 : 1);
                parts.Add(isNull ? "NULL" : Add(vector, LeafType(list), isText, row + item));
            }

            texts[row] = $"[{string.Join(", ", parts)}]";
        }

        return vector;
    }

    private static void Level(ColumnVector vector, int definition, int repetition)
    {
        vector.EnsureLevels(1, definition: true, repetition: true);
        vector.DefinitionLevels[vector.LevelCount] = (byte)definition;
        vector.RepetitionLevels[vector.LevelCount++] = (byte)repetition;
    }

    private static bool IsNull(string pattern, int row, int rows) => pattern switch
    {
        "none" => true,
        "alternating" => row % 2 == 0,
        "halves" => row < rows / 2,
        "few" => row % 37 != 5,
        _ => false,
    };

    /// <summary>Few different values at first, so that dictionaries are used; then more and more, so that they are given up.</summary>
    private static string Add(ColumnVector vector, PhysicalType type, bool isText, int row)
    {
        int number = row < 80 ? row % 7 : row;
        vector.EnsureValues(1);
        switch (type)
        {
            case PhysicalType.Boolean:
                vector.Ints[vector.ValueCount++] = number % 3 == 0 ? 1 : 0;
                return number % 3 == 0 ? "true" : "false";
            case PhysicalType.Int32:
                int small = number switch { 3 => int.MinValue, 4 => int.MaxValue, _ => (number * 7_919) - 20_000 };
                vector.Ints[vector.ValueCount++] = small;
                return small.ToString(CultureInfo.InvariantCulture);
            case PhysicalType.Int64:
                long large = number switch { 3 => long.MinValue, 4 => long.MaxValue, _ => (number * 7_919_000_111L) - 20_000 };
                vector.Longs[vector.ValueCount++] = large;
                return large.ToString(CultureInfo.InvariantCulture);
            case PhysicalType.Float:
                vector.Ints[vector.ValueCount++] = BitConverter.SingleToInt32Bits((float)DoubleOf(number));
                return TextOf(DoubleOf(number));
            case PhysicalType.Double:
                vector.Longs[vector.ValueCount++] = BitConverter.DoubleToInt64Bits(DoubleOf(number));
                return TextOf(DoubleOf(number));
            default:
                byte[] bytes = BytesOf(type, isText, number);
                vector.EnsureBytes(bytes.Length);
                bytes.CopyTo(vector.Bytes, vector.ByteCount);
                int end = vector.ByteCount + bytes.Length;
                vector.Offsets[++vector.ValueCount] = end;
                return "x" + Convert.ToHexString(bytes);
        }
    }

    private static double DoubleOf(int number) => number < Doubles.Length ? Doubles[number] : number / 4.0;

    private static string TextOf(double value) => value switch
    {
        double.NaN => "-nan", // .NET's has its sign bit set
        double.PositiveInfinity => "inf",
        double.NegativeInfinity => "-inf",
        _ => value.ToString("0.0##", CultureInfo.InvariantCulture),
    };

    private static byte[] BytesOf(PhysicalType type, bool isText, int number)
    {
        if (isText)
        {
            return Encoding.UTF8.GetBytes(number < Words.Length ? Words[number] : $"{Words[number % Words.Length]} {number}");
        }

        int length = type switch { PhysicalType.FixedLenByteArray => FixedLength, PhysicalType.Int96 => 12, _ => number % 9 };
        return [.. Enumerable.Range(0, length).Select(i => (byte)(number % 4 == 1 ? 0xFF : number * (i + 3)))];
    }

    private static VectorKind KindOf(PhysicalType type) => type switch
    {
        PhysicalType.Boolean or PhysicalType.Int32 or PhysicalType.Float => VectorKind.Int32,
        PhysicalType.Int64 or PhysicalType.Double => VectorKind.Int64,
        _ => VectorKind.Bytes,
    };

    private static PhysicalType LeafType(SchemaNode node) => node.IsGroup ? LeafType(node.Children[0]) : node.PhysicalType!.Value;
}
