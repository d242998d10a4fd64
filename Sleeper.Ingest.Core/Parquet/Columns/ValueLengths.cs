using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Sleeper.Ingest.Core.Parquet.Columns;

/// <summary>The lengths of the shortest and of the longest value of a vector of bytes; both 0 if it has none.</summary>
internal readonly record struct ValueLengths(int Shortest, int Longest)
{
    /// <summary>True if all values have one length.</summary>
    public bool IsCommon => Shortest == Longest;

    /// <summary>Looks at the values that lie in a vector itself, not in its dictionary; a vector of numbers has no lengths.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static unsafe ValueLengths Of(ColumnVector vector)
    {
        int count = vector.ValueCount;
        if (vector.Kind != VectorKind.Bytes || count == 0)
        {
            return default;
        }

        int shortest = int.MaxValue;
        int longest = 0;
        fixed (int* offsets = vector.Offsets)
        {
            int i = 0;
            if (Vector256.IsHardwareAccelerated && count >= Vector256<int>.Count)
            {
                Vector256<int> least = Vector256.Create(int.MaxValue);
                Vector256<int> most = Vector256<int>.Zero;
                for (; i <= count - Vector256<int>.Count; i += Vector256<int>.Count)
                {
                    Vector256<int> lengths = Vector256.Load(offsets + i + 1) - Vector256.Load(offsets + i);
                    least = Vector256.Min(least, lengths);
                    most = Vector256.Max(most, lengths);
                }

                for (int lane = 0; lane < Vector256<int>.Count; lane++)
                {
                    shortest = Math.Min(shortest, least[lane]);
                    longest = Math.Max(longest, most[lane]);
                }
            }

            for (; i < count; i++)
            {
                int length = offsets[i + 1] - offsets[i];
                shortest = Math.Min(shortest, length);
                longest = Math.Max(longest, length);
            }
        }

        return new ValueLengths(shortest, longest);
    }
}
