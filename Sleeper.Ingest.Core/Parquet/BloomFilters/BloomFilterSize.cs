using System.Numerics;

namespace Sleeper.Ingest.Core.Parquet.BloomFilters;

/// <summary>How large a filter must be. Sizes are powers of two, since some readers take no others.</summary>
/// <remarks>
/// With a mean of λ values in a block, i of them are in one with Poisson's probability. Each sets one of 32 bits in each of the block's 8 words, so a
/// value that is not there finds all its bits set with (1 - (31/32)^i)^8. The sum over i is how often the filter says "maybe" of such a value.
/// </remarks>
internal sealed class BloomFilterSize
{
    /// <summary>The largest filter that other readers take, 128 MiB.</summary>
    public const int MaxBytes = 128 << 20;

    /// <summary>With so many values every bit of a block is set but for one chance in a million.</summary>
    private const double FullBlock = 600;

    private readonly double _valuesPerBlock;
    private readonly int _maxBytes;

    /// <param name="falsePositiveProbability">The share of wrong "maybe", above 0 and below 1.</param>
    /// <param name="maxBytes">No filter is larger than the greatest power of two up to this; at least 32.</param>
    public BloomFilterSize(double falsePositiveProbability, int maxBytes)
    {
        _valuesPerBlock = FindValuesPerBlock(falsePositiveProbability);
        _maxBytes = 1 << BitOperations.Log2((uint)maxBytes);
    }

    /// <summary>Distinct values that the largest filter takes at the share of wrong "maybe".</summary>
    public long MostValues => (long)(_valuesPerBlock * (_maxBytes / SplitBlocks.BlockBytes));

    /// <summary>The smallest filter with at most the share of wrong "maybe", or the largest one.</summary>
    public int BytesFor(long distinctValues)
    {
        int bytes = SplitBlocks.BlockBytes;
        while (bytes < _maxBytes && _valuesPerBlock * (bytes / SplitBlocks.BlockBytes) < distinctValues)
        {
            bytes *= 2;
        }

        return bytes;
    }

    private static double FindValuesPerBlock(double falsePositiveProbability)
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
        double bitIsClear = 1;
        double sum = 0;
        for (int values = 1; values < 2 * FullBlock; values++)
        {
            probability *= valuesPerBlock / values;
            bitIsClear *= 31.0 / 32;
            double two = (1 - bitIsClear) * (1 - bitIsClear);
            sum += probability * two * two * two * two;
        }

        return sum;
    }
}
