using Sleeper.Ingest.Core.Parquet;
using Sleeper.Ingest.Core.Parquet.Columns;
using Sleeper.Ingest.Core.Parquet.Compression;
using Sleeper.Ingest.Core.Parquet.Metadata;
using Sleeper.Ingest.Core.Parquet.RowGroups;
using Sleeper.Ingest.Core.Parquet.Schemas;
using Sleeper.Ingest.Core.Tests.Parquet.RowGroups;
using Sleeper.Ingest.Core.Tests.Support;

namespace Sleeper.Ingest.Core.Tests.Properties;

/// <summary>What the Java Sleeper wrote, read here, written here with any settings, and read again, is the same rows.</summary>
public class ParquetRewriteTests
{
    private static readonly CompressionCodec[] Codecs =
        [CompressionCodec.Uncompressed, CompressionCodec.Snappy, CompressionCodec.Gzip, CompressionCodec.Brotli, CompressionCodec.Lz4Raw, CompressionCodec.Zstd];

    [Theory]
    [InlineData("nullable/file-001.parquet")]
    [InlineData("nullable/file-002.parquet")]
    [InlineData("pages/v2-dictionary/file-001.parquet")]
    [InlineData("string-key/file-001.parquet")]
    public async Task A_file_written_again_with_any_settings_holds_the_same_rows(string name)
    {
        byte[] original = await File.ReadAllBytesAsync(Path.Combine(ParquetFixtures.KeptFolder, name), TestContext.Current.CancellationToken);
        List<string> expected = await CanonicalRows.ReadAsync(new BytesSource(name, original));
        (ParquetSchema schema, ColumnVector[][] groups) = await ReadColumns(original);
        for (int seed = 0; seed < 24; seed++)
        {
            var random = new Random(seed);
            CompressionCodec codec = Codecs[seed % Codecs.Length];
            if (!PageCompression.IsAvailable(codec))
            {
                continue;
            }

            var options = new ParquetWriterOptions
            {
                CreateCompressor = () => PageCompression.Create(codec),
                Version = random.Next(2) == 0 ? WriterVersion.V1 : WriterVersion.V2,
                PageBytes = 1 << random.Next(7, 18),
                PageRows = random.Next(1, 1000),
                DictionaryBytes = 1 << random.Next(4, 20),
                Columns = [.. schema.Columns.Select(_ => new ColumnWriteOptions { Dictionary = random.Next(2) == 0 ? DictionaryUse.Try : DictionaryUse.Never })],
            };

            byte[] written = WrittenFile.Write(schema, options, () => random.Next(1, 300), groups).Bytes;
            var memory = new CountedMemory { ShareBytes = random.Next(2) == 0 ? long.MaxValue : random.Next(1, 20_000) };
            List<string> actual = await CanonicalRows.ReadAsync(new BytesSource(name, written), stretch: random.Next(1, 2000), memory: memory);

            Assert.True(expected.SequenceEqual(actual), $"{name}, seed {seed}, {codec}, {options.Version}");
        }
    }

    private static async Task<(ParquetSchema Schema, ColumnVector[][] Groups)> ReadColumns(byte[] bytes)
    {
        using ParquetFileReader file = await ParquetFileReader.OpenAsync(new BytesSource("original", bytes), ParquetReaderLimits.Default, TestContext.Current.CancellationToken);
        var groups = new ColumnVector[file.RowGroupCount][];
        for (int i = 0; i < groups.Length; i++)
        {
            groups[i] = await ParquetDrain.ReadColumnsAsync(file, i, 100);
        }

        return (file.Schema, groups);
    }
}
