using System.Numerics;
using System.Text;
using Sleeper.Ingest.Core.Parquet.Metadata;

namespace Sleeper.Ingest.Core.Tests.Differential;

/// <summary>The types that the tables are made of.</summary>
internal static class LeafTypes
{
    private const string Digits = "($)::VARCHAR";
    private const string Hex = "'\"' || lower(hex($)) || '\"'";

    // DuckDB prints the shortest digits that give the number again; the test turns them into its bits.
    private const string Number = "'f<' || ($)::DOUBLE::VARCHAR || '>'";

    private static readonly string[] OddTexts = ["", "\0", "a", "é", "\uFF5E", "\U0001F600", "\U0010FFFF", "zzzzzzzzz", "one prefix of many bytes a", "one prefix of many bytes b"];

    private static readonly LogicalType Json = new(LogicalTypeKind.Json);
    private static readonly LogicalType Enumeration = new(LogicalTypeKind.Enum);

    /// <summary>The types that fields of a table have.</summary>
    public static IReadOnlyList<LeafType> OfFields { get; } =
    [
        new("int", PhysicalType.Int32)
        {
            NewValue = r => Integer(r, 32), TextSql = Digits, ValueSql = "(($) % 4294967296 - 2147483648::HUGEINT)::INTEGER", CanBeMapKey = true,
        },
        new("long", PhysicalType.Int64)
        {
            NewValue = r => Long(r, 64), TextSql = Digits, ValueSql = "(($) - 9223372036854775808::HUGEINT)::BIGINT", CanBeMapKey = true,
        },
        new("string", PhysicalType.ByteArray)
        {
            Logical = LogicalType.String, Converted = ConvertedType.Utf8, CanBeMapKey = true,
            NewValue = Text, TextSql = Hex, ValueSql = "repeat(chr(($ % 500 + 97)::INTEGER), (($ // 1000) % 30)::INTEGER) || $",
        },
        new("byte array", PhysicalType.ByteArray)
        {
            NewValue = r => Bytes(r, r.Next(8) == 0 ? r.Next(300) : r.Next(6)), TextSql = Hex, ValueSql = "unhex(substr(md5(($)::VARCHAR), 1, (2 * (($) % 17))::INTEGER))",
        },
    ];

