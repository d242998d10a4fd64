using Sleeper.Ingest.Core.Parquet.RowGroups;

namespace Sleeper.Ingest.Core.Reading;

/// <summary>One run of rows of a row group, opened.</summary>
/// <param name="Part">The row group.</param>
/// <param name="Run">Which of its runs.</param>
/// <param name="Reader">Gives the rows; null behind the last ones of the file.</param>
/// <param name="Memory">What the reader takes its memory from.</param>
internal sealed record OpenRows(RowGroupPart Part, int Run, RowGroupReader? Reader, FileMemory Memory)
{
    public ValueTask CloseAsync() => Reader?.DisposeAsync() ?? default;
}
