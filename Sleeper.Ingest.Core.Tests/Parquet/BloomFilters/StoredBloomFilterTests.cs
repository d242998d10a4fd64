using System.Text;
using Sleeper.Ingest.Core.Parquet;
using Sleeper.Ingest.Core.Parquet.BloomFilters;
using Sleeper.Ingest.Core.Parquet.Compression;
using Sleeper.Ingest.Core.Parquet.Metadata;
using Sleeper.Ingest.Core.Parquet.Schemas;
using Sleeper.Ingest.Core.Tests.Parquet.RowGroups;
using Sleeper.Ingest.Core.Tests.Support;

namespace Sleeper.Ingest.Core.Tests.Parquet.BloomFilters;

public class StoredBloomFilterTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_filter_that_another_writer_made_is_understood()
    {
        byte[] filter = await File.ReadAllBytesAsync(Path.Combine(ParquetFixtures.KeptFolder, "bloom-filters", "bloom_filter.xxhash.bin"), Token);
        var source = new BytesSource("filter", [.. filter, .. new byte[8]]);

        foreach (string text in (string[])["hello", "parquet", "bloom", "filter"])
        {
            Assert.True(await Ask(source, text), text);
        }

        int others = 0;
        for (int i = 0; i < 1000; i++)
        {
            others += await Ask(source, $"other {i}") ? 1 : 0;
        }

        Assert.Equal(0, others);
    }

    [Fact]
    public async Task A_file_of_another_writer_with_a_filter_has_what_its_rows_have()
    {
        byte[] bytes = await File.ReadAllBytesAsync(Path.Combine(ParquetFixtures.KeptFolder, "bloom-filters", "data_index_bloom_encoding_with_length.parquet"), Token);
        using ParquetFileReader file = await ParquetFileReader.OpenAsync(new BytesSource("f", bytes), ParquetReaderLimits.Default, Token);
        Assert.NotNull(file.Metadata.RowGroups[0].Columns[0].Metadata!.BloomFilterLength);
        List<string> rows = await CanonicalRows.ReadAsync(new BytesSource("f", bytes));
        Assert.Equal(14, rows.Count);

        foreach (string row in rows)
        {
            byte[] value = Convert.FromHexString(row.Trim('[', ']', '"'));
            Assert.True(await file.MayContainAsync(0, 0, XxHash64.Hash(value), Token));
        }

        Assert.True(await file.MayContainAsync(0, 0, XxHash64.Hash("Hello"u8), Token));
        Assert.False(await file.MayContainAsync(0, 0, XxHash64.Hash("Hello_Not_Exists"u8), Token));
    }

    [Fact]
    public async Task One_look_up_reads_a_header_and_a_block_of_a_filter_however_large()
    {
        WrittenFile written = Write(Enumerable.Range(0, 50_000).Select(i => i * 3L));
        Assert.True(written.Column(0).BloomFilterLength > 64 << 10);
        var source = new BytesSource("f", written.Bytes);

        Assert.True(await StoredBloomFilter.MayContainAsync(source, written.Column(0), XxHash64.Hash(3L), Token));
        Assert.True(source.Reads.Count <= 2);
        Assert.True(source.Reads.Sum(read => read.Length) <= 160);
    }

    [Fact]
    public async Task Without_a_filter_or_with_one_of_a_later_kind_anything_may_be_there()
    {
        WrittenFile written = Write([1, 2, 3]);
        ColumnMetadata chunk = written.Column(0);
        var source = new BytesSource("f", written.Bytes);
        ulong absent = XxHash64.Hash(99L);
        Assert.False(await StoredBloomFilter.MayContainAsync(source, chunk, absent, Token));
        Assert.True(await StoredBloomFilter.MayContainAsync(source, chunk with { BloomFilterOffset = null }, absent, Token));

        // The header: 15 40 (numBytes), then for algorithm, hash and compression 1C (field), 1C (field 1 of the union), 00, 00.
        int header = (int)chunk.BloomFilterOffset!;
        Assert.Equal("15401C1C00001C1C00001C1C000000", Convert.ToHexString(written.Bytes.AsSpan(header, 15)));
        foreach (int union in (int[])[3, 7, 11])
        {
            byte[] later = [.. written.Bytes];
            later[header + union] = 0x2C;
            Assert.True(await StoredBloomFilter.MayContainAsync(new BytesSource("f", later), chunk, absent, Token));
        }
    }

    [Fact]
    public async Task Each_byte_of_a_header_changed_gives_an_answer_or_an_error_of_the_format()
    {
        WrittenFile written = Write([1, 2, 3]);
        ColumnMetadata chunk = written.Column(0);
        int header = (int)chunk.BloomFilterOffset!;
        int faults = 0;
        for (int place = 0; place < 15; place++)
        {
            for (int value = 0; value < 256; value++)
            {
                byte[] damaged = [.. written.Bytes];
                damaged[header + place] = (byte)value;
                try
                {
                    await StoredBloomFilter.MayContainAsync(new BytesSource("f", damaged), chunk, XxHash64.Hash(1L), Token);
                }
                catch (ParquetFormatException)
                {
                    faults++;
                }
            }
        }

        Assert.True(faults > 1000);
    }

    [Theory]
    [InlineData(-1L)]
    [InlineData(1L << 40)]
    [InlineData(long.MaxValue)]
    public async Task A_filter_outside_of_the_file_is_an_error(long offset)
    {
        WrittenFile written = Write([1, 2, 3]);
        ColumnMetadata chunk = written.Column(0) with { BloomFilterOffset = offset };

        var fault = await Assert.ThrowsAsync<ParquetFormatException>(
            async () => await StoredBloomFilter.MayContainAsync(new BytesSource("f", written.Bytes), chunk, 0, Token));
        Assert.Contains("damaged", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_filter_that_is_cut_by_the_end_of_the_file_is_an_error()
    {
        WrittenFile written = Write(Enumerable.Range(0, 5000).Select(i => (long)i));
        int end = (int)(written.Column(0).BloomFilterOffset! + 1000);

        await Assert.ThrowsAsync<ParquetFormatException>(
            async () => await StoredBloomFilter.MayContainAsync(new BytesSource("f", written.Bytes[..end]), written.Column(0), 0, Token));
    }

    private static WrittenFile Write(IEnumerable<long> values)
    {
        var schema = new ParquetSchema("record", [SchemaNode.Primitive("a", Repetition.Required, PhysicalType.Int64)]);
        var options = new ParquetWriterOptions
        {
            CreateCompressor = () => PageCompression.Create(CompressionCodec.Uncompressed),
            Columns = [new ColumnWriteOptions { BloomFilter = new(null, 0.01, 1 << 20) }],
        };
        return WrittenFile.Write(schema, options, null, [VectorSamples.Longs(values)]);
    }

    private static ValueTask<bool> Ask(BytesSource source, string text) =>
        StoredBloomFilter.MayContainAsync(source, new ColumnMetadata { BloomFilterOffset = 0 }, XxHash64.Hash(Encoding.UTF8.GetBytes(text)), Token);
}