    /// <summary>All types, of fields and others.</summary>
    public static IReadOnlyList<LeafType> All { get; } =
    [
        .. OfFields,
        new("boolean", PhysicalType.Boolean) { NewValue = r => r.Next(2), TextSql = "($)::TINYINT::VARCHAR", ValueSql = "($) % 2 = 0" },
        Small("int8", 8, true, ConvertedType.Int8, "(($) % 256 - 128::HUGEINT)::TINYINT"),
        Small("int16", 16, true, ConvertedType.Int16, "(($) % 65536 - 32768::HUGEINT)::SMALLINT"),
        Small("uint8", 8, false, ConvertedType.UInt8, "(($) % 256)::UTINYINT"),
        Small("uint16", 16, false, ConvertedType.UInt16, "(($) % 65536)::USMALLINT"),
        Small("uint32", 32, false, ConvertedType.UInt32, "(($) % 4294967296)::UINTEGER"),
        new("uint64", PhysicalType.Int64)
        {
            Logical = new LogicalType(LogicalTypeKind.Integer) { BitWidth = 64 }, Converted = ConvertedType.UInt64,
            NewValue = r => Long(r, 64), TextSql = Digits, ValueSql = "($)::UBIGINT",
        },
        new("float", PhysicalType.Float) { NewValue = r => BitConverter.SingleToInt32Bits((float)Real(r)), TextSql = Number, ValueSql = RealSql("FLOAT") },
        new("double", PhysicalType.Double) { NewValue = r => BitConverter.DoubleToInt64Bits(Real(r)), TextSql = Number, ValueSql = RealSql("DOUBLE") },
        new("float16", PhysicalType.FixedLenByteArray)
        {
            Length = 2, Logical = new LogicalType(LogicalTypeKind.Float16), TextSql = Number,
            NewValue = r => BitConverter.GetBytes((Half)(r.Next(-4000, 4000) / 8.0)),
        },
        Decimal("decimal in int", PhysicalType.Int32, 0, 7, 2),
        Decimal("decimal in long", PhysicalType.Int64, 0, 18, 6),
        Decimal("decimal in fixed", PhysicalType.FixedLenByteArray, 16, 38, 10),
        Decimal("decimal in bytes", PhysicalType.ByteArray, 0, 30, 5) with { ValueSql = null },
        new("date", PhysicalType.Int32)
        {
            Logical = new LogicalType(LogicalTypeKind.Date), Converted = ConvertedType.Date, CanBeMapKey = true,
            NewValue = r => r.Next(-40_000, 40_000), TextSql = "($ - DATE '1970-01-01')::VARCHAR", ValueSql = "DATE '1970-01-01' + (($) % 80000 - 40000::HUGEINT)::INTEGER",
        },
        Time("time of milliseconds", PhysicalType.Int32, TimeUnit.Millis, ConvertedType.TimeMillis, 86_400_000) with { ValueSql = null },
        Time("time", PhysicalType.Int64, TimeUnit.Micros, ConvertedType.TimeMicros, 86_400_000_000),
        Timestamp("timestamp of milliseconds", TimeUnit.Millis, ConvertedType.TimestampMillis, "make_timestamp((($) % 4000000000000 - 2000000000000::HUGEINT)::BIGINT * 1000)::TIMESTAMP_MS"),
        Timestamp("timestamp", TimeUnit.Micros, ConvertedType.TimestampMicros, "make_timestamp((($) % 4000000000000000 - 2000000000000000::HUGEINT)::BIGINT)"),
        Timestamp("timestamp of nanoseconds", TimeUnit.Nanos, null, "make_timestamp_ns((($) % 4000000000000000000 - 2000000000000000000::HUGEINT)::BIGINT)"),
        new("uuid", PhysicalType.FixedLenByteArray)
        {
            Length = 16, Logical = new LogicalType(LogicalTypeKind.Uuid), NewValue = r => Bytes(r, 16),
            TextSql = "'\"' || replace(($)::VARCHAR, '-', '') || '\"'", ValueSql = "md5(($)::VARCHAR)::UUID",
        },
        new("fixed bytes", PhysicalType.FixedLenByteArray) { Length = 5, NewValue = r => Bytes(r, 5), TextSql = Hex },
        new("enum", PhysicalType.ByteArray)
        {
            Logical = Enumeration, Converted = ConvertedType.Enum, NewValue = r => Encoding.UTF8.GetBytes(r.Next(2) == 0 ? "red" : "blé"),
            TextSql = "'\"' || lower(hex(($)::VARCHAR)) || '\"'", ValueSql = "(CASE WHEN ($) % 3 = 0 THEN 'red' WHEN ($) % 3 = 1 THEN 'blé' ELSE '' END)::ENUM('red', 'blé', '')",
        },
        new("json", PhysicalType.ByteArray)
        {
            Logical = Json, Converted = ConvertedType.Json, NewValue = r => Encoding.UTF8.GetBytes($$"""{"a": {{r.Next(50)}}}"""),
            TextSql = "'\"' || lower(hex(($)::VARCHAR)) || '\"'", ValueSql = "('{\"a\": ' || (($) % 50) || '}')::JSON",
        },
        new("interval", PhysicalType.FixedLenByteArray)
        {
            Length = 12, Converted = ConvertedType.Interval,
            TextSql = "(12 * date_part('year', $) + date_part('month', $)) || 'm' || date_part('day', $) || 'd' || "
                + "((date_part('hour', $) * 60 + date_part('minute', $)) * 60000 + date_part('milliseconds', $)) || 'ms'",
            ValueSql = "to_months((($) % 40)::INTEGER) + to_days((($) % 1000)::INTEGER) + to_milliseconds((($) % 100000)::BIGINT)",
        },
    ];

    /// <summary>Types that DuckDB writes in a form which others have too.</summary>
    public static IReadOnlyList<LeafType> OfDuckDb { get; } =
    [
        .. All.Where(type => type.ValueSql is not null),
        new("decimal of 4 digits", PhysicalType.Int32) { TextSql = Digits, ValueSql = "((($) % 1999 - 999::HUGEINT)::VARCHAR || '.' || ($) % 10)::DECIMAL(4, 1)" },
        new("timestamp of seconds", PhysicalType.Int64) { TextSql = "epoch_us($)::VARCHAR", ValueSql = "make_timestamp((($) % 4000000000)::BIGINT * 1000000)::TIMESTAMP_S" },
        new("timestamp with time zone", PhysicalType.Int64) { TextSql = "epoch_us($)::VARCHAR", ValueSql = "to_timestamp((($) % 4000000000)::DOUBLE)" },
    ];

