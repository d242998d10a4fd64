using Sleeper.Ingest.Core.Parquet.Columns;

namespace Sleeper.Ingest.Core.Parquet.Pages;

/// <summary>A view of the part of a <see cref="ColumnVector"/> that becomes one page.</summary>
internal readonly ref struct PageValues
{
    public PageValues(ColumnVector vector, PageExtent start, PageExtent length)
    {
        Rows = length.Rows;
        Levels = length.Levels;
        Count = length.Values;
        switch (vector.Kind)
        {
            case VectorKind.Int32:
                Ints = vector.Ints.AsSpan(start.Values, Count);
                break;
            case VectorKind.Int64:
                Longs = vector.Longs.AsSpan(start.Values, Count);
                break;
            default:
                Bytes = vector.Bytes;
                Offsets = vector.Offsets.AsSpan(start.Values, Count + 1);
                break;
        }

        if (vector.DefinitionLevels.Length >= start.Levels + Levels)
        {
            DefinitionLevels = vector.DefinitionLevels.AsSpan(start.Levels, Levels);
        }

        if (vector.RepetitionLevels.Length >= start.Levels + Levels)
        {
            RepetitionLevels = vector.RepetitionLevels.AsSpan(start.Levels, Levels);
        }
    }

    public int Rows { get; }

    /// <summary>Values, nulls and empty lists.</summary>
    public int Levels { get; }

    /// <summary>Values that are there.</summary>
    public int Count { get; }

    public ReadOnlySpan<int> Ints { get; }

    public ReadOnlySpan<long> Longs { get; }

    /// <summary>Value i is <c>Bytes[Offsets[i]..Offsets[i + 1]]</c>.</summary>
    public ReadOnlySpan<byte> Bytes { get; }

    public ReadOnlySpan<int> Offsets { get; }

    /// <summary>Only meant for columns that have them; so are the repetition levels.</summary>
    public ReadOnlySpan<byte> DefinitionLevels { get; }

    public ReadOnlySpan<byte> RepetitionLevels { get; }

    /// <summary>Bytes of all byte arrays.</summary>
    public int ByteCount => Offsets.IsEmpty ? 0 : Offsets[Count] - Offsets[0];
}
