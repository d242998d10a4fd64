using Sleeper.Ingest.Core.Parquet;
using Sleeper.Ingest.Core.Parquet.Columns;
using Sleeper.Ingest.Core.Parquet.Compression;
using Sleeper.Ingest.Core.Parquet.Metadata;
using Sleeper.Ingest.Core.Parquet.Schemas;
using Sleeper.Ingest.Core.Tests.Parquet.RowGroups;
using Sleeper.Ingest.Core.Tests.Support;

namespace Sleeper.Ingest.Core.Tests.Properties;

/// <summary>All encodings × codecs × types × patterns of nulls × page versions × dictionaries: what was written is read, here and by DuckDB.</summary>
public sealed class ParquetWriteTests
{
    private const int Rows = 160;

    private static readonly CompressionCodec[] Codecs =
        [CompressionCodec.Uncompressed, CompressionCodec.Snappy, CompressionCodec.Gzip, CompressionCodec.Brotli, CompressionCodec.Lz4Raw, CompressionCodec.Zstd];

    public static TheoryData<string> Encodings => [.. Enum.GetNames<ColumnEncoding>()];

    [Theory]
    [MemberData(nameof(Encodings))]
    public async Task What_was_written_is_read(string encodingName)
    {
        var encoding = Enum.Parse<ColumnEncoding>(encodingName);
        List<SampleColumn> samples = [.. SampleColumn.MakeAll(Rows).Where(sample => Has(sample.Type, encoding))];
        var schema = new ParquetSchema("record", [.. samples.Select(sample => sample.Node)]);
        int files = 0;
        foreach ((CompressionCodec codec, WriterVersion version, DictionaryUse dictionary) in Settings())
        {
            WrittenFile file = Write(schema, samples, codec, version, dictionary, _ => encoding);
            ColumnVector[] read = await file.ReadAsync();

            for (int i = 0; i < samples.Count; i++)
            {
                ColumnMetadata chunk = file.Column(i);
                string context = $"{samples[i].Name}, {encoding}, {codec}, {version}, {dictionary}";
                Assert.True(chunk.Codec == codec, context);
                Assert.True(chunk.DictionaryPageOffset is null || dictionary == DictionaryUse.Try, context);
                Assert.True(chunk.DictionaryPageOffset is not null || Expected(samples[i].Type, encoding) is not { } expected || chunk.Encodings.Contains(expected), context);
                VectorSamples.AssertSame(schema.Columns[i], samples[i].Vector, read[i]);
            }

            files++;
        }

        Assert.Equal(Codecs.Count(PageCompression.IsAvailable) * 4, files);
    }

    [Fact]
    public void Dictionaries_are_used_and_given_up_in_the_samples()
    {
        List<SampleColumn> samples = SampleColumn.MakeAll(Rows);
        var schema = new ParquetSchema("record", [.. samples.Select(sample => sample.Node)]);
        WrittenFile file = Write(schema, samples, CompressionCodec.Uncompressed, WriterVersion.V2, DictionaryUse.Try, _ => ColumnEncoding.Auto);
        List<IReadOnlyList<PageEncodingStats>> stats = [.. Enumerable.Range(0, samples.Count).Select(i => file.Column(i).EncodingStats!)];

        Assert.Contains(stats, pages => pages.Count == 1 && pages[0].Encoding != ParquetEncoding.RleDictionary);
        Assert.Contains(stats, pages => pages.Count == 3 && pages[1].Encoding == ParquetEncoding.RleDictionary);
        Assert.Contains(stats, pages => pages.Sum(page => page.Count) > 4);
    }

