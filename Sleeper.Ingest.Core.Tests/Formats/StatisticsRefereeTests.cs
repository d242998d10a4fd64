using System.Globalization;
using System.Text;
using Sleeper.Ingest.Core.ObjectStores;
using Sleeper.Ingest.Core.Parquet;
using Sleeper.Ingest.Core.Parquet.Columns;
using Sleeper.Ingest.Core.Parquet.Compression;
using Sleeper.Ingest.Core.Parquet.Metadata;
using Sleeper.Ingest.Core.Parquet.Schemas;
using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.Schemas;
using Sleeper.Ingest.Core.Tests.Parquet.RowGroups;
using Sleeper.Ingest.Core.Tests.Support;

namespace Sleeper.Ingest.Core.Tests.Formats;

/// <summary>
/// Statistics that readers skip by, for columns that are all null, empty, not ASCII, NaN or zero of both signs, whole and cut: a search for any value
/// finds all of its rows, in DuckDB and here.
/// </summary>
public sealed class StatisticsRefereeTests : IDisposable
{
    private const int Rows = 160;
    private const int GroupRows = 40;

    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(WriterVersion.V1, 1)]
    [InlineData(WriterVersion.V2, 5)]
    [InlineData(WriterVersion.V2, int.MaxValue)]
    public async Task Duckdb_finds_every_row_by_its_value(object version, int truncateBytes)
    {
        int searches = 0;
        foreach (SampleColumn sample in SampleColumn.MakeAll(Rows).Where(IsSearched))
        {
            string path = Path.Combine(_folder.Path, sample.Name + ".parquet");
            await File.WriteAllBytesAsync(path, Write([sample], (WriterVersion)version, truncateBytes).Bytes, Token);
            List<(string Condition, int Expected)> asked = [.. Searches(sample)];

            List<string?[]> found = await DuckDb.QueryAsync(string.Join(
                " UNION ALL ", asked.Select((search, i) => $"SELECT {i} AS i, count(*) AS c FROM read_parquet({DuckDb.Quote(path)}) WHERE {search.Condition}")));

            Assert.Equal(asked.Count, found.Count);
            foreach (string?[] row in found)
            {
                (string condition, int expected) = asked[int.Parse(row[0]!, CultureInfo.InvariantCulture)];
                Assert.True(row[1] == expected.ToString(CultureInfo.InvariantCulture), $"cut to {truncateBytes}: {condition}: DuckDB finds {row[1]}, {expected} were written");
            }

            searches += asked.Count;
        }

        Assert.True(searches > 200, $"{searches} searches");
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(int.MaxValue)]
    public void Bounds_enclose_every_value_and_columns_without_values_have_none(int truncateBytes)
    {
        List<SampleColumn> samples = [.. SampleColumn.MakeAll(Rows).Where(sample => !sample.Node.IsGroup)];
        WrittenFile file = Write(samples, WriterVersion.V2, truncateBytes);
        int bounded = 0;
        for (int column = 0; column < samples.Count; column++)
        {
            for (int group = 0; group < Rows / GroupRows; group++)
            {
                string[] texts = samples[column].Texts[(group * GroupRows)..((group + 1) * GroupRows)];
                Statistics statistics = file.Column(column, group).Statistics!;
                Assert.Equal(texts.Count(text => text == "NULL"), statistics.NullCount);
                bool isOrdered = samples[column].Type is PhysicalType.Int32 or PhysicalType.Int64 or PhysicalType.ByteArray or PhysicalType.FixedLenByteArray;
                if (!isOrdered || texts.All(text => text == "NULL"))
                {
                    Assert.Null(statistics.MinValue);
                    Assert.Null(statistics.MaxValue);
                    Assert.Null(statistics.Min);
                    Assert.Null(statistics.Max);
                    continue;
                }

                string min = TextOf(samples[column], statistics.MinValue!);
                string max = TextOf(samples[column], statistics.MaxValue!);
                Assert.All(texts.Where(text => text != "NULL"), text => Assert.True(Compare(samples[column], min, text) <= 0 && Compare(samples[column], text, max) <= 0));
                if (statistics.IsMaxValueExact is null)
                {
                    Assert.Contains(max, texts);
                }

                bounded++;
            }
        }

        Assert.True(bounded > 60);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Keys_at_the_end_of_all_texts_and_bytes_are_found(bool filters)
    {
        var schema = Schema.Create().RowKey("s", FieldType.String).SortKey("b", FieldType.ByteArray).Value("n", FieldType.Int).Build();
        string last = string.Concat(Enumerable.Repeat("\U0010FFFF", 60));
        string[] texts =
        [
            "", "\0", "a", "\u007F", "\u0080", "é", "\uD7FF", "\uE000", "\uFFFF", "\U00010000", last, last + "\0", last + "a", last + last, "a" + last, "a" + last + "b",
            "b" + last, "\uD7FF" + last, new string('\uD7FF', 100), new string('\uD7FF', 100) + "a", new string('x', 300), new string('x', 300) + "y", new string('\u007F', 200),
        ];
        var rows = texts.SelectMany((text, t) => Enumerable.Range(0, 9).Select(i => new Row(
            schema, text, Enumerable.Repeat((byte)0xFF, i * 40).ToArray(), (t * 100) + i))).ToList();
        var table = await IngestedTable.IngestAsync(
            schema,
            rows,
            f => _ = (filters ? f.WithRowKeyBloomFilters() : f).WithRowGroups(20, 1 << 20).WithPages(4, 4096),
            store: new LocalObjectStore(_folder.Path));
        var reader = await Table.OpenAsync(table.Store, "default", Token);
        string path = Path.Combine(_folder.Path, table.PathOf());

        foreach (string text in texts)
        {
            var expected = RowOrder.Sort(rows.Where(row => row[0].AsString() == text));
            Assert.Equal(expected, await reader.ReadAsync(text, Token).ToListAsync(Token));
            string literal = $"decode(from_hex('{Convert.ToHexString(Encoding.UTF8.GetBytes(text))}'))";
            Assert.Equal(9, await DuckDb.CountAsync($"SELECT count(*) FROM read_parquet({DuckDb.Quote(path)}) WHERE s = {literal}"));
        }

        for (int i = 0; i < 9; i++)
        {
            string literal = $"from_hex('{string.Concat(Enumerable.Repeat("FF", i * 40))}')";
            Assert.Equal(texts.Length, await DuckDb.CountAsync($"SELECT count(*) FROM read_parquet({DuckDb.Quote(path)}) WHERE b = {literal}"));
        }
    }

    private static WrittenFile Write(List<SampleColumn> samples, WriterVersion version, int truncateBytes)
    {
        var schema = new ParquetSchema("record", [.. samples.Select(sample => sample.Node)]);
        var options = new ParquetWriterOptions
        {
            CreateCompressor = () => PageCompression.Create(CompressionCodec.Snappy),
            Version = version,
            PageRows = 15,
            StatisticsTruncateBytes = truncateBytes,
            ColumnIndexTruncateBytes = truncateBytes,
        };
        ColumnVector[][] byColumn = [.. samples.Select((sample, i) => VectorSamples.Split(schema.Columns[i], sample.Vector, () => GroupRows).ToArray())];
        return WrittenFile.Write(schema, options, null, [.. Enumerable.Range(0, Rows / GroupRows).Select(group => byColumn.Select(groups => groups[group]).ToArray())]);
    }

    private static bool IsSearched(SampleColumn sample) =>
        sample.Type is not (PhysicalType.Int96 or PhysicalType.Boolean) && new[] { "_required", "_none", "_halves" }.Any(pattern => sample.Name.EndsWith(pattern, StringComparison.Ordinal));

    /// <summary>The first ten values, among them all the odd ones, and some others.</summary>
    private static IEnumerable<(string Condition, int Expected)> Searches(SampleColumn sample)
    {
        yield return ($"{sample.Name} IS NULL", sample.Texts.Count(text => text == "NULL"));
        int number = 0;
        foreach (string value in sample.Texts.Where(text => text != "NULL").Distinct().Where((_, i) => i < 10 || i % 20 == 0))
        {
            yield return ($"{sample.Name} = {Literal(sample, value)}", sample.Texts.Count(text => Compare(sample, text, value) == 0));
            if (number++ % 3 == 0)
            {
                yield return ($"{sample.Name} > {Literal(sample, value)}", sample.Texts.Count(text => Compare(sample, text, value) > 0));
                yield return ($"{sample.Name} < {Literal(sample, value)}", sample.Texts.Count(text => Compare(sample, text, value) < 0));
            }
        }
    }

    private static string Literal(SampleColumn sample, string text) => sample.Type switch
    {
        PhysicalType.Int32 => text,
        PhysicalType.Int64 => $"'{text}'::BIGINT",
        PhysicalType.Float or PhysicalType.Double => $"'{text}'::{sample.Type.ToString().ToUpperInvariant()}",
        _ when sample.Name.StartsWith("Text", StringComparison.Ordinal) => $"decode(from_hex('{text[1..]}'))",
        _ => $"from_hex('{text[1..]}')",
    };

    /// <summary>The order of the SQL standard's types in DuckDB: NaN above all numbers, zeros alike. NaN for null, which no comparison is true of.</summary>
    private static double Compare(SampleColumn sample, string left, string right)
    {
        if (left == "NULL" || right == "NULL")
        {
            return double.NaN;
        }

        return sample.Type switch
        {
            PhysicalType.Int32 or PhysicalType.Int64 => long.Parse(left, CultureInfo.InvariantCulture).CompareTo(long.Parse(right, CultureInfo.InvariantCulture)),
            PhysicalType.Float or PhysicalType.Double => Number(left).CompareTo(Number(right)),
            _ => string.CompareOrdinal(left, right),
        };

        static (bool IsNaN, double Value) Number(string text) => text switch
        {
            "-nan" => (true, 0),
            "inf" => (false, double.PositiveInfinity),
            "-inf" => (false, double.NegativeInfinity),
            _ => (false, double.Parse(text, CultureInfo.InvariantCulture) + 0.0),
        };
    }

    private static string TextOf(SampleColumn sample, byte[] plain) => sample.Type switch
    {
        PhysicalType.Int32 => BitConverter.ToInt32(plain).ToString(CultureInfo.InvariantCulture),
        PhysicalType.Int64 => BitConverter.ToInt64(plain).ToString(CultureInfo.InvariantCulture),
        _ => "x" + Convert.ToHexString(plain),
    };
}
