using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Sleeper.Ingest.Core.Parquet;
using Sleeper.Ingest.Core.Parquet.Compression;
using Sleeper.Ingest.Core.Parquet.Encodings;
using Sleeper.Ingest.Core.Parquet.Metadata;
using Sleeper.Ingest.Core.Parquet.Schemas;
using Sleeper.Ingest.Core.Tests.Parquet.RowGroups;
using Sleeper.Ingest.Core.Tests.Support;

namespace Sleeper.Ingest.Core.Tests.Differential;

/// <summary>
/// Random tables, of all types and nested, written by us and read by DuckDB and hyparquet, and written by DuckDB and read by us: every value is equal.
/// </summary>
/// <remarks>SLEEPER_SEEDS=20000 makes it a soak; SLEEPER_SEED=42 runs one seed.</remarks>
public sealed class ParquetDifferentialTests : IDisposable
{
    private static readonly CompressionCodec[] Codecs =
        [CompressionCodec.Uncompressed, CompressionCodec.Snappy, CompressionCodec.Gzip, CompressionCodec.Brotli, CompressionCodec.Lz4Raw, CompressionCodec.Zstd];

    private readonly TemporaryFolder _folder = new();

    private static IEnumerable<int> Seeds =>
        Environment.GetEnvironmentVariable("SLEEPER_SEED") is { } one ? [int.Parse(one, CultureInfo.InvariantCulture)]
        : Enumerable.Range(1, Environment.GetEnvironmentVariable("SLEEPER_SEEDS") is { } count ? int.Parse(count, CultureInfo.InvariantCulture) : 500);

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task What_we_write_is_read_by_duckdb_and_hyparquet()
    {
        await NodeTools.RequireAsync();
        var seeds = Seeds.ToList();
        var expected = new List<string>?[seeds.Count];
        await Parallel.ForAsync(0, seeds.Count, new ParallelOptions { MaxDegreeOfParallelism = 2 }, async (i, _) => expected[i] = await NamingSeedAsync(seeds[i], WriteAsync));

        // One process for all files: its start costs more than a file.
        string[] digests = (await NodeTools.RunScriptAsync("digest-parquet.mjs", _folder.Path)).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(seeds.Count, digests.Length);
        foreach (string line in digests)
        {
            string[] parts = line.Split(' ');
            int seed = int.Parse(Path.GetFileNameWithoutExtension(parts[0]), CultureInfo.InvariantCulture);
            var rows = expected[seeds.IndexOf(seed)]!;
            if (parts[2] != Digest(rows))
            {
                string output = await NodeTools.RunScriptAsync("digest-parquet.mjs", Path.Combine(_folder.Path, parts[0]));
                AssertSame(rows, [.. output.Split('\n')[..^1]], $"seed {seed}, hyparquet");
            }
        }
    }

    [Fact]
    public async Task What_duckdb_writes_is_read_by_us()
    {
        await NodeTools.RequireAsync();
        await Parallel.ForEachAsync(Seeds, new ParallelOptions { MaxDegreeOfParallelism = 2 }, async (seed, _) => await NamingSeedAsync(seed, ReadAsync));
    }

    /// <summary>Has DuckDB write a table and reads it; returns the rows.</summary>
    private async Task<List<string>> ReadAsync(int seed)
    {
        var random = new Random(seed);
        int depth = random.Next(4);
        var columns = new RandomColumns(random, LeafTypes.OfDuckDb).Columns(depth);
        var rows = new DuckDbRows(random, columns, RowCount(random, depth, oneIn: 4));
        string path = Path.Combine(_folder.Path, $"{seed}.parquet");
        string options = Options(random);
        await DuckDb.ExecuteAsync($"COPY ({rows.Query}) TO {DuckDb.Quote(path)} (FORMAT parquet, {options})");
        var expected = await ReadTextAsync(columns, $"({rows.Query})");

        var actual = await ColumnAssembler.ReadAsync(new BytesSource("file", await File.ReadAllBytesAsync(path)), ParquetReaderLimits.Default, stretch: random.Next(1, 3_000));

        AssertSame(expected, actual, $"{options}, {string.Join("; ", columns)}");
        File.Delete(path);
        return actual;
    }

    /// <summary>Writes a table and has DuckDB and ourselves read it; returns the rows.</summary>
    private async Task<List<string>> WriteAsync(int seed)
    {
        var random = new Random(seed);
        var source = new RandomColumns(random, random.Next(3) == 0 ? LeafTypes.OfFields : [.. LeafTypes.All.Where(type => type.NewValue is not null)]);
        int depth = random.Next(4);
        var columns = source.Columns(depth);
        var schema = new ParquetSchema("table", [.. columns.Select(column => column.ToNode())]);
        var groups = Enumerable.Range(0, random.Next(1, 4))
            .Select(_ => Enumerable.Range(0, RowCount(random, depth, oneIn: 10)).Select(_ => source.Row(columns)).ToList()).ToList();
        bool isForDuckDb = random.Next(6) > 0;
        var options = WriterOptions(random, schema, groups.Max(rows => rows.Count), isForDuckDb);
        int batch = random.Next(1, 300);
        byte[] bytes = WrittenFile.Write(schema, options, () => random.Next(1, batch + 1), [.. groups.Select(rows => ColumnShredder.Shred(schema, columns, rows))]).Bytes;
        string path = Path.Combine(_folder.Path, $"{seed}.parquet");
        await File.WriteAllBytesAsync(path, bytes);

        string about = $"{options.CreateCompressor().Codec}, {options.Version}, {string.Join("; ", columns)}";
        var expected = groups.SelectMany(rows => rows).Select(row => NestedText.Of(columns, schema.Fields, row)).ToList();
        AssertSame(expected, await ColumnAssembler.ReadAsync(new BytesSource("file", bytes), ParquetReaderLimits.Default, stretch: random.Next(1, 500)), $"{about}, ourselves");
        if (isForDuckDb)
        {
            AssertSame(expected, await ReadTextAsync(columns, $"read_parquet({DuckDb.Quote(path)})"), $"{about}, DuckDB");
        }

        return expected;
    }

