using Sleeper.Ingest.Core.Buffers;
using Sleeper.Ingest.Core.Parquet;
using Sleeper.Ingest.Core.Parquet.Metadata;
using Sleeper.Ingest.Core.Parquet.Thrift;

namespace Sleeper.Ingest.Core.Tests.Parquet.Metadata;

public class FileMetadataTests
{
    [Fact]
    public void A_footer_reads_back_as_written()
    {
        FileMetadata written = Sample();
        byte[] bytes = Bytes(written);

        var reader = new ThriftCompactReader(bytes);
        FileMetadata read = FileMetadata.Read(ref reader, ParquetReaderLimits.Default);

        Assert.Equal(bytes.Length, reader.Position);
        Assert.Equivalent(written, read, strict: true);
        Assert.Equal(bytes, Bytes(read));
    }

    [Fact]
    public void A_page_header_reads_back_as_written()
    {
        var written = new PageHeader
        {
            Type = PageType.DataPageV2,
            UncompressedPageSize = 100,
            CompressedPageSize = 90,
            Crc = unchecked((int)0xDEADBEEF),
            DataPageV2 = new DataPageHeaderV2
            {
                NumValues = 10,
                NumNulls = 1,
                NumRows = 9,
                Encoding = ParquetEncoding.DeltaByteArray,
                DefinitionLevelsByteLength = 3,
                RepetitionLevelsByteLength = 4,
                IsCompressed = false,
            },
        };
        var buffer = new ByteBuffer();
        written.Write(new ThriftCompactWriter(buffer));

        var reader = new ThriftCompactReader(buffer.WrittenSpan);
        Assert.Equivalent(written, PageHeader.Read(ref reader), strict: true);
    }

    [Fact]
    public void Page_indexes_read_back_as_written()
    {
        var columnIndex = new ColumnIndex { NullPages = [false, true], MinValues = [[1], []], MaxValues = [[2], []], BoundaryOrder = BoundaryOrder.Ascending, NullCounts = [0, 5] };
        var offsetIndex = new OffsetIndex
        {
            PageLocations = [new PageLocation { Offset = 4, CompressedPageSize = 10, FirstRowIndex = 0 }, new PageLocation { Offset = 14, CompressedPageSize = 11, FirstRowIndex = 20_000 }],
            UnencodedByteArrayDataBytes = [3, 4],
        };
        var buffer = new ByteBuffer();
        columnIndex.Write(new ThriftCompactWriter(buffer));
        offsetIndex.Write(new ThriftCompactWriter(buffer));

        var reader = new ThriftCompactReader(buffer.WrittenSpan);
        Assert.Equivalent(columnIndex, ColumnIndex.Read(ref reader), strict: true);
        Assert.Equivalent(offsetIndex, OffsetIndex.Read(ref reader), strict: true);
    }

    [Fact]
    public void Required_fields_that_lack_are_refused()
    {
        var e = Assert.Throws<ParquetFormatException>(() =>
        {
            var reader = new ThriftCompactReader([0x00]);
            FileMetadata.Read(ref reader, ParquetReaderLimits.Default);
        });
        Assert.Contains("FileMetadata lacks required fields", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_encryption_mark_in_the_footer_is_seen()
    {
        byte[] plain = Bytes(Sample());
        byte[] marked = [.. plain[..^1], 0x1C, 0x1C, 0x00, 0x00, 0x00]; // field 8 (after 7): a union with an empty struct
        var reader = new ThriftCompactReader(marked);
        Assert.True(FileMetadata.Read(ref reader, ParquetReaderLimits.Default).IsEncrypted);
    }

    private static byte[] Bytes(FileMetadata metadata)
    {
        var buffer = new ByteBuffer(0);
        metadata.Write(new ThriftCompactWriter(buffer));
        return buffer.WrittenSpan.ToArray();
    }

    private static FileMetadata Sample() => new()
    {
        Version = 1,
        Schema =
        [
            new SchemaElement { Name = "record", NumChildren = 2 },
            new SchemaElement { Name = "key", Type = PhysicalType.ByteArray, Repetition = Repetition.Required, ConvertedType = ConvertedType.Utf8, LogicalType = LogicalType.String },
            new SchemaElement
            {
                Name = "at", Type = PhysicalType.Int64, Repetition = Repetition.Optional, FieldId = 7,
                LogicalType = new LogicalType(LogicalTypeKind.Timestamp) { IsAdjustedToUtc = true, Unit = TimeUnit.Micros },
            },
        ],
        NumRows = 12,
        RowGroups =
        [
            new RowGroupMetadata
            {
                TotalByteSize = 100, NumRows = 12, FileOffset = 4, TotalCompressedSize = 90, Ordinal = 0,
                SortingColumns = [new SortingColumn { ColumnIndex = 0, Descending = false, NullsFirst = true }],
                Columns =
                [
                    new ColumnChunkMetadata
                    {
                        FileOffset = 4, OffsetIndexOffset = 500, OffsetIndexLength = 20, ColumnIndexOffset = 400, ColumnIndexLength = 30,
                        Metadata = new ColumnMetadata
                        {
                            Type = PhysicalType.ByteArray, Encodings = [ParquetEncoding.DeltaByteArray, ParquetEncoding.Rle], PathInSchema = ["key"], Codec = CompressionCodec.Zstd,
                            NumValues = 12, TotalUncompressedSize = 100, TotalCompressedSize = 90, DataPageOffset = 4, DictionaryPageOffset = 2,
                            KeyValueMetadata = [new KeyValue { Key = "k", Value = null }],
                            Statistics = new Statistics { MinValue = [0x61], MaxValue = [0xFF], NullCount = 0, IsMaxValueExact = false },
                            EncodingStats = [new PageEncodingStats { PageType = PageType.DataPageV2, Encoding = ParquetEncoding.DeltaByteArray, Count = 1 }],
                            SizeStatistics = new SizeStatistics { UnencodedByteArrayDataBytes = 33 },
                        },
                    },
                ],
            },
        ],
        CreatedBy = "somebody version 1.0.0",
        ColumnOrders = [ColumnOrder.TypeDefined, ColumnOrder.TypeDefined],
    };
}
