using System.Buffers.Binary;
using Sleeper.Ingest.Core.Buffers;
using Sleeper.Ingest.Core.Parquet;
using Sleeper.Ingest.Core.Parquet.Columns;
using Sleeper.Ingest.Core.Parquet.Compression;
using Sleeper.Ingest.Core.Parquet.Metadata;
using Sleeper.Ingest.Core.Parquet.RowGroups;
using Sleeper.Ingest.Core.Parquet.Schemas;
using Sleeper.Ingest.Core.Parquet.Thrift;
using Sleeper.Ingest.Core.Tests.Parquet.RowGroups;
using Sleeper.Ingest.Core.Tests.Support;

namespace Sleeper.Ingest.Core.Tests.Parquet;

/// <summary>Footers and bounds of pages have checksums; that each changed bit is found or does no harm, the tests of the bounds check see.</summary>
public class FooterSealTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(3, 1)]
    [InlineData(700, 2)] // More than the 64 KiB that are read first.
    public async Task A_changed_footer_is_refused_however_long_it_is(int columnCount, int reads)
    {
        byte[] file = Write(columnCount);
        var source = new BytesSource("f", file);
        using (await ParquetFileReader.OpenAsync(source, ParquetReaderLimits.Default, Token))
        {
            Assert.Equal(reads, source.Reads.Count);
        }

        // The name of the writer: nothing else would notice.
        file[file.AsSpan().LastIndexOf("sleeper-ingest-core version"u8)] ^= 1;
        var fault = await Assert.ThrowsAsync<ParquetFormatException>(() => ParquetFileReader.OpenAsync(new BytesSource("f", file), ParquetReaderLimits.Default, Token));
        Assert.Contains("The footer has the checksum", fault.Message, StringComparison.Ordinal);
        using var taken = await ParquetFileReader.OpenAsync(new BytesSource("f", file), ParquetReaderLimits.Default with { VerifyChecksums = false }, Token);
        Assert.Equal(columnCount, taken.Schema.Columns.Count);
    }

    [Fact]
    public async Task A_changed_column_index_is_refused_and_one_of_a_file_without_seal_is_not_looked_at()
    {
        byte[] file = Write(3);
        FileMetadata footer = new WrittenFile(file).Metadata;
        int mark = file.AsSpan().LastIndexOf("seal-crc"u8);
        file[(int)(footer.RowGroups[0].Columns[1].ColumnIndexOffset! + footer.RowGroups[0].Columns[1].ColumnIndexLength! - 1)] ^= 1;

        Assert.NotNull(await ReadIndexAsync(file, 0));
        var fault = await Assert.ThrowsAsync<ParquetFormatException>(() => ReadIndexAsync(file, 1));
        Assert.Contains("The column index has the checksum", fault.Message, StringComparison.Ordinal);

        file[mark] ^= 1;
        Assert.NotNull(await ReadIndexAsync(file, 0));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(-3)]
    [InlineData(int.MinValue)]
    [InlineData(int.MaxValue)]
    public async Task A_sealed_footer_may_still_claim_anything(int length)
    {
        byte[] good = Write(3);
        FileMetadata footer = new WrittenFile(good).Metadata;
        footer.RowGroups[0].Columns[1].ColumnIndexLength = length;
        var file = new ByteBuffer();
        file.Append(good.AsSpan(0, good.AsSpan().LastIndexOf("seal-crc"u8)));
        FooterSeal.Open(file);
        int start = file.Length;
        footer.Write(new ThriftCompactWriter(file));
        FooterSeal.Close(file, start);
        file.Append(BitConverter.GetBytes(file.Length - start));
        file.Append("PAR1"u8);

        Assert.Null(await ReadIndexAsync(file.WrittenSpan.ToArray(), 1));
    }

    private static async Task<PageIndex?> ReadIndexAsync(byte[] file, int column)
    {
        using var reader = await ParquetFileReader.OpenAsync(new BytesSource("f", file), ParquetReaderLimits.Default, Token);
        return await reader.ReadPageIndexAsync(0, [column], [column], Token);
    }

    private static byte[] Write(int columnCount)
    {
        var schema = new ParquetSchema("record", [.. Enumerable.Range(0, columnCount).Select(i => SchemaNode.Primitive($"c{i}", Repetition.Required, PhysicalType.Int64))]);
        var random = new Random(1);
        ColumnVector[] columns = [.. schema.Columns.Select(column => VectorSamples.Random(column, 20, random))];
        return WrittenFile.Write(schema, new ParquetWriterOptions { CreateCompressor = () => PageCompression.Create(CompressionCodec.Uncompressed) }, null, columns).Bytes;
    }
}
