using System.Runtime.CompilerServices;
using Sleeper.Ingest.Core.Parquet.Columns;

namespace Sleeper.Ingest.Core.Parquet.Encodings;

/// <summary>RLE booleans: u32 LE length of the runs, then runs of width 1 (see <see cref="HybridDecoder"/>).</summary>
internal sealed unsafe class RleBooleanDecoder : ValueDecoder
{
    private HybridDecoder _runs;

    public override void Reset(byte* start, int length, int maxCount)
    {
        if (length < 4)
        {
            _runs.Reset(start, 0, 1);
            return;
        }

        uint claimed = Unsafe.ReadUnaligned<uint>(start);
        if (claimed > (uint)length - 4)
        {
            throw new ParquetFormatException($"A page of booleans claims {claimed:N0} bytes of runs, but {length - 4:N0} are left.");
        }

        _runs.Reset(start + 4, (int)claimed, 1);
    }

    public override void Decode(ColumnVector destination, int count)
    {
        destination.EnsureValues(count);
        _runs.Read(destination.Ints.AsSpan(destination.ValueCount, count));
        destination.ValueCount += count;
    }
}
