using System.Globalization;
using System.Text;
using Sleeper.Ingest.Core.ObjectStores;
using Sleeper.Ingest.Core.Parquet;
using Sleeper.Ingest.Core.Reading;
using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.Schemas;
using Sleeper.Ingest.Core.Tests.Support;

namespace Sleeper.Ingest.Core.Tests.Formats;

/// <summary>Bloom filters in the hands of DuckDB, and DuckDB's in ours: both give the same answer for every value asked, wrong "maybe" included.</summary>
public sealed class BloomFilterRefereeTests : IDisposable
{
    private static readonly Schema Keys = Schema.Create()
        .RowKey("n", FieldType.Int).RowKey("l", FieldType.Long).RowKey("s", FieldType.String).RowKey("b", FieldType.ByteArray).Value("v", FieldType.Long).Build();

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    // Byte arrays are printable ones here: DuckDB before duckdb/duckdb#23829 looks up others by their escaped form.
    [Theory]
    [InlineData(0.01)]
    [InlineData(0.6)]
    public async Task DuckDb_answers_from_our_filters_as_we_do(double probability)
    {
        var rows = Enumerable.Range(0, 3_000).Select(i => new Row(
            Keys, i * 5, i * -5_000_000_000L, $"schlüssel {i % 500}", Encoding.ASCII.GetBytes($"bytes {i}"), (long)i));
        var table = await IngestedTable.IngestAsync(
            Keys,
            rows,
            f => f.WithRowGroups(1_000, 1 << 20).WithRowKeyBloomFilters(new BloomFilterOptions { FalsePositiveProbability = probability }),
            store: new LocalObjectStore(_folder.Path));
        string path = Path.Combine(_folder.Path, table.PathOf());
        using var file = await Open(path);
        Assert.Equal(3, file.RowGroupCount);
        Assert.All(file.Metadata.RowGroups, group => Assert.Null(group.Columns[4].Metadata!.BloomFilterOffset));
        Assert.Equal(12, await DuckDb.CountAsync($"SELECT count(bloom_filter_length) FROM parquet_metadata({DuckDb.Quote(path)}) WHERE bloom_filter_offset > 0"));

        int maybe = 0;
        for (int i = 0; i < 12; i++)
        {
            maybe += await Compare(file, path, "n", i * 251, $"{i * 251}");
            maybe += await Compare(file, path, "l", i * -251_000_000_000L, $"{i * -251_000_000_000L}");
            maybe += await Compare(file, path, "s", $"schlüssel {i * 99}", $"'schlüssel {i * 99}'");
            maybe += await Compare(file, path, "b", Encoding.ASCII.GetBytes($"bytes {i * 151}"), $"'bytes {i * 151}'::BLOB");
        }

        Assert.InRange(maybe, 20, (12 * 12) - 20);
        Assert.Equal(3_000, (await Hyparquet.ReadAsync(path)).Rows.Count);
        Assert.Equal(3_000, await DuckDb.CountAsync($"SELECT count(*) FROM read_parquet({DuckDb.Quote(path)})"));
        Assert.Equal(6, await DuckDb.CountAsync($"SELECT count(*) FROM read_parquet({DuckDb.Quote(path)}) WHERE s = 'schlüssel 7'"));
        Assert.Equal(0, await DuckDb.CountAsync($"SELECT count(*) FROM read_parquet({DuckDb.Quote(path)}) WHERE s = 'schlüssel 7a'"));
        Assert.Equal(1, await DuckDb.CountAsync($"SELECT count(*) FROM read_parquet({DuckDb.Quote(path)}) WHERE l = -5000000000 AND n = 5"));
    }

    [Fact]
    public async Task We_answer_from_the_filters_of_duckdb_as_it_does()
    {
        string path = Path.Combine(_folder.Path, "duckdb.parquet");
        await DuckDb.ExecuteAsync($"""
            COPY (SELECT ((r * 7) % 300)::INTEGER AS n, (r % 200) * 5000000000 AS l, 'schlüssel ' || (r % 250) AS s, unhex(md5((r % 100)::VARCHAR)) AS b
                  FROM range(20000) AS made(r)) TO {DuckDb.Quote(path)} (FORMAT parquet, ROW_GROUP_SIZE 4096)
            """);
        using var file = await Open(path);
        Assert.True(file.RowGroupCount > 1);
        Assert.All(file.Metadata.RowGroups.SelectMany(g => g.Columns), chunk => Assert.NotNull(chunk.Metadata!.BloomFilterOffset));

        int maybe = 0;
        for (int i = 0; i < 12; i++)
        {
            maybe += await Compare(file, path, "n", i * 51, $"{i * 51}");
            maybe += await Compare(file, path, "l", i * 35 * 5000000000, $"{i * 35 * 5000000000}");
            maybe += await Compare(file, path, "s", $"schlüssel {i * 49}", $"'schlüssel {i * 49}'");
        }

        int asked = 36 * file.RowGroupCount;
        Assert.InRange(maybe, asked / 4, asked * 3 / 4);
    }

    private static async Task<ParquetFileReader> Open(string path) =>
        await ParquetFileReader.OpenAsync(new BytesSource(path, await File.ReadAllBytesAsync(path)), ParquetReaderLimits.Default, default);

    /// <summary>Asks both about a value in every row group; returns in how many it may be.</summary>
    private static async Task<int> Compare(ParquetFileReader file, string path, string column, FieldValue value, string sql)
    {
        int leaf = file.Schema.Columns.Single(c => c.DottedPath == column).Index;
        var excluded = await DuckDb.QueryAsync(
            $"SELECT row_group_id, bloom_filter_excludes FROM parquet_bloom_probe({DuckDb.Quote(path)}, '{column}', {sql}) ORDER BY row_group_id");
        Assert.Equal(file.RowGroupCount, excluded.Count);
        int maybe = 0;
        for (int group = 0; group < file.RowGroupCount; group++)
        {
            bool mayContain = await file.MayContainAsync(group, leaf, KeyHash.Of(file.Schema.Columns[leaf].PhysicalType, value), default);
            Assert.True(excluded[group][1] == (mayContain ? "false" : "true"), string.Create(CultureInfo.InvariantCulture, $"{column} = {sql} in row group {group}: DuckDB excludes: {excluded[group][1]}"));
            maybe += mayContain ? 1 : 0;
        }

        return maybe;
    }
}
