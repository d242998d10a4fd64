namespace Sleeper.Ingest.Core.Rows;

/// <summary>
/// How the values of a Parquet column become those of a field. Only <see cref="Exact"/> happens unasked: it never loses anything. The others are for who
/// asks for them, column by column, in a <see cref="ParquetMapping"/>. A value that does not fit all the same is a fault of its row.
/// </summary>
public enum ParquetConversion
{
    /// <summary>
    /// Only where nothing can be lost: integers (unsigned ones too) into a field that is at least as wide, booleans as 0 and 1, whole decimals as integers,
    /// dates, times and timestamps as the number they hold, text and bytes of any annotation, fixed lengths too.
    /// </summary>
    Exact,

    /// <summary>Into an int or long field, of any integer, decimal or floating-point column: each value must be a whole number that fits.</summary>
    Checked,

    /// <summary>Into an int or long field: fractions are cut off, towards zero.</summary>
    Truncated,

    /// <summary>Into an int or long field: rounded to the nearest whole number, halves to the even one.</summary>
    Rounded,

    /// <summary>A decimal as the whole number that it is stored as (12.34 as 1234), or into a byte array field as its stored bytes.</summary>
    Unscaled,

    /// <summary>
    /// Into a string field: numbers as the shortest text that reads back as the same number, decimals with all their digits, booleans as true and false, UUIDs, dates and
    /// timestamps as ISO 8601 has them.
    /// </summary>
    Text,

    /// <summary>A timestamp of any unit, INT96 too, as milliseconds since 1970; what is finer is cut off, towards the past.</summary>
    Milliseconds,

    /// <summary>A timestamp of any unit, INT96 too, as microseconds since 1970; what is finer is cut off, towards the past.</summary>
    Microseconds,

    /// <summary>A timestamp of any unit, INT96 too, as nanoseconds since 1970 (from 1677 to 2262).</summary>
    Nanoseconds,
}
