using System.Numerics;

namespace Sleeper.Ingest.Core.Parquet.BloomFilters;

/// <summary>How large a filter must be. Sizes are powers of two, since some readers take no others.</summary>
/// <remarks>
/// With a mean of λ values in a block, i of them are in one with Poisson's probability. Each sets one of 32 bits in each of the block's 8 words, so a
/// value that is not there finds all its bits set with (1 - (31/32)^i)^8. The sum over i is how often the filter says "maybe" of such a value.
/// </remarks>
internal static class BloomFilterSize
{
    /// <summary>The largest filter that other readers take, 128 MiB.</summary>
    public const int MaxBytes = 128 << 20;

    /// <summary>With so many values every bit of a block is set but for one chance in a million.</summary>
    private const double FullBlock = 600;

    /// <summary>The smallest filter with at most this share of wrong "maybe", but none larger than the greatest power of two up to <paramref name="maxBytes"/>.</summary>
    public static int BytesFor(long distinctValues, double falsePositiveProbability, int maxBytes)
    {
        double valuesPerBlock = ValuesPerBlock(falsePositiveProbability);
        int most = 1 << BitOperations.Log2((uint)maxBytes);
        int bytes = SplitBlocks.BlockBytes;
        while (bytes < most && valuesPerBlock * (bytes / SplitBlocks.BlockBytes) < distinctValues)
        {
            bytes *= 2;
        }

        return bytes;
    }

    /// <summary>Distinct values that a filter of so many bytes can take at this share of wrong "maybe".</summary>
    public static long ValuesIn(int bytes, double falsePositiveProbability) => (long)(ValuesPerBlock(falsePositiveProbability) * (bytes / SplitBlocks.BlockBytes));

    private static double ValuesPerBlock(double falsePositiveProbability)
    {
        double fits = 0;
        double fitsNot = FullBlock;
        for (int step = 0; step < 50; step++)
        {
            double middle = (fits + fitsNot) / 2;
            if (FalsePositives(middle) <= falsePositiveProbability)
            {
                fits = middle;
            }
            else
            {
                fitsNot = middle;
            }
        }

        return fits;
    }

    private static double FalsePositives(double valuesPerBlock)
    {
        double probability = Math.Exp(-valuesPerBlock);
        double sum = 0;
        for (int values = 1; values < 2 * FullBlock; values++)
        {
            probability *= valuesPerBlock / values;
            sum += probability * Math.Pow(1 - Math.Pow(31.0 / 32, values), 8);
        }

        return sum;
    }
}
