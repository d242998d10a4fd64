using Sleeper.Ingest.Core.Parquet;
using Sleeper.Ingest.Core.Parquet.Columns;
using Sleeper.Ingest.Core.Parquet.Compression;
using Sleeper.Ingest.Core.Parquet.Metadata;
using Sleeper.Ingest.Core.Parquet.RowGroups;
using Sleeper.Ingest.Core.Parquet.Schemas;

namespace Sleeper.Ingest.Core.Tests.Parquet.RowGroups;

public class RowGroupEncoderTests
{
    [Theory]
    [InlineData("V1", "Never", "Uncompressed")]
    [InlineData("V1", "Never", "Snappy")]
    [InlineData("V1", "Try", "Uncompressed")]
    [InlineData("V1", "Try", "Snappy")]
    [InlineData("V2", "Never", "Uncompressed")]
    [InlineData("V2", "Never", "Snappy")]
    [InlineData("V2", "Try", "Uncompressed")]
    [InlineData("V2", "Try", "Snappy")]
    public async Task Every_type_reads_back(string version, string dictionary, string codec)
    {
        ParquetSchema schema = AllTypes();
        var column = new ColumnWriteOptions { Dictionary = Enum.Parse<DictionaryUse>(dictionary) };
        ParquetWriterOptions options = Options(Enum.Parse<CompressionCodec>(codec)) with
        {
            Version = Enum.Parse<WriterVersion>(version),
            PageRows = 300,
            PageBytes = 4000,
            Columns = [.. schema.Columns.Select(_ => column)],
        };
        var random = new Random(21);
        foreach (int distinct in new[] { int.MaxValue, 9 })
        {
            ColumnVector[] columns = [.. schema.Columns.Select(leaf => VectorSamples.Random(leaf, 1000, random, distinct))];
            ColumnVector[] read = await WrittenFile.Write(schema, options, () => 170, columns).ReadAsync();
            Assert.All(schema.Columns, leaf => VectorSamples.AssertSame(leaf, columns[leaf.Index], read[leaf.Index]));
        }
    }

    [Theory]
    [InlineData("Plain")]
    [InlineData("Delta")]
    [InlineData("ByteStreamSplit")]
    [InlineData("DeltaLengthByteArray")]
    public async Task Every_encoding_reads_back_for_the_types_that_have_it(string encoding)
    {
        ColumnEncoding wanted = Enum.Parse<ColumnEncoding>(encoding);
        var random = new Random(22);
        foreach (PhysicalType type in Enum.GetValues<PhysicalType>())
        {
            var schema = new ParquetSchema("record", [SchemaNode.Primitive("a", Repetition.Optional, type, typeLength: 5)]);
            ParquetWriterOptions options = Options() with { PageRows = 500, Columns = [new ColumnWriteOptions { Encoding = wanted }] };
            ColumnVector column = VectorSamples.Random(schema.Columns[0], 1_300, random);
            WrittenFile file;
            try
            {
                file = WrittenFile.Write(schema, options, null, [column]);
            }
            catch (ArgumentException e)
            {
                Assert.Contains($"Parquet has no encoding {encoding}", e.Message, StringComparison.Ordinal);
                continue;
            }

            VectorSamples.AssertSame(schema.Columns[0], column, (await file.ReadAsync())[0]);
        }
    }

    [Theory]
    [InlineData(31)]
    [InlineData(32)]
    [InlineData(33)]
    [InlineData(34)]
    public void Bytes_do_not_depend_on_how_rows_were_split(int seed)
    {
        var random = new Random(seed);
        ParquetSchema schema = AllTypes();
        ParquetWriterOptions options = Options(CompressionCodec.Snappy) with
        {
            PageRows = random.Next(1, 400),
            PageBytes = random.Next(1, 5000),
            DictionaryBytes = random.Next(50, 2000),
            Version = (WriterVersion)random.Next(2),
            Columns = [.. schema.Columns.Select(_ => new ColumnWriteOptions { Dictionary = (DictionaryUse)random.Next(2) })],
        };
        int distinct = random.Next(2) == 0 ? 40 : int.MaxValue;
        ColumnVector[] columns = [.. schema.Columns.Select(leaf => VectorSamples.Random(leaf, 900, random, distinct, maxBytes: 60))];

        byte[] expected = WrittenFile.Write(schema, options, null, columns).Bytes;
        foreach (int most in new[] { 1, 5, 200, 899 })
        {
            byte[] actual = WrittenFile.Write(schema, options, () => random.Next(1, most + 1), columns).Bytes;
            Assert.True(expected.AsSpan().SequenceEqual(actual), $"seed {seed}, batches of up to {most} rows");
        }
    }

