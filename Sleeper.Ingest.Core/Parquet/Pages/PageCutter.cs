using System.Diagnostics;
using Sleeper.Ingest.Core.Parquet.Columns;
using Sleeper.Ingest.Core.Parquet.Schemas;

namespace Sleeper.Ingest.Core.Parquet.Pages;

/// <summary>
/// Says how many of the next rows still go into a page: as many whole rows as fit its limits, and at least one into an empty page. Since a
/// row is taken if and only if it fits, the cuts depend on the rows alone, not on the batches they come in.
/// </summary>
internal sealed class PageCutter
{
    private readonly int _maxRows;
    private readonly int _maxBytes;
    private readonly int _fixedWidth;
    private readonly int _extraWidth;
    private readonly byte _maxDefinitionLevel;
    private readonly bool _isRepeated;

    public PageCutter(LeafColumn column, int maxRows, int maxBytes)
    {
        _maxRows = maxRows;
        _maxBytes = maxBytes;
        _maxDefinitionLevel = (byte)column.MaxDefinitionLevel;
        _isRepeated = column.MaxRepetitionLevel > 0;
        _fixedWidth = column.VectorKind switch { VectorKind.Int32 => 4, VectorKind.Int64 => 8, _ => 0 };
        _extraWidth = column.PhysicalType == Metadata.PhysicalType.ByteArray ? 4 : 0;
    }

    /// <summary>Size that counts against the page limit.</summary>
    public long PlainBytes(ColumnVector vector, int fromValue, int values) =>
        _fixedWidth > 0
            ? (long)_fixedWidth * values
            : vector.Offsets[fromValue + values] - vector.Offsets[fromValue] + ((long)_extraWidth * values);

    /// <summary>Rows of <paramref name="vector"/> from <paramref name="at"/> on that fit into a page which already holds so many rows and bytes.</summary>
    public PageExtent Fit(ColumnVector vector, PageExtent at, int pageRows, long pageBytes)
    {
        int levels = vector.LevelCount - at.Levels;
        int rowRoom = _maxRows - pageRows;
        long byteRoom = _maxBytes - pageBytes;
        bool mustTake = pageRows == 0;
        if (rowRoom <= 0 || levels == 0)
        {
            return default;
        }

        return _isRepeated ? FitRepeated(vector, at, rowRoom, byteRoom, mustTake)
            : _maxDefinitionLevel > 0 ? FitOptional(vector, at, Math.Min(levels, rowRoom), byteRoom, mustTake)
            : FitRequired(vector, at, Math.Min(levels, rowRoom), byteRoom, mustTake);
    }

    private PageExtent FitRequired(ColumnVector vector, PageExtent at, int rows, long byteRoom, bool mustTake)
    {
        int fitting = FittingValues(vector, at.Values, rows, byteRoom);
        fitting = mustTake ? Math.Max(1, fitting) : fitting;
        return new PageExtent(fitting, fitting, fitting);
    }

    private PageExtent FitOptional(ColumnVector vector, PageExtent at, int rows, long byteRoom, bool mustTake)
    {
        ReadOnlySpan<byte> levels = vector.DefinitionLevels.AsSpan(at.Levels, rows);
        int values = levels.Count(_maxDefinitionLevel);
        int fitting = FittingValues(vector, at.Values, values, byteRoom);
        if (fitting == values)
        {
            return new PageExtent(rows, rows, values);
        }

        if (mustTake && fitting == 0 && levels[0] == _maxDefinitionLevel)
        {
            fitting = 1;
        }

        // The page ends before the row of the first value that does not fit.
        int row = -1;
        for (int seen = 0; seen <= fitting; seen++)
        {
            row++;
            while (row < rows && levels[row] != _maxDefinitionLevel)
            {
                row++;
            }
        }

        row = Math.Min(row, rows);
        return new PageExtent(row, row, fitting);
    }

    private PageExtent FitRepeated(ColumnVector vector, PageExtent at, int rowRoom, long byteRoom, bool mustTake)
    {
        ReadOnlySpan<byte> repetition = vector.RepetitionLevels.AsSpan(at.Levels, vector.LevelCount - at.Levels);
        ReadOnlySpan<byte> definition = vector.DefinitionLevels.AsSpan(at.Levels, repetition.Length);
        Debug.Assert(repetition[0] == 0, "A page starts inside a row.");
        var taken = default(PageExtent);
        int level = 0;
        while (level < repetition.Length && taken.Rows < rowRoom)
        {
            int values = taken.Values;
            do
            {
                values += definition[level] == _maxDefinitionLevel ? 1 : 0;
                level++;
            }
            while (level < repetition.Length && repetition[level] != 0);

            if (PlainBytes(vector, at.Values, values) > byteRoom && !(mustTake && taken.Rows == 0))
            {
                break;
            }

            taken = new PageExtent(taken.Rows + 1, level, values);
        }

        return taken;
    }

    private int FittingValues(ColumnVector vector, int fromValue, int most, long byteRoom)
    {
        if (PlainBytes(vector, fromValue, most) <= byteRoom)
        {
            return most;
        }

        // The size grows with the count: bisect.
        int fits = 0;
        int fitsNot = most;
        while (fitsNot - fits > 1)
        {
            int middle = (int)(((uint)fits + (uint)fitsNot) / 2);
            if (PlainBytes(vector, fromValue, middle) <= byteRoom)
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
}
