namespace Sleeper.Ingest.Core.Tests.Support;

/// <summary>The referees themselves: each must give back what another one wrote, or their verdicts on our files mean nothing.</summary>
public sealed class RefereesTests : IDisposable
{
    private const string Rows = """
        SELECT * FROM (VALUES
          (1::INTEGER, 9007199254740993::BIGINT, 'Ünïcode, more than twelve bytes', '\x00\xFF'::BLOB, [1::BIGINT, 2], NULL::INTEGER),
          (2::INTEGER, -1::BIGINT, '', ''::BLOB, []::BIGINT[], 7::INTEGER)) AS t(i, l, s, b, list, n)
        """;

    private readonly string _folder = Directory.CreateTempSubdirectory("referees-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("zstd")]
    [InlineData("snappy")]
    [InlineData("uncompressed")]
    public async Task DuckDb_and_hyparquet_read_the_same_values(string codec)
    {
        string path = await WriteAsync(codec);

        var byDuckDb = await DuckDb.QueryAsync($"SELECT * FROM read_parquet({DuckDb.Quote(path)})");
        var byHyparquet = await Hyparquet.ReadAsync(path);

        Assert.Equal<string?[]>(
            [["1", "9007199254740993", "Ünïcode, more than twelve bytes", "\\x00\\xFF", "[1, 2]", null], ["2", "-1", "", "", "[]", "7"]], byDuckDb);
        Assert.Equal(["i", "l", "s", "b", "list", "n"], byHyparquet.Columns);
        Assert.Equal(2, byHyparquet.Rows.Count);
        Assert.Equal("9007199254740993", byHyparquet.Rows[0][1].GetString());
        Assert.Equal("Ünïcode, more than twelve bytes", byHyparquet.Rows[0][2].GetString());
        Assert.Equal("00ff", byHyparquet.Rows[0][3].GetString());
        Assert.Equal("[2,\"-1\",\"\",\"\",[],7]", byHyparquet.RowText(1));
    }

    [Fact]
    public async Task DuckDb_returns_many_rows_in_order()
    {
        var rows = await DuckDb.QueryAsync("SELECT i FROM range(10000) AS t(i) ORDER BY i DESC");

        Assert.Equal(Enumerable.Range(0, 10000).Select(i => $"{9999 - i}"), rows.Select(row => row[0]));
    }

    [Fact]
    public async Task DuckDb_says_what_is_wrong_with_a_statement()
    {
        await NodeTools.RequireAsync();
        var error = await Assert.ThrowsAsync<InvalidOperationException>(() => DuckDb.ExecuteAsync("SELECT missing_column"));

        Assert.Contains("missing_column", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task DuckDb_refuses_a_damaged_file()
    {
        string path = await WriteAsync("zstd");
        byte[] bytes = await File.ReadAllBytesAsync(path);
        await File.WriteAllBytesAsync(path, bytes[..^9]);

        await Assert.ThrowsAsync<InvalidOperationException>(() => DuckDb.CountAsync($"SELECT count(*) FROM read_parquet({DuckDb.Quote(path)})"));
    }

    private async Task<string> WriteAsync(string codec)
    {
        string path = Path.Combine(_folder, $"{codec}.parquet");
        await DuckDb.ExecuteAsync($"COPY ({Rows}) TO {DuckDb.Quote(path)} (FORMAT parquet, COMPRESSION {codec})");
        return path;
    }
}
