using Sleeper.Ingest.Core.Rows;

namespace Sleeper.Ingest.Core;

/// <summary>A row that cannot be written.</summary>
/// <param name="RowNumber">The row's place among all rows given to the writer, counted from 0.</param>
/// <param name="FieldName">The field at fault; null if it is the whole row.</param>
/// <param name="Reason">What is wrong and how to mend it. Holds no values of the row.</param>
/// <param name="Source">Where the row came from, if it was read from a file: its name, row group and row.</param>
/// <param name="Value">The field's value, if there is one at hand. Kept out of messages and logs.</param>
public sealed record RowError(long RowNumber, string? FieldName, string Reason, string? Source = null, FieldValue Value = default)
{
    /// <summary>The error in one sentence, without the value.</summary>
    public override string ToString() =>
        $"Row {RowNumber:N0}{(Source is null ? "" : $" ({Source})")}{(FieldName is null ? "" : $", field '{FieldName}'")}: {Reason}.";
}
