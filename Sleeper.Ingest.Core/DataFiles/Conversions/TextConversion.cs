using System.Text;
using Sleeper.Ingest.Core.Parquet.Columns;

namespace Sleeper.Ingest.Core.DataFiles.Conversions;

/// <summary>Values as text.</summary>
/// <param name="write">The text of value <c>index</c>; null if it has none.</param>
internal sealed class TextConversion(Func<ColumnVector, int, string?> write) : ColumnConversion(VectorKind.Bytes)
{
    protected override void ConvertValues(ColumnVector source, ColumnVector target, Dictionary<int, string> faults)
    {
        for (int i = 0; i < source.ValueCount; i++)
        {
            string? text = write(source, i);
            if (text is null)
            {
                faults[i] = "the column's value is outside of what can be written as text; take it as a number instead";
                text = "";
            }

            target.EnsureBytes(Encoding.UTF8.GetMaxByteCount(text.Length));
            int end = target.Offsets[i] + Encoding.UTF8.GetBytes(text, target.Bytes.AsSpan(target.Offsets[i]));
            target.Offsets[i + 1] = end;
            target.ValueCount = i + 1;
        }
    }
}
