using System.Globalization;
using System.Numerics;
using Sleeper.Ingest.Core.Parquet.Columns;
using Sleeper.Ingest.Core.Parquet.Metadata;
using Sleeper.Ingest.Core.Parquet.Schemas;

namespace Sleeper.Ingest.Core.DataFiles.Conversions;

/// <summary>The texts of values.</summary>
internal static class Texts
{
    /// <summary>Makes the text of value <c>index</c> of a column; null if it has none, as a year beyond 9999.</summary>
    public static Func<ColumnVector, int, string?> Of(SchemaNode column, ColumnMeaning meaning)
    {
        bool isWide = column.PhysicalType == PhysicalType.Int64;
        return meaning.Kind switch
        {
            MeaningKind.Boolean => (v, i) => v.Ints[i] != 0 ? "true" : "false",
            MeaningKind.Signed => (v, i) => (isWide ? v.Longs[i] : v.Ints[i]).ToString(CultureInfo.InvariantCulture),
            MeaningKind.Unsigned => (v, i) => (isWide ? (ulong)v.Longs[i] : (uint)v.Ints[i]).ToString(CultureInfo.InvariantCulture),
            MeaningKind.Float => (v, i) => BitConverter.Int32BitsToSingle(v.Ints[i]).ToString("R", CultureInfo.InvariantCulture),
            MeaningKind.Double => (v, i) => BitConverter.Int64BitsToDouble(v.Longs[i]).ToString("R", CultureInfo.InvariantCulture),
            MeaningKind.Half => (v, i) => ((Half)WholeNumbers.FloatingAt(MeaningKind.Half, v, i)).ToString("R", CultureInfo.InvariantCulture),
            MeaningKind.Decimal => (v, i) => Decimal(WholeNumbers.Unscaled(column, v, i), meaning.Scale),
            MeaningKind.Date => (v, i) => Date(v.Ints[i]),
            MeaningKind.Time => (v, i) => Time(isWide ? v.Longs[i] : v.Ints[i], meaning.UnitsPerSecond),
            MeaningKind.Timestamp => (v, i) => Timestamp(v.Longs[i], meaning.UnitsPerSecond),
            MeaningKind.Int96 => (v, i) => Timestamp(WholeNumbers.Int96Nanoseconds(v.BytesAt(i)), 1_000_000_000),
            _ => (v, i) => new Guid(v.BytesAt(i), bigEndian: true).ToString("D"),
        };
    }

    private static string Decimal(BigInteger unscaled, int scale)
    {
        string digits = BigInteger.Abs(unscaled).ToString(CultureInfo.InvariantCulture).PadLeft(scale + 1, '0');
        string text = scale == 0 ? digits : $"{digits[..^scale]}.{digits[^scale..]}";
        return unscaled.Sign < 0 ? "-" + text : text;
    }

    private static string? Date(long daysSince1970)
    {
        long day = daysSince1970 + DateOnly.FromDateTime(DateTime.UnixEpoch).DayNumber;
        return day < DateOnly.MinValue.DayNumber || day > DateOnly.MaxValue.DayNumber
            ? null
            : DateOnly.FromDayNumber((int)day).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
    }

    private static string Time(long units, long perSecond)
    {
        var (seconds, rest) = Math.DivRem(units, perSecond);
        return string.Create(CultureInfo.InvariantCulture, $"{seconds / 3600:D2}:{seconds / 60 % 60:D2}:{seconds % 60:D2}{Fraction(rest, perSecond)}");
    }

    private static string? Timestamp(Int128 units, long perSecond)
    {
        var seconds = units / perSecond;
        var rest = units % perSecond;
        if (rest < 0)
        {
            (seconds, rest) = (seconds - 1, rest + perSecond);
        }

        const long SecondsPerDay = 86_400;
        var days = seconds / SecondsPerDay;
        var ofDay = seconds % SecondsPerDay;
        if (ofDay < 0)
        {
            (days, ofDay) = (days - 1, ofDay + SecondsPerDay);
        }

        return days < -1_000_000 || days > 3_000_000 || Date((long)days) is not { } date
            ? null
            : $"{date}T{Time((long)ofDay, 1)}{Fraction((long)rest, perSecond)}Z";
    }

    /// <summary>All digits of the unit: three, six or nine.</summary>
    private static string Fraction(long rest, long perSecond) =>
        perSecond == 1 ? "" : "." + rest.ToString(CultureInfo.InvariantCulture).PadLeft(perSecond.ToString(CultureInfo.InvariantCulture).Length - 1, '0');
}