    [Fact]
    public void Groups_from_several_encoders_make_the_file_of_one()
    {
        ParquetSchema schema = AllTypes();
        ParquetWriterOptions options = Options(CompressionCodec.Snappy);
        var random = new Random(41);
        ColumnVector[][] groups = [.. Enumerable.Range(0, 4).Select(_ => schema.Columns.Select(leaf => VectorSamples.Random(leaf, 500, random)).ToArray())];
        byte[] expected = WrittenFile.Write(schema, options, null, groups).Bytes;

        EncodedRowGroup[] encoded = [.. groups.Reverse().Select(columns =>
        {
            using var encoder = new RowGroupEncoder(schema, options);
            for (int i = 0; i < columns.Length; i++)
            {
                encoder.Append(i, columns[i]);
            }

            return encoder.Finish();
        })];
        var builder = new ParquetFileBuilder(schema, options);
        var file = new List<byte>(ParquetFileBuilder.Header.ToArray());
        foreach (EncodedRowGroup group in encoded.Reverse())
        {
            builder.Add(group);
            file.AddRange(group.Segments.SelectMany(segment => segment.ToArray()));
        }

        file.AddRange(builder.Finish().ToArray());
        Assert.Equal(expected, file.ToArray());
    }

    [Fact]
    public async Task Pages_end_at_exactly_their_rows()
    {
        ParquetSchema schema = OneLong();
        ParquetWriterOptions options = Options() with { PageBytes = 1 << 20 };
        foreach ((int rows, int[] expected) in new[] { (20_000, [20_000]), (20_001, [20_000, 1]), (40_000, new[] { 20_000, 20_000 }) })
        {
            ColumnVector column = VectorSamples.Longs(Enumerable.Range(0, rows).Select(i => (long)i));
            WrittenFile file = WrittenFile.Write(schema, options, () => 3_333, [column]);
            Assert.Equal(expected, file.PageHeaders(0).Select(header => header.DataPageV2!.NumRows));
            VectorSamples.AssertSame(schema.Columns[0], column, (await file.ReadAsync())[0]);
        }
    }

    [Fact]
    public void Pages_end_before_the_row_that_would_exceed_their_bytes()
    {
        ParquetSchema schema = OneLong();
        WrittenFile file = WrittenFile.Write(schema, Options() with { PageBytes = 80 }, null, [VectorSamples.Longs(Enumerable.Range(0, 25).Select(i => (long)i))]);
        Assert.Equal([10, 10, 5], file.PageHeaders(0).Select(header => header.DataPageV2!.NumRows));
    }

    [Fact]
    public async Task A_huge_value_has_a_page_of_its_own()
    {
        var schema = new ParquetSchema("record", [SchemaNode.Primitive("a", Repetition.Required, PhysicalType.ByteArray)]);
        ColumnVector column = VectorSamples.ByteArrays([[1], new byte[3_000_000], [2], [3]]);
        WrittenFile file = WrittenFile.Write(schema, Options(), null, [column]);
        Assert.Equal([1, 1, 2], file.PageHeaders(0).Select(header => header.DataPageV2!.NumRows));
        VectorSamples.AssertSame(schema.Columns[0], column, (await file.ReadAsync())[0]);
    }

    [Fact]
    public async Task A_column_of_nulls_only_has_null_pages_and_no_bounds()
    {
        var schema = new ParquetSchema("record", [SchemaNode.Utf8("a", Repetition.Optional)]);
        ColumnVector column = new ColumnVector(VectorKind.Bytes).WithLevels(new byte[50_000]);
        WrittenFile file = WrittenFile.Write(schema, Options(CompressionCodec.Snappy), () => 999, [column]);

        Assert.Equal([20_000, 20_000, 10_000], file.PageHeaders(0).Select(header => header.DataPageV2!.NumNulls));
        Statistics statistics = file.Column(0).Statistics!;
        Assert.Equal((50_000L, null, null), (statistics.NullCount, statistics.MinValue, statistics.MaxValue));
        ColumnIndex index = file.ColumnIndex(0);
        Assert.Equal([true, true, true], index.NullPages);
        Assert.Equal([20_000, 20_000, 10_000], index.NullCounts!);
        VectorSamples.AssertSame(schema.Columns[0], column, (await file.ReadAsync())[0]);
    }

