using System.Buffers.Binary;
using System.Numerics;
using Sleeper.Ingest.Core.Parquet.Columns;
using Sleeper.Ingest.Core.Parquet.Metadata;
using Sleeper.Ingest.Core.Parquet.Schemas;
using Sleeper.Ingest.Core.Rows;

namespace Sleeper.Ingest.Core.DataFiles.Conversions;

/// <summary>Readers of values as whole numbers.</summary>
internal static class WholeNumbers
{
    private const string HasFraction = "the column's number is not whole; ask for the conversion Rounded or Truncated";
    private const string TooLarge = "the column's number is beyond every integer field; declare the field as a string and convert to text";

    /// <summary>Days from the beginning of INT96's Julian days to 1970.</summary>
    private const long JulianDayOf1970 = 2_440_588;
    private const long NanosecondsPerDay = 86_400L * 1_000_000_000;

    public static string? Signed64(ColumnVector source, int index, out Int128 value)
    {
        value = source.Longs[index];
        return null;
    }

    public static string? Unsigned64(ColumnVector source, int index, out Int128 value)
    {
        value = (ulong)source.Longs[index];
        return null;
    }

    public static string? Unsigned32(ColumnVector source, int index, out Int128 value)
    {
        value = (uint)source.Ints[index];
        return null;
    }

    /// <summary>A decimal, divided by ten to the power of <paramref name="scale"/> as asked for.</summary>
    public static WholeNumberReader Decimal(SchemaNode column, int scale, ParquetConversion how)
    {
        var divisor = BigInteger.Pow(10, scale);
        return (ColumnVector source, int index, out Int128 value) =>
        {
            var unscaled = Unscaled(column, source, index);
            if (scale > 0)
            {
                var whole = BigInteger.DivRem(unscaled, divisor, out var rest);
                if (!rest.IsZero && how == ParquetConversion.Checked)
                {
                    value = 0;
                    return HasFraction;
                }

                unscaled = how == ParquetConversion.Rounded ? whole + RoundUp(whole, rest, divisor) : whole;
            }

            bool fits = unscaled >= (BigInteger)Int128.MinValue && unscaled <= (BigInteger)Int128.MaxValue;
            value = fits ? (Int128)unscaled : 0;
            return fits ? null : TooLarge;
        };
    }

    public static WholeNumberReader Floating(MeaningKind kind, ParquetConversion how) => (ColumnVector source, int index, out Int128 value) =>
    {
        double number = FloatingAt(kind, source, index);
        double whole = how == ParquetConversion.Rounded ? Math.Round(number, MidpointRounding.ToEven) : Math.Truncate(number);
        value = 0;
        if (!double.IsFinite(number))
        {
            return "the column's number is not finite";
        }

        if (how == ParquetConversion.Checked && whole != number)
        {
            return HasFraction;
        }

        if (Math.Abs(whole) > 1e38)
        {
            return TooLarge;
        }

        value = (Int128)whole;
        return null;
    };

    /// <summary>A timestamp in the unit asked for.</summary>
    public static WholeNumberReader Timestamp(ColumnMeaning meaning, ParquetConversion how)
    {
        long units = how switch
        {
            ParquetConversion.Milliseconds => 1000,
            ParquetConversion.Microseconds => 1_000_000,
            _ => 1_000_000_000,
        };
        return (ColumnVector source, int index, out Int128 value) =>
        {
            value = meaning.Kind == MeaningKind.Int96
                ? FloorDivide(Int96Nanoseconds(source.BytesAt(index)) * units, 1_000_000_000)
                : FloorDivide((Int128)source.Longs[index] * units, meaning.UnitsPerSecond);
            return null;
        };
    }

    /// <summary>Nanoseconds of the day, then the Julian day, both little-endian: as Impala and older Spark and Hive write timestamps.</summary>
    public static Int128 Int96Nanoseconds(ReadOnlySpan<byte> bytes)
    {
        long nanoseconds = BinaryPrimitives.ReadInt64LittleEndian(bytes);
        long day = BinaryPrimitives.ReadUInt32LittleEndian(bytes[8..]);
        return ((Int128)(day - JulianDayOf1970) * NanosecondsPerDay) + nanoseconds;
    }

    public static double FloatingAt(MeaningKind kind, ColumnVector source, int index) => kind switch
    {
        MeaningKind.Float => BitConverter.Int32BitsToSingle(source.Ints[index]),
        MeaningKind.Double => BitConverter.Int64BitsToDouble(source.Longs[index]),
        _ => (double)BinaryPrimitives.ReadHalfLittleEndian(source.BytesAt(index)),
    };

    /// <summary>The whole number that a decimal is stored as; bytes are big-endian, two's complement.</summary>
    public static BigInteger Unscaled(SchemaNode column, ColumnVector source, int index) => column.PhysicalType switch
    {
        PhysicalType.Int32 => source.Ints[index],
        PhysicalType.Int64 => source.Longs[index],
        _ => new BigInteger(source.BytesAt(index), isUnsigned: false, isBigEndian: true),
    };

    private static int RoundUp(BigInteger whole, BigInteger rest, BigInteger divisor)
    {
        int half = (BigInteger.Abs(rest) * 2).CompareTo(divisor);
        return half > 0 || (half == 0 && !whole.IsEven) ? rest.Sign : 0;
    }

    private static Int128 FloorDivide(Int128 value, Int128 divisor)
    {
        var quotient = value / divisor;
        return value % divisor < 0 ? quotient - 1 : quotient;
    }
}
