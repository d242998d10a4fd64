using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Sleeper.Ingest.Core.Tests.Checking;

/// <summary>Values of key fields as text whose ordinal order is theirs: bytes and UTF-8 as hexadecimal digits, numbers as 16 of them.</summary>
internal static class KeyText
{
    public static string OfNumber(long value) => ((ulong)value ^ (1UL << 63)).ToString("x16", CultureInfo.InvariantCulture);

    /// <summary>The value of a key column as the checker's query gives it.</summary>
    public static string OfColumn(CheckedField field, string text) =>
        field.IsNumber ? OfNumber(long.Parse(text, CultureInfo.InvariantCulture)) : text;

    /// <summary>A bound of a region.</summary>
    public static string OfBound(CheckedField field, JsonElement bound, bool isBase64) =>
        field.IsNumber ? OfNumber(bound.GetInt64())
        : isBase64 || field.Type == "ByteArrayType" ? Convert.ToHexStringLower(bound.GetBytesFromBase64())
        : Convert.ToHexStringLower(Encoding.UTF8.GetBytes(bound.GetString()!));

    /// <summary>The least value of a type.</summary>
    public static string Least(CheckedField field) => field.Type switch
    {
        "IntType" => OfNumber(int.MinValue),
        "LongType" => OfNumber(long.MinValue),
        _ => "",
    };

    /// <summary>An item of a sketch as text whose ordinal order is the order of sketches: Java's, of strings by 16-bit characters, of bytes as signed ones.</summary>
    public static string OfSketchItem(CheckedField field, ReadOnlySpan<byte> item) => field.IsNumber
        ? OfNumber(BinaryPrimitives.ReadInt64LittleEndian(item))
        : InSketchOrder(field, item.ToArray());

    /// <summary>The same of a key column's text.</summary>
    public static string OfSketch(CheckedField field, string text) => field.IsNumber ? text : InSketchOrder(field, Convert.FromHexString(text));

    private static string InSketchOrder(CheckedField field, byte[] bytes) => field.Type == "StringType"
        ? Convert.ToHexStringLower(Encoding.BigEndianUnicode.GetBytes(Encoding.UTF8.GetString(bytes)))
        : Convert.ToHexStringLower(Array.ConvertAll(bytes, b => (byte)(b ^ 0x80)));
}
