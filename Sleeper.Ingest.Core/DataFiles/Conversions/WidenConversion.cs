using Sleeper.Ingest.Core.Parquet.Columns;

namespace Sleeper.Ingest.Core.DataFiles.Conversions;

/// <summary>32 bits into 64: nothing can go wrong.</summary>
internal sealed class WidenConversion(bool isSigned) : ColumnConversion(VectorKind.Int64)
{
    protected override void ConvertValues(ColumnVector source, ColumnVector target, Dictionary<int, string> faults)
    {
        var from = source.Ints.AsSpan(0, source.ValueCount);
        var to = target.Longs.AsSpan(0, source.ValueCount);
        for (int i = 0; i < from.Length; i++)
        {
            to[i] = isSigned ? from[i] : (uint)from[i];
        }

        target.ValueCount = source.ValueCount;
    }
}
