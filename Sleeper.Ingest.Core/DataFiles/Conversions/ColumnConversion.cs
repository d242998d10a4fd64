using Sleeper.Ingest.Core.Parquet.Columns;

namespace Sleeper.Ingest.Core.DataFiles.Conversions;

/// <summary>Turns decoded values of one column into those of a field, a stretch of rows at a time. Has no state: threads share it.</summary>
internal abstract class ColumnConversion(VectorKind target)
{
    /// <summary>How the field's values lie in a vector.</summary>
    public VectorKind Target { get; } = target;

    /// <summary>Converts all values and copies the levels.</summary>
    /// <param name="source">What was decoded.</param>
    /// <param name="target">Emptied and filled. A value that does not fit leaves something of no meaning there.</param>
    /// <param name="faults">Takes what is wrong with a value, by its index; emptied first.</param>
    public void Convert(ColumnVector source, ColumnVector target, Dictionary<int, string> faults)
    {
        faults.Clear();
        target.Clear();
        CopyLevels(source, target);
        target.EnsureValues(source.ValueCount);
        ConvertValues(source, target, faults);
    }

    /// <summary>Writes <c>source.ValueCount</c> values into the empty target and sets its count.</summary>
    protected abstract void ConvertValues(ColumnVector source, ColumnVector target, Dictionary<int, string> faults);

    private static void CopyLevels(ColumnVector source, ColumnVector target)
    {
        bool definition = source.DefinitionLevels.Length > 0;
        bool repetition = source.RepetitionLevels.Length > 0;
        target.EnsureLevels(source.LevelCount, definition, repetition);
        if (definition)
        {
            source.DefinitionLevels.AsSpan(0, source.LevelCount).CopyTo(target.DefinitionLevels);
        }

        if (repetition)
        {
            source.RepetitionLevels.AsSpan(0, source.LevelCount).CopyTo(target.RepetitionLevels);
        }

        target.LevelCount = source.LevelCount;
    }
}