    private static LeafType Small(string name, int bits, bool isSigned, ConvertedType converted, string valueSql) => new(name, PhysicalType.Int32)
    {
        Logical = new LogicalType(LogicalTypeKind.Integer) { BitWidth = bits, IsSigned = isSigned },
        Converted = converted,
        NewValue = r => isSigned || bits == 32 ? Integer(r, bits) : r.Next(1 << bits),
        TextSql = Digits,
        ValueSql = valueSql,
    };

    private static LeafType Decimal(string name, PhysicalType physical, int length, int precision, int scale) => new(name, physical)
    {
        Length = length,
        Logical = new LogicalType(LogicalTypeKind.Decimal) { Precision = precision, Scale = scale },
        Converted = ConvertedType.Decimal,
        TextSql = Digits,
        ValueSql = $"((($) % {BigInteger.Pow(10, Math.Min(18, precision - scale))} - {BigInteger.Pow(10, Math.Min(18, precision - scale)) / 2}::HUGEINT)::VARCHAR || '.' || ($) % 100)::DECIMAL({precision}, {scale})",
        NewValue = r =>
        {
            var limit = BigInteger.Pow(10, r.Next(1, precision + 1));
            var unscaled = (new BigInteger(Bytes(r, 20)) % limit) * (r.Next(6) == 0 ? 0 : 1);
            return physical switch
            {
                PhysicalType.Int32 => (int)unscaled,
                PhysicalType.Int64 => (long)unscaled,
                PhysicalType.ByteArray => unscaled.ToByteArray(isBigEndian: true),
                _ => Padded(unscaled, length),
            };
        },
    };

    private static LeafType Time(string name, PhysicalType physical, TimeUnit unit, ConvertedType converted, long limit) => new(name, physical)
    {
        Logical = new LogicalType(LogicalTypeKind.Time) { Unit = unit },
        Converted = converted,
        NewValue = r => physical == PhysicalType.Int32 ? (object)(int)r.NextInt64(limit) : r.NextInt64(limit),
        TextSql = "epoch_us($)::VARCHAR",
        ValueSql = "TIME '00:00:00' + to_microseconds((($) % 86400000000)::BIGINT)",
    };

    private static LeafType Timestamp(string name, TimeUnit unit, ConvertedType? converted, string valueSql) => new(name, PhysicalType.Int64)
    {
        Logical = new LogicalType(LogicalTypeKind.Timestamp) { Unit = unit },
        Converted = converted,
        NewValue = r => (r.NextInt64(4_000_000_000_000) - 2_000_000_000_000) * (unit switch { TimeUnit.Millis => 1, TimeUnit.Micros => 1000, _ => 1_000_000 }),
        TextSql = unit == TimeUnit.Nanos ? "epoch_ns($)::VARCHAR" : "epoch_us($)::VARCHAR",
        ValueSql = valueSql,
    };

    private static string RealSql(string type) =>
        $"(CASE ($) % 16 WHEN 0 THEN 'nan' WHEN 1 THEN 'inf' WHEN 2 THEN '-inf' WHEN 3 THEN '-0.0' ELSE ((($) % 20000001 - 10000000::HUGEINT)::DOUBLE / 1024)::VARCHAR END)::{type}";

    private static int Integer(Random random, int bits) => (int)Long(random, bits);

    private static long Long(Random random, int bits) => random.Next(8) switch
    {
        0 => -1L << (bits - 1),
        1 => (1L << (bits - 1)) - 1,
        < 5 => random.Next(-3, 4),
        _ => random.NextInt64(long.MinValue, long.MaxValue) >> (64 - bits),
    };

    private static double Real(Random random) => random.Next(10) switch
    {
        0 => double.NaN,
        1 => double.PositiveInfinity,
        2 => -0.0,
        3 => double.Epsilon,
        < 6 => random.Next(-3, 4),
        _ => (random.NextDouble() - 0.5) * Math.Pow(10, random.Next(-30, 30)),
    };

    private static byte[] Text(Random random) =>
        Encoding.UTF8.GetBytes(random.Next(2) == 0 ? OddTexts[random.Next(OddTexts.Length)] : new string((char)random.Next('a', 'z'), random.Next(20)) + random.Next(1000));

    private static byte[] Bytes(Random random, int length)
    {
        byte[] bytes = new byte[length];
        random.NextBytes(bytes);
        return bytes;
    }

    private static byte[] Padded(BigInteger value, int length)
    {
        byte[] digits = value.ToByteArray(isBigEndian: true);
        byte[] bytes = new byte[length];
        bytes.AsSpan().Fill(value.Sign < 0 ? (byte)0xFF : (byte)0);
        digits.CopyTo(bytes, length - digits.Length);
        return bytes;
    }
}