    /// <summary>Few rows, or now and then so many that pages have more entries than the reader decodes at a time, and DuckDB begins a second row group.</summary>
    private static int RowCount(Random random, int depth, int oneIn) => depth switch
    {
        < 2 when random.Next(oneIn) == 0 => random.Next(1_000, 4_500),
        >= 2 when random.Next(3 * oneIn) == 0 => random.Next(300, 1_000),
        _ => random.Next(1, 150),
    };

    private static async Task<List<string>> NamingSeedAsync(int seed, Func<int, Task<List<string>>> run)
    {
        try
        {
            return await run(seed);
        }
        catch (Exception e)
        {
            throw new InvalidOperationException($"SLEEPER_SEED={seed} runs this table alone. {e.Message}", e);
        }
    }

    private static ParquetWriterOptions WriterOptions(Random random, ParquetSchema schema, int groupRows, bool isForDuckDb)
    {
        // Pages of a few values, but not thousands of them: each has a fresh compressor.
        int smallestPage = groupRows > 200 ? 10 : 5;
        var codec = Codecs[random.Next(Codecs.Length)];
        codec = PageCompression.IsAvailable(codec) ? codec : CompressionCodec.Snappy;
        return new ParquetWriterOptions
        {
            CreateCompressor = () => PageCompression.Create(codec),
            Version = random.Next(2) == 0 ? WriterVersion.V1 : WriterVersion.V2,
            PageBytes = 1 << random.Next(smallestPage, 18),
            PageRows = random.Next(1 + (groupRows / 50), groupRows + 2),
            PageChecksums = random.Next(2) == 0,
            DictionaryBytes = 1 << random.Next(4, 20),
            StatisticsTruncateBytes = random.Next(1, 100),
            ColumnIndexTruncateBytes = random.Next(1, 100),
            Columns = [.. schema.Columns.Select(column => new ColumnWriteOptions { Dictionary = (DictionaryUse)random.Next(2), Encoding = Encoding(random, column, isForDuckDb) })],
        };
    }

    /// <summary>Any encoding that the column's type can have.</summary>
    private static ColumnEncoding Encoding(Random random, LeafColumn column, bool isForDuckDb)
    {
        var encoding = (ColumnEncoding)random.Next(5);
        if (isForDuckDb && !IsReadByDuckDb(column, encoding))
        {
            return ColumnEncoding.Plain;
        }

        try
        {
            ValueEncoder.Check(column, encoding);
            return encoding;
        }
        catch (ArgumentException)
        {
            return ColumnEncoding.Plain;
        }
    }

    /// <summary>DuckDB 1.5 has BYTE_STREAM_SPLIT for floats and doubles alone, and the delta encodings not for decimals in byte arrays.</summary>
    private static bool IsReadByDuckDb(LeafColumn column, ColumnEncoding encoding) => encoding == ColumnEncoding.ByteStreamSplit
        ? column.PhysicalType is PhysicalType.Float or PhysicalType.Double
        : encoding == ColumnEncoding.Plain || column.PhysicalType != PhysicalType.ByteArray || column.LogicalType?.Kind != LogicalTypeKind.Decimal;

    /// <summary>How DuckDB writes a file.</summary>
    internal static string Options(Random random)
    {
        string[] codecs = ["uncompressed", "snappy", "gzip", "brotli", "lz4_raw", "zstd"];
        var options = new List<string> { $"COMPRESSION {codecs[random.Next(codecs.Length)]}", $"PARQUET_VERSION {(random.Next(2) == 0 ? "V1" : "V2")}" };
        if (random.Next(2) == 0)
        {
            options.Add($"ROW_GROUP_SIZE {2048 * random.Next(1, 4)}");
        }

        if (random.Next(2) == 0)
        {
            options.Add($"DICTIONARY_SIZE_LIMIT {random.Next(1, 200)}");
        }

        return string.Join(", ", options);
    }

    private static async Task<List<string>> ReadTextAsync(IReadOnlyList<NestedType> columns, string source) =>
        [.. (await DuckDb.QueryAsync($"SELECT {NestedText.Sql(columns)} AS line FROM {source}")).Select(row => LeafText.OfDuckDb(row[0]!))];

    private static string Digest(List<string> rows) =>
        Convert.ToHexStringLower(SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(string.Concat(rows.Select(row => row + "\n")))));

    private static void AssertSame(List<string> expected, List<string> actual, string about)
    {
        for (int i = 0; i < Math.Min(expected.Count, actual.Count); i++)
        {
            Assert.True(expected[i] == actual[i], $"{about}, row {i}: {Environment.NewLine}{actual[i]}{Environment.NewLine}instead of{Environment.NewLine}{expected[i]}");
        }

        Assert.True(expected.Count == actual.Count, $"{about}: {actual.Count} rows instead of {expected.Count}.");
    }
}
