using Sleeper.Ingest.Core.Parquet.Columns;

namespace Sleeper.Ingest.Core.Tests.Support;

/// <summary>Fills column vectors value by value.</summary>
internal static class ColumnVectors
{
    /// <summary>Adds an int, a long or a byte array.</summary>
    public static void AddValue(ColumnVector vector, object value)
    {
        vector.EnsureValues(1);
        switch (value)
        {
            case int number:
                vector.Ints[vector.ValueCount++] = number;
                break;
            case long number:
                vector.Longs[vector.ValueCount++] = number;
                break;
            default:
                byte[] bytes = (byte[])value;
                vector.EnsureBytes(bytes.Length);
                int start = vector.ByteCount;
                bytes.CopyTo(vector.Bytes, start);
                vector.Offsets[++vector.ValueCount] = start + bytes.Length;
                break;
        }
    }
}
