using Sleeper.Ingest.Core.Tests.Support;

namespace Sleeper.Ingest.Core.Tests.Formats;

/// <summary>Files that DuckDB writes from made-up rows, in each codec and both page generations, against what DuckDB itself reads from them.</summary>
public class DuckDbFilesTests
{
    private const string MadeUpRows = """
        SELECT
            CASE WHEN hash(r, 1) % 5 > 0 THEN ((hash(r, 2) % 4294967296)::BIGINT - 2147483648)::INTEGER END AS i,
            CASE WHEN r % 3 > 0 THEN r * 1000003 END AS l,
            CASE WHEN hash(r, 3) % 7 > 0 THEN repeat(chr((97 + hash(r, 4) % 26)::INTEGER), (hash(r, 5) % 40)::INTEGER) || r END AS s,
            CASE WHEN r < 2500 THEN 'same' WHEN r < 5000 THEN 'other' || (r % 10) END AS d,
            unhex(md5(r::VARCHAR)) AS b,
            (r % 1000)::DOUBLE / 7 AS f,
            r % 3 = 0 AS t,
            CASE WHEN hash(r, 6) % 9 > 0 THEN list_transform(range((hash(r, 7) % 6)::BIGINT), x -> CASE WHEN x <> 3 THEN (x * r)::INTEGER END) END AS li,
            CASE WHEN r % 4 > 0 THEN map_from_entries(list_transform(range((r % 5)::BIGINT), x -> {'k': 'k' || x, 'v': x + r})) END AS m
        FROM range(9000) AS made(r)
        """;

    private const string CanonicalRow = """
        '[' || coalesce('"' || i || '"', 'null') || ',' || coalesce('"' || l || '"', 'null') || ',' || coalesce('"' || lower(hex(s)) || '"', 'null')
            || ',' || coalesce('"' || lower(hex(d)) || '"', 'null') || ',' || coalesce('"' || lower(hex(b)) || '"', 'null')
            || ',' || coalesce('[' || array_to_string(list_transform(li, x -> coalesce('"' || x || '"', 'null')), ',') || ']', 'null')
            || ',' || coalesce('[' || array_to_string(list_transform(map_entries(m), e -> '["' || lower(hex(e.key)) || '","' || e.value || '"]'), ',') || ']', 'null') || ']'
        """;

    [Theory]
    [InlineData("uncompressed", "V1", 122880)]
    [InlineData("uncompressed", "V2", 2048)]
    [InlineData("snappy", "V1", 4096)]
    [InlineData("snappy", "V2", 122880)]
    [InlineData("gzip", "V1", 2048)]
    [InlineData("zstd", "V1", 122880)]
    [InlineData("zstd", "V2", 4096)]
    [InlineData("brotli", "V2", 122880)]
    [InlineData("lz4_raw", "V1", 4096)]
    public async Task Rows_are_those_that_duckdb_reads(string codec, string version, int rowGroupSize)
    {
        string path = Path.Combine(Path.GetTempPath(), $"duckdb-{Guid.NewGuid():N}.parquet");
        try
        {
            await DuckDb.ExecuteAsync($"COPY ({MadeUpRows}) TO {DuckDb.Quote(path)} (FORMAT parquet, COMPRESSION {codec}, PARQUET_VERSION {version}, ROW_GROUP_SIZE {rowGroupSize})");
            List<string?[]> expected = await DuckDb.QueryAsync($"SELECT {CanonicalRow} AS canonical FROM read_parquet({DuckDb.Quote(path)})");
            byte[] bytes = await File.ReadAllBytesAsync(path, TestContext.Current.CancellationToken);

            List<string> actual = await CanonicalRows.ReadAsync(new BytesSource(path, bytes), stretch: 777);

            Assert.Equal(9000, expected.Count);
            for (int i = 0; i < expected.Count; i++)
            {
                Assert.True(expected[i][0] == actual[i], $"row {i}: {actual[i]}, DuckDB has {expected[i][0]}");
            }

            Assert.Equal(9000, actual.Count);

            // The doubles, the booleans and all the others again, as columns.
            Assert.Equal(0, await ParquetDrain.ReadAllAsync(bytes, stretch: 100) % 9000);
        }
        finally
        {
            File.Delete(path);
        }
    }
}
