using Sleeper.Ingest.Core.Parquet.Columns;

namespace Sleeper.Ingest.Core.DataFiles.Conversions;

/// <summary>Reads value <paramref name="index"/> of a column as a whole number. Returns what is wrong with it, or null.</summary>
internal delegate string? WholeNumberReader(ColumnVector source, int index, out Int128 value);

/// <summary>Values into ints or longs, each with a look whether it fits.</summary>
internal sealed class WholeNumberConversion(bool isLong, WholeNumberReader read) : ColumnConversion(isLong ? VectorKind.Int64 : VectorKind.Int32)
{
    protected override void ConvertValues(ColumnVector source, ColumnVector target, Dictionary<int, string> faults)
    {
        Int128 min = isLong ? long.MinValue : int.MinValue;
        Int128 max = isLong ? long.MaxValue : int.MaxValue;
        for (int i = 0; i < source.ValueCount; i++)
        {
            string? fault = read(source, i, out var value);
            if (fault is null && (value < min || value > max))
            {
                fault = $"the column's number does not fit {(isLong ? "a long" : "an int")} field; declare the field wider, or as a string and convert to text";
            }

            if (fault is not null)
            {
                faults[i] = fault;
                value = 0;
            }

            if (isLong)
            {
                target.Longs[i] = (long)value;
            }
            else
            {
                target.Ints[i] = (int)value;
            }
        }

        target.ValueCount = source.ValueCount;
    }
}
