using System.Text.Json;

namespace Sleeper.Ingest.Core.Tests.Support;

/// <summary>Reads Parquet files with hyparquet, a reader in JavaScript that shares no code with DuckDB or us.</summary>
internal static class Hyparquet
{
    /// <summary>All rows of a file, in file order. See <c>node/read-parquet.mjs</c> for how values are written.</summary>
    public static async Task<HyparquetTable> ReadAsync(string path)
    {
        string output = await NodeTools.RunScriptAsync("read-parquet.mjs", path);
        string[] lines = output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        string[] columns = JsonSerializer.Deserialize<string[]>(lines[0])!;
        return new HyparquetTable(columns, [.. lines.Skip(1).Select(line => JsonSerializer.Deserialize<JsonElement[]>(line)!)]);
    }
}
