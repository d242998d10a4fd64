using Sleeper.Ingest.Core.Parquet.Columns;
using Sleeper.Ingest.Core.Parquet.Metadata;
using Sleeper.Ingest.Core.Parquet.Schemas;
using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.Schemas;

namespace Sleeper.Ingest.Core.DataFiles.Conversions;

/// <summary>Decides whether a column's values can become those of a field, and by which conversion. All rules are here.</summary>
internal static class ConversionChooser
{
    /// <summary>Returns false, with the reason, if the column does not fit; else the conversion, null if the values are taken as they lie.</summary>
    public static bool TryChoose(SchemaNode column, FieldType wanted, ParquetConversion how, out ColumnConversion? conversion, out string reason)
    {
        var meaning = ColumnMeaning.Of(column);
        (conversion, reason) = (null, "");
        string? refused = wanted.Kind switch
        {
            FieldTypeKind.Int or FieldTypeKind.Long => ChooseNumber(column, meaning, wanted.Kind == FieldTypeKind.Long, how, out conversion),
            FieldTypeKind.String => ChooseText(column, meaning, how, out conversion),
            _ => ChooseBytes(column, meaning, how),
        };
        reason = refused ?? "";
        return refused is null;
    }

    private static string? ChooseNumber(SchemaNode column, ColumnMeaning meaning, bool isLong, ParquetConversion how, out ColumnConversion? conversion)
    {
        conversion = null;
        bool isWide = column.PhysicalType == PhysicalType.Int64;
        switch (how)
        {
            case ParquetConversion.Exact or ParquetConversion.Checked or ParquetConversion.Truncated or ParquetConversion.Rounded
                when meaning.Kind is MeaningKind.Boolean or MeaningKind.Signed or MeaningKind.Date or MeaningKind.Time or MeaningKind.Timestamp:
                if (isWide && !isLong)
                {
                    if (how == ParquetConversion.Exact)
                    {
                        return "a 64-bit number may not fit an int; ask for the conversion Checked, or declare the field as long";
                    }

                    conversion = new WholeNumberConversion(isLong: false, WholeNumbers.Signed64);
                    return null;
                }

                conversion = isLong && !isWide ? new WidenConversion(isSigned: true) : null;
                return null;
            case ParquetConversion.Exact or ParquetConversion.Checked or ParquetConversion.Truncated or ParquetConversion.Rounded
                when meaning.Kind == MeaningKind.Unsigned:
                if (isWide && !isLong && how == ParquetConversion.Exact)
                {
                    return "an unsigned 64-bit number may not fit an int; ask for the conversion Checked, or declare the field as long";
                }

                conversion = isLong && !isWide ? new WidenConversion(isSigned: false)
                    : new WholeNumberConversion(isLong, isWide ? WholeNumbers.Unsigned64 : WholeNumbers.Unsigned32);
                return null;
            case ParquetConversion.Exact when meaning is { Kind: MeaningKind.Decimal, Scale: 0 }:
                conversion = new WholeNumberConversion(isLong, WholeNumbers.Decimal(column, 0, how));
                return null;
            case ParquetConversion.Unscaled when meaning.Kind == MeaningKind.Decimal:
                conversion = new WholeNumberConversion(isLong, WholeNumbers.Decimal(column, 0, how));
                return null;
            case ParquetConversion.Checked or ParquetConversion.Truncated or ParquetConversion.Rounded when meaning.Kind == MeaningKind.Decimal:
                if (meaning.Scale is < 0 or > 76)
                {
                    return $"its scale, {meaning.Scale}, is outside of what this library converts";
                }

                conversion = new WholeNumberConversion(isLong, WholeNumbers.Decimal(column, meaning.Scale, how));
                return null;
            case ParquetConversion.Checked or ParquetConversion.Truncated or ParquetConversion.Rounded
                when meaning.Kind is MeaningKind.Float or MeaningKind.Double or MeaningKind.Half:
                conversion = new WholeNumberConversion(isLong, WholeNumbers.Floating(meaning.Kind, how));
                return null;
            case ParquetConversion.Milliseconds or ParquetConversion.Microseconds or ParquetConversion.Nanoseconds
                when meaning.Kind is MeaningKind.Timestamp or MeaningKind.Int96:
                conversion = new WholeNumberConversion(isLong, WholeNumbers.Timestamp(meaning, how));
                return null;
            default:
                return how == ParquetConversion.Exact ? WhatToAskFor(meaning) : $"the conversion {how} does not make {(isLong ? "longs" : "ints")} of it";
        }
    }

    private static string WhatToAskFor(ColumnMeaning meaning) => meaning.Kind switch
    {
        MeaningKind.Decimal => "a decimal's fraction would be lost; ask for the conversion Unscaled, Rounded, Truncated or Checked, or declare the field as string and ask for Text",
        MeaningKind.Float or MeaningKind.Double or MeaningKind.Half =>
            "a fraction would be lost; ask for the conversion Rounded, Truncated or Checked, or declare the field as string and ask for Text",
        MeaningKind.Int96 => "an INT96 timestamp is no number yet; ask for the conversion Milliseconds, Microseconds or Nanoseconds",
        _ => "text and bytes are no numbers",
    };

    private static string? ChooseText(SchemaNode column, ColumnMeaning meaning, ParquetConversion how, out ColumnConversion? conversion)
    {
        conversion = null;
        if (how is not (ParquetConversion.Exact or ParquetConversion.Text))
        {
            return $"the conversion {how} does not make text of it";
        }

        if (meaning.Kind == MeaningKind.Bytes)
        {
            return null;
        }

        if (how == ParquetConversion.Exact)
        {
            return "it is no text; ask for the conversion Text";
        }

        if (meaning is { Kind: MeaningKind.Decimal, Scale: < 0 or > 1000 })
        {
            return $"its scale, {meaning.Scale}, is outside of what this library converts";
        }

        conversion = new TextConversion(Texts.Of(column, meaning));
        return null;
    }

    private static string? ChooseBytes(SchemaNode column, ColumnMeaning meaning, ParquetConversion how)
    {
        bool isBytes = column.PhysicalType is PhysicalType.ByteArray or PhysicalType.FixedLenByteArray;
        return (meaning.Kind, how) switch
        {
            (MeaningKind.Decimal, ParquetConversion.Unscaled) when isBytes => null,
            (MeaningKind.Decimal, ParquetConversion.Exact) when isBytes =>
                "a decimal's bytes mean nothing without its scale; ask for the conversion Unscaled, or declare the field as string and ask for Text",
            (_, ParquetConversion.Exact) when isBytes => null,
            (_, ParquetConversion.Exact) => "it is no byte array",
            _ => $"the conversion {how} does not make byte arrays of it",
        };
    }
}
