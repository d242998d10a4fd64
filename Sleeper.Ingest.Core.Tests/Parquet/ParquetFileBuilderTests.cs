using Sleeper.Ingest.Core.Parquet;
using Sleeper.Ingest.Core.Parquet.Columns;
using Sleeper.Ingest.Core.Parquet.Compression;
using Sleeper.Ingest.Core.Parquet.Metadata;
using Sleeper.Ingest.Core.Parquet.RowGroups;
using Sleeper.Ingest.Core.Parquet.Schemas;
using Sleeper.Ingest.Core.Tests.Parquet.RowGroups;
using Sleeper.Ingest.Core.Tests.Support;

namespace Sleeper.Ingest.Core.Tests.Parquet;

public class ParquetFileBuilderTests
{
    [Fact]
    public void A_file_without_rows_has_its_schema_and_no_row_groups()
    {
        FileMetadata metadata = WrittenFile.Write(SleeperLike(), Options(CompressionCodec.Zstd), null).Metadata;
        Assert.Empty(metadata.RowGroups);
        Assert.Equal(0, metadata.NumRows);
        Assert.Equal(15, metadata.Schema.Count);
    }

    [Fact]
    public void A_group_without_rows_is_left_out()
    {
        ParquetSchema schema = SleeperLike();
        ColumnVector[] none = [.. schema.Columns.Select(leaf => new ColumnVector(leaf.VectorKind))];
        Assert.Empty(WrittenFile.Write(schema, Options(CompressionCodec.Uncompressed), null, none).Metadata.RowGroups);
    }

    [Fact]
    public void The_footer_says_what_upstream_writes_and_no_more()
    {
        ParquetSchema schema = SleeperLike();
        WrittenFile file = WrittenFile.Write(schema, Options(CompressionCodec.Zstd), null, Columns(schema, 700, 1), Columns(schema, 300, 2));
        FileMetadata metadata = file.Metadata;
        Assert.Equal((1, 1000L, 2), (metadata.Version, metadata.NumRows, metadata.RowGroups.Count));
        Assert.Null(metadata.KeyValueMetadata);
        Assert.Matches(@"^sleeper-ingest-core version \d+\.\d+\.\d+$", metadata.CreatedBy);
        Assert.Equal(Enumerable.Repeat(ColumnOrder.TypeDefined, schema.Columns.Count), metadata.ColumnOrders!);
        Assert.All(metadata.Schema, element => Assert.Null(element.FieldId));

        long at = 4;
        foreach ((RowGroupMetadata group, int ordinal) in metadata.RowGroups.Select((group, i) => (group, i)))
        {
            Assert.Equal((at, (short)ordinal), (group.FileOffset, group.Ordinal));
            Assert.Equal(group.Columns.Sum(column => column.Metadata!.TotalUncompressedSize), group.TotalByteSize);
            Assert.Null(group.SortingColumns);
            foreach (ColumnChunkMetadata chunk in group.Columns)
            {
                Assert.Equal(at, chunk.Metadata!.DictionaryPageOffset ?? chunk.Metadata.DataPageOffset);
                Assert.Null(chunk.Metadata.BloomFilterOffset);
                Assert.NotNull(chunk.Metadata.Statistics!.NullCount);
                Assert.NotEmpty(chunk.Metadata.EncodingStats!);
                at += chunk.Metadata.TotalCompressedSize;
            }

            Assert.Equal(at, group.FileOffset + group.TotalCompressedSize);
        }

        Assert.Equal(at, metadata.RowGroups[0].Columns[0].ColumnIndexOffset);
    }

    [Fact]
    public void Page_headers_have_checksums_and_no_statistics()
    {
        ParquetSchema schema = SleeperLike();
        WrittenFile file = WrittenFile.Write(schema, Options(CompressionCodec.Zstd), null, Columns(schema, 100, 1));
        Assert.All(file.PageHeaders(0), header =>
        {
            Assert.NotNull(header.Crc);
            Assert.Null(header.DataPageV2!.Statistics);
        });
        WrittenFile without = WrittenFile.Write(schema, Options(CompressionCodec.Zstd) with { PageChecksums = false }, null, Columns(schema, 100, 1));
        Assert.All(without.PageHeaders(0), header => Assert.Null(header.Crc));
    }

    [Fact]
    public void A_group_cannot_be_added_twice()
    {
        ParquetSchema schema = SleeperLike();
        using var encoder = new RowGroupEncoder(schema, Options(CompressionCodec.Uncompressed));
        ColumnVector[] columns = Columns(schema, 3, 1);
        for (int i = 0; i < columns.Length; i++)
        {
            encoder.Append(i, columns[i]);
        }

        using EncodedRowGroup group = encoder.Finish();
        var builder = new ParquetFileBuilder(schema, Options(CompressionCodec.Uncompressed));
        builder.Add(group);
        Assert.Throws<InvalidOperationException>(() => builder.Add(group));
    }