    [Fact]
    public async Task Levels_of_lists_are_those_of_the_format()
    {
        var schema = new ParquetSchema("record", [SchemaNode.List("t", Repetition.Optional, SchemaNode.Primitive("t", Repetition.Required, PhysicalType.Int64))]);

        // null, [], [1], [2, 3]
        ColumnVector column = VectorSamples.Longs([1, 2, 3]).WithLevels([0, 1, 2, 2, 2], [0, 0, 0, 0, 1]);
        WrittenFile file = WrittenFile.Write(schema, Options(), null, [column]);
        DataPageHeaderV2 header = file.PageHeaders(0)[0].DataPageV2!;
        Assert.Equal((5, 2, 4), (header.NumValues, header.NumNulls, header.NumRows));
        Assert.Equal(2, file.Column(0).Statistics!.NullCount);
        Assert.Equal(4, file.Metadata.NumRows);
        VectorSamples.AssertSame(schema.Columns[0], column, (await file.ReadAsync())[0]);
    }

    [Fact]
    public async Task A_dictionary_is_kept_where_it_pays_and_left_where_it_grows_too_large()
    {
        var schema = new ParquetSchema("record", [SchemaNode.Utf8("few", Repetition.Required), SchemaNode.Utf8("all", Repetition.Required), SchemaNode.Utf8("growing", Repetition.Required)]);
        var options = Options() with { PageRows = 1000, DictionaryBytes = 2000, Columns = [.. Enumerable.Repeat(new ColumnWriteOptions { Dictionary = DictionaryUse.Try }, 3)] };
        ColumnVector[] columns =
        [
            VectorSamples.Strings(Enumerable.Range(0, 5000).Select(i => "colour " + (i * 7919 % 13))),
            VectorSamples.Strings(Enumerable.Range(0, 5000).Select(i => "value " + i)),
            VectorSamples.Strings(Enumerable.Range(0, 5000).Select(i => i < 2500 ? "colour " + (i * 7919 % 13) : "value " + i)),
        ];
        WrittenFile file = WrittenFile.Write(schema, options, () => 77, columns);

        Assert.Equal([ParquetEncoding.Plain, ParquetEncoding.RleDictionary], file.Column(0).Encodings);
        Assert.Equal(13, file.HeaderAt(file.Column(0).DictionaryPageOffset!.Value).DictionaryPage!.NumValues);
        Assert.Null(file.Column(1).DictionaryPageOffset);
        Assert.Equal([1, 2, 3], file.Column(2).EncodingStats!.Select(stats => stats.Count));
        ColumnVector[] read = await file.ReadAsync();
        Assert.All(schema.Columns, leaf => VectorSamples.AssertSame(leaf, columns[leaf.Index], read[leaf.Index]));
    }

    [Fact]
    public void Sorted_strings_get_prefixes_and_random_ones_lengths()
    {
        var schema = new ParquetSchema("record", [SchemaNode.Utf8("sorted", Repetition.Required), SchemaNode.Utf8("random", Repetition.Required)]);
        var random = new Random(8);
        string[] words = [.. Enumerable.Range(0, 3000).Select(_ => string.Create(10, random, (letters, r) => { foreach (ref char c in letters) { c = (char)('a' + r.Next(26)); } }))];
        WrittenFile file = WrittenFile.Write(schema, Options(), null, [VectorSamples.Strings(words.Order(StringComparer.Ordinal)), VectorSamples.Strings(words)]);
        Assert.Equal([ParquetEncoding.DeltaByteArray], file.Column(0).Encodings);
        Assert.Equal([ParquetEncoding.DeltaLengthByteArray], file.Column(1).Encodings);
    }

    [Fact]
    public void A_page_that_does_not_shrink_is_stored_as_it_is()
    {
        var schema = new ParquetSchema("record", [SchemaNode.Primitive("a", Repetition.Required, PhysicalType.Int64), SchemaNode.Primitive("b", Repetition.Required, PhysicalType.Int64)]);
        var random = new Random(9);
        ParquetWriterOptions options = Options(CompressionCodec.Snappy) with { Columns = [.. Enumerable.Repeat(new ColumnWriteOptions { Encoding = ColumnEncoding.Plain }, 2)] };
        WrittenFile file = WrittenFile.Write(schema, options, null,
            [VectorSamples.Longs(Enumerable.Range(0, 100).Select(_ => random.NextInt64())), VectorSamples.Longs(Enumerable.Repeat(1L, 100))]);
        PageHeader random0 = file.PageHeaders(0)[0];
        Assert.False(random0.DataPageV2!.IsCompressed);
        Assert.Equal(random0.UncompressedPageSize, random0.CompressedPageSize);
        Assert.True(file.PageHeaders(1)[0].DataPageV2!.IsCompressed);
    }

