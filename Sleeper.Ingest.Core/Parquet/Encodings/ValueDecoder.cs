using Sleeper.Ingest.Core.Parquet.Columns;

namespace Sleeper.Ingest.Core.Parquet.Encodings;

/// <summary>Decodes the values of one page after another, in one encoding and for one physical type, into a vector.</summary>
/// <remarks>
/// Points into page memory that the page reader keeps alive until the next <see cref="Reset"/>. No value is read from outside of it, whatever
/// the bytes say. One virtual call for a stretch of values. Not thread-safe.
/// </remarks>
internal abstract unsafe class ValueDecoder
{
    /// <summary>Begins a page.</summary>
    /// <param name="start">The first byte of the values.</param>
    /// <param name="length">Bytes of the values.</param>
    /// <param name="maxCount">Values of the page, nulls included: no more are asked for.</param>
    public abstract void Reset(byte* start, int length, int maxCount);

    /// <summary>Appends the next <paramref name="count"/> values.</summary>
    /// <exception cref="ParquetFormatException">The page does not hold them.</exception>
    public abstract void Decode(ColumnVector destination, int count);
}