    [Fact]
    public async Task Duckdb_reads_the_same_rows_from_all_of_them()
    {
        using var folder = new TemporaryFolder();
        List<SampleColumn> samples = [.. SampleColumn.MakeAll(Rows).Where(sample => sample.Type != PhysicalType.Int96)];
        var schema = new ParquetSchema("record", [.. samples.Select(sample => sample.Node)]);
        (CompressionCodec Codec, WriterVersion Version, DictionaryUse Dictionary)[] settings = [.. Settings()];
        int files = 0;
        foreach (ColumnEncoding encoding in Enum.GetValues<ColumnEncoding>())
        {
            // A third of all settings, others for each encoding.
            foreach (var (codec, version, dictionary) in settings.Where((_, i) => i % 3 == (int)encoding % 3))
            {
                byte[] bytes = Write(schema, samples, codec, version, dictionary, type => DuckDbReads(type, encoding) ? encoding : ColumnEncoding.Auto).Bytes;
                await File.WriteAllBytesAsync(Path.Combine(folder.Path, $"{files++:D3}-{encoding}-{codec}-{version}-{dictionary}.parquet"), bytes, TestContext.Current.CancellationToken);
            }
        }

        string line = string.Join(" || '|' || ", samples.Select(sample => sample.Sql));
        List<string?[]> read = await DuckDb.QueryAsync($"""
            SELECT parse_filename(filename) AS file, string_agg({line}, chr(10) ORDER BY file_row_number) AS lines
            FROM read_parquet({DuckDb.Quote(folder.Path + "/*.parquet")}, filename = true, file_row_number = true) GROUP BY ALL ORDER BY ALL
            """);

        string[] expected = [.. Enumerable.Range(0, Rows).Select(row => string.Join('|', samples.Select(sample => sample.Texts[row])))];
        Assert.Equal(files, read.Count);
        foreach (string?[] file in read)
        {
            string[] lines = file[1]!.Split('\n');
            for (int row = 0; row < Rows; row++)
            {
                if (expected[row] != lines[row])
                {
                    string[] cells = lines[row].Split('|');
                    int column = Enumerable.Range(0, samples.Count).First(i => cells[i] != samples[i].Texts[row]);
                    Assert.Fail($"{file[0]}, row {row}, {samples[column].Name}: {cells[column]}, but {samples[column].Texts[row]} was written");
                }
            }
        }
    }

    private static IEnumerable<(CompressionCodec Codec, WriterVersion Version, DictionaryUse Dictionary)> Settings() =>
        from codec in Codecs
        where PageCompression.IsAvailable(codec)
        from version in Enum.GetValues<WriterVersion>()
        from dictionary in Enum.GetValues<DictionaryUse>()
        select (codec, version, dictionary);

    private static WrittenFile Write(
        ParquetSchema schema, List<SampleColumn> samples, CompressionCodec codec, WriterVersion version, DictionaryUse dictionary, Func<PhysicalType, ColumnEncoding> encoding)
    {
        var options = new ParquetWriterOptions
        {
            CreateCompressor = () => PageCompression.Create(codec),
            Version = version,
            PageRows = 37,
            PageBytes = 900,
            DictionaryBytes = 300,
            Columns = [.. samples.Select(sample => new ColumnWriteOptions { Encoding = encoding(sample.Type), Dictionary = dictionary })],
        };
        return WrittenFile.Write(schema, options, null, [.. samples.Select(sample => sample.Vector)]);
    }

    /// <summary>What the format has (parquet-format, Encodings.md).</summary>
    private static bool Has(PhysicalType type, ColumnEncoding encoding) => encoding switch
    {
        ColumnEncoding.Delta => type is PhysicalType.Int32 or PhysicalType.Int64 or PhysicalType.ByteArray or PhysicalType.FixedLenByteArray,
        ColumnEncoding.DeltaLengthByteArray => type == PhysicalType.ByteArray,
        ColumnEncoding.ByteStreamSplit => type is PhysicalType.Int32 or PhysicalType.Int64 or PhysicalType.Float or PhysicalType.Double or PhysicalType.FixedLenByteArray,
        _ => true,
    };

    /// <summary>DuckDB 1.5.6 reads BYTE_STREAM_SPLIT of floats only.</summary>
    private static bool DuckDbReads(PhysicalType type, ColumnEncoding encoding) =>
        Has(type, encoding) && (encoding != ColumnEncoding.ByteStreamSplit || type is PhysicalType.Float or PhysicalType.Double);

    private static ParquetEncoding? Expected(PhysicalType type, ColumnEncoding encoding) => encoding switch
    {
        ColumnEncoding.Plain => ParquetEncoding.Plain,
        ColumnEncoding.Delta when type is PhysicalType.Int32 or PhysicalType.Int64 => ParquetEncoding.DeltaBinaryPacked,
        ColumnEncoding.Delta => ParquetEncoding.DeltaByteArray,
        ColumnEncoding.DeltaLengthByteArray => ParquetEncoding.DeltaLengthByteArray,
        ColumnEncoding.ByteStreamSplit => ParquetEncoding.ByteStreamSplit,
        _ => null,
    };
}