    [Theory]
    [InlineData("V1", "Never", "Zstd")]
    [InlineData("V1", "Try", "Uncompressed")]
    [InlineData("V2", "Never", "Zstd")]
    [InlineData("V2", "Try", "Gzip")]
    [InlineData("V2", "Try", "Lz4Raw")]
    [InlineData("V2", "Never", "Snappy")]
    [InlineData("V2", "Never", "Brotli")]
    public async Task Another_engine_reads_the_same_rows(string version, string dictionary, string codec)
    {
        ParquetSchema schema = SleeperLike();
        var column = new ColumnWriteOptions { Dictionary = Enum.Parse<DictionaryUse>(dictionary) };
        ParquetWriterOptions options = Options(Enum.Parse<CompressionCodec>(codec)) with
        {
            Version = Enum.Parse<WriterVersion>(version),
            PageRows = 400,
            Columns = [.. schema.Columns.Select(_ => column)],
        };
        ColumnVector[] columns = Columns(schema, 3000, 5);
        string path = Path.Combine(Path.GetTempPath(), $"pq-{version}-{dictionary}-{codec}-{Environment.ProcessId}.parquet");
        await File.WriteAllBytesAsync(path, WrittenFile.Write(schema, options, () => 700, columns).Bytes, TestContext.Current.CancellationToken);
        try
        {
            string file = DuckDb.Quote(path);
            Assert.Equal(3000, await DuckDb.CountAsync($"SELECT count(*) FROM {file}"));
            Assert.Equal(columns[1].Longs.Take(3000).Sum(value => (decimal)value), decimal.Parse((await DuckDb.ScalarAsync($"SELECT sum(ts) FROM {file}"))!, System.Globalization.CultureInfo.InvariantCulture));
            List<string?[]> keys = await DuckDb.QueryAsync($"SELECT key FROM {file}");
            Assert.Equal(Enumerable.Range(0, 3000).Select(i => System.Text.Encoding.UTF8.GetString(columns[0].BytesAt(i))), keys.Select(row => row[0]));
            Assert.Equal(columns[4].ValueCount, await DuckDb.CountAsync($"SELECT sum(len(tags)) FROM {file}"));
            Assert.Equal(columns[6].Longs.Take(columns[6].ValueCount).Sum(value => (decimal)value), decimal.Parse((await DuckDb.ScalarAsync($"SELECT sum(v) FROM (SELECT unnest(map_values(attrs)) AS v FROM {file})"))!, System.Globalization.CultureInfo.InvariantCulture));
            Assert.Equal(1, await DuckDb.CountAsync($"SELECT count(*) FROM {file} WHERE key = 'key 02500'"));
        }
        finally
        {
            File.Delete(path);
        }
    }

    private static ParquetWriterOptions Options(CompressionCodec codec)
    {
        if (!PageCompression.IsAvailable(codec))
        {
            Assert.Skip($"{codec} is not available on this machine");
        }

        return new ParquetWriterOptions { CreateCompressor = () => PageCompression.Create(codec) };
    }

    private static ParquetSchema SleeperLike() => new("record",
    [
        SchemaNode.Utf8("key", Repetition.Required),
        SchemaNode.Primitive("ts", Repetition.Required, PhysicalType.Int64),
        SchemaNode.Primitive("small", Repetition.Optional, PhysicalType.Int32),
        SchemaNode.Primitive("blob", Repetition.Optional, PhysicalType.ByteArray),
        SchemaNode.List("tags", Repetition.Required, SchemaNode.Utf8("tags", Repetition.Required)),
        SchemaNode.Map("attrs", Repetition.Optional, SchemaNode.Utf8("key", Repetition.Required), SchemaNode.Primitive("value", Repetition.Required, PhysicalType.Int64)),
        SchemaNode.List("numbers", Repetition.Optional, SchemaNode.Primitive("numbers", Repetition.Required, PhysicalType.Int32)),
    ]);

    private static ColumnVector[] Columns(ParquetSchema schema, int rows, int seed)
    {
        var random = new Random(seed);
        ColumnVector keys = VectorSamples.Strings(Enumerable.Range(0, rows).Select(i => $"key {i:D5}"));
        ColumnVector ts = VectorSamples.Longs(Enumerable.Range(0, rows).Select(_ => random.NextInt64(10_000_000_000)));

        // Map keys must not repeat within a map: they count up.
        ColumnVector mapValues = VectorSamples.Random(schema.Columns[6], rows, random);
        ColumnVector mapKeys = VectorSamples.Strings(Enumerable.Range(0, mapValues.ValueCount).Select(i => "k" + i))
            .WithLevels(mapValues.DefinitionLevels[..mapValues.LevelCount], mapValues.RepetitionLevels[..mapValues.LevelCount]);
        return
        [
            keys, ts, VectorSamples.Random(schema.Columns[2], rows, random, 50), VectorSamples.Random(schema.Columns[3], rows, random),
            Words(schema.Columns[4], rows, random), mapKeys, mapValues, VectorSamples.Random(schema.Columns[7], rows, random),
        ];
    }

    private static ColumnVector Words(LeafColumn column, int rows, Random random)
    {
        ColumnVector shape = VectorSamples.Random(column, rows, random);
        return VectorSamples.Strings(Enumerable.Range(0, shape.ValueCount).Select(i => "wörd " + (i % 23)))
            .WithLevels(shape.DefinitionLevels[..shape.LevelCount], shape.RepetitionLevels[..shape.LevelCount]);
    }
}