    [Fact]
    public async Task Pages_after_one_that_does_not_shrink_are_still_compressed_where_a_sample_shrinks()
    {
        ParquetSchema schema = OneLong();
        var random = new Random(10);
        ParquetWriterOptions options = Options(CompressionCodec.Snappy) with { PageRows = 10_000, Columns = [new ColumnWriteOptions { Encoding = ColumnEncoding.Plain }] };
        ColumnVector column = VectorSamples.Longs(Enumerable.Range(0, 50_000).Select(i => i is >= 30_000 and < 40_000 ? 1 : random.NextInt64()));
        WrittenFile file = WrittenFile.Write(schema, options, null, [column]);
        Assert.Equal([false, false, false, true, false], file.PageHeaders(0).Select(header => header.DataPageV2!.IsCompressed!.Value));
        VectorSamples.AssertSame(schema.Columns[0], column, (await file.ReadAsync())[0]);
    }

    [Fact]
    public void Columns_of_different_rows_are_refused()
    {
        ParquetSchema schema = new("record", [SchemaNode.Primitive("a", Repetition.Required, PhysicalType.Int64), SchemaNode.Primitive("b", Repetition.Required, PhysicalType.Int64)]);
        using var encoder = new RowGroupEncoder(schema, Options());
        encoder.Append(0, VectorSamples.Longs([1, 2]));
        encoder.Append(1, VectorSamples.Longs([1]));
        var e = Assert.Throws<InvalidOperationException>(() => encoder.Finish());
        Assert.Contains("column 0 'a' has 2 rows and column 1 'b' 1", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Vectors_that_do_not_fit_their_column_are_refused()
    {
        ParquetSchema schema = new("record", [SchemaNode.Utf8("a", Repetition.Optional)]);
        using var encoder = new RowGroupEncoder(schema, Options());
        Assert.Throws<ArgumentException>(() => encoder.Append(0, VectorSamples.Longs([1])));
        Assert.Throws<ArgumentException>(() => encoder.Append(0, VectorSamples.Strings(["a", "b"]).WithLevels([1, 0])));
        ColumnVector broken = VectorSamples.Strings(["abc", "d"]).WithLevels([1, 1]);
        broken.Offsets[1] = 9;
        Assert.Throws<ArgumentException>(() => encoder.Append(0, broken));
        Assert.Equal(0, encoder.RowCount);
    }

    private static ParquetSchema OneLong() => new("record", [SchemaNode.Primitive("a", Repetition.Required, PhysicalType.Int64)]);

    private static ParquetWriterOptions Options(CompressionCodec codec = CompressionCodec.Uncompressed) => new() { CreateCompressor = () => PageCompression.Create(codec) };

    private static ParquetSchema AllTypes() => new("record",
    [
        SchemaNode.Utf8("key", Repetition.Required),
        SchemaNode.Primitive("int", Repetition.Required, PhysicalType.Int32),
        SchemaNode.Primitive("long", Repetition.Optional, PhysicalType.Int64),
        SchemaNode.Primitive("bytes", Repetition.Optional, PhysicalType.ByteArray),
        SchemaNode.Primitive("flag", Repetition.Optional, PhysicalType.Boolean),
        SchemaNode.Primitive("double", Repetition.Required, PhysicalType.Double),
        SchemaNode.Primitive("float", Repetition.Optional, PhysicalType.Float),
        SchemaNode.Primitive("fixed", Repetition.Required, PhysicalType.FixedLenByteArray, typeLength: 7),
        SchemaNode.Primitive("old", Repetition.Optional, PhysicalType.Int96),
        SchemaNode.List("tags", Repetition.Required, SchemaNode.Utf8("tags", Repetition.Required)),
        SchemaNode.List("numbers", Repetition.Optional, SchemaNode.Primitive("numbers", Repetition.Required, PhysicalType.Int32)),
    ]);
}
