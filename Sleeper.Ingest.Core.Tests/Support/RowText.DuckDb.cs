using Sleeper.Ingest.Core.Schemas;

namespace Sleeper.Ingest.Core.Tests.Support;

/// <content>What DuckDB makes of a file.</content>
internal static partial class RowText
{
    /// <summary>The rows of a Parquet file as DuckDB reads them, in file order.</summary>
    public static async Task<List<string>> ReadByDuckDbAsync(string path, Schema schema, Func<Field, string>? source = null) =>
        [.. (await DuckDb.QueryAsync($"SELECT {Sql(schema, source)} AS line FROM read_parquet({DuckDb.Quote(path)})")).Select(row => row[0]!)];
}
