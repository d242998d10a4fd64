using System.Text.Json;

namespace Sleeper.Ingest.Core.Tests.Support;

/// <summary>A file as hyparquet read it.</summary>
/// <param name="Columns">The top-level columns.</param>
/// <param name="Rows">The values by row, in the order of the columns.</param>
internal sealed record HyparquetTable(IReadOnlyList<string> Columns, IReadOnlyList<JsonElement[]> Rows)
{
    /// <summary>A row's values as JSON text, for a short comparison.</summary>
    public string RowText(int row) => JsonSerializer.Serialize(Rows[row]);
}
