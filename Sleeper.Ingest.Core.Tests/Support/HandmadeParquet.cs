using System.Buffers.Binary;
using Sleeper.Ingest.Core.Buffers;
using Sleeper.Ingest.Core.Parquet.Metadata;
using Sleeper.Ingest.Core.Parquet.Schemas;
using Sleeper.Ingest.Core.Parquet.Thrift;

namespace Sleeper.Ingest.Core.Tests.Support;

/// <summary>A Parquet file of one field, one row group and one column chunk, put together page by page, so that each byte of it can be wrong.</summary>
internal sealed class HandmadeParquet
{
    private readonly ParquetSchema _schema;
    private readonly ByteBuffer _chunk = new();

    public HandmadeParquet(SchemaNode field) => _schema = new ParquetSchema("made", [field]);

    public static HandmadeParquet RequiredInt => new(SchemaNode.Primitive("f", Repetition.Required, PhysicalType.Int32));

    public static HandmadeParquet OptionalInt => new(SchemaNode.Primitive("f", Repetition.Optional, PhysicalType.Int32));

    public static HandmadeParquet RequiredBytes => new(SchemaNode.Primitive("f", Repetition.Required, PhysicalType.ByteArray));

    public static HandmadeParquet IntList => new(SchemaNode.List("f", Repetition.Required, SchemaNode.Primitive("f", Repetition.Required, PhysicalType.Int32)));

    public CompressionCodec Codec { get; init; } = CompressionCodec.Uncompressed;

    /// <summary>Appends a page of any kind; the sizes are those of the body if they are 0.</summary>
    public HandmadeParquet Page(PageHeader header, ReadOnlySpan<byte> body)
    {
        if (header.CompressedPageSize == 0)
        {
            header.CompressedPageSize = body.Length;
        }

        if (header.UncompressedPageSize == 0)
        {
            header.UncompressedPageSize = body.Length;
        }

        header.Write(new ThriftCompactWriter(_chunk));
        _chunk.Append(body);
        return this;
    }

    public HandmadeParquet V1(int valueCount, ParquetEncoding encoding, byte[] body, int? crc = null, ParquetEncoding levels = ParquetEncoding.Rle) =>
        Page(
            new PageHeader
            {
                Type = PageType.DataPage,
                Crc = crc,
                DataPage = new DataPageHeader { NumValues = valueCount, Encoding = encoding, DefinitionLevelEncoding = levels, RepetitionLevelEncoding = levels },
            },
            body);

    public HandmadeParquet V2(int valueCount, ParquetEncoding encoding, byte[] repetition, byte[] definition, byte[] values, bool? isCompressed = null) =>
        Page(
            new PageHeader
            {
                Type = PageType.DataPageV2,
                DataPageV2 = new DataPageHeaderV2
                {
                    NumValues = valueCount,
                    NumRows = valueCount,
                    Encoding = encoding,
                    RepetitionLevelsByteLength = repetition.Length,
                    DefinitionLevelsByteLength = definition.Length,
                    IsCompressed = isCompressed,
                },
            },
            [.. repetition, .. definition, .. values]);

    public HandmadeParquet Dictionary(int valueCount, byte[] body, ParquetEncoding encoding = ParquetEncoding.Plain) =>
        Page(new PageHeader { Type = PageType.DictionaryPage, DictionaryPage = new DictionaryPageHeader { NumValues = valueCount, Encoding = encoding } }, body);

    /// <summary>The whole file.</summary>
    /// <param name="rowCount">What the row group and the footer claim.</param>
    /// <param name="valueCount">What the column chunk claims; the rows if not given.</param>
    /// <param name="change">Makes the footer wrong.</param>
    public byte[] Build(long rowCount, long? valueCount = null, Action<FileMetadata>? change = null)
    {
        var column = new ColumnMetadata
        {
            Type = _schema.Columns[0].PhysicalType,
            Encodings = [ParquetEncoding.Plain],
            PathInSchema = _schema.Columns[0].Path,
            Codec = Codec,
            NumValues = valueCount ?? rowCount,
            TotalUncompressedSize = _chunk.Length,
            TotalCompressedSize = _chunk.Length,
            DataPageOffset = 4,
        };
        var metadata = new FileMetadata
        {
            Version = 1,
            Schema = _schema.ToElements(),
            NumRows = rowCount,
            RowGroups = [new RowGroupMetadata { NumRows = rowCount, TotalByteSize = _chunk.Length, Columns = [new ColumnChunkMetadata { FileOffset = 4, Metadata = column }] }],
        };
        change?.Invoke(metadata);

        var file = new ByteBuffer();
        file.Append("PAR1"u8);
        file.Append(_chunk.WrittenSpan);
        int footerStart = file.Length;
        metadata.Write(new ThriftCompactWriter(file));
        Span<byte> length = stackalloc byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(length, file.Length - footerStart);
        file.Append(length);
        file.Append("PAR1"u8);
        return file.WrittenSpan.ToArray();
    }

    public static byte[] Ints(params int[] values)
    {
        byte[] bytes = new byte[4 * values.Length];
        Buffer.BlockCopy(values, 0, bytes, 0, bytes.Length);
        return bytes;
    }

    /// <summary>A number as ULEB128.</summary>
    public static byte[] VarInt(ulong value)
    {
        var buffer = new ByteBuffer();
        buffer.AppendVarInt(value);
        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>A run that repeats a value of up to 8 bits.</summary>
    public static byte[] Run(int count, byte value) => [.. VarInt((ulong)(uint)count << 1), value];

    /// <summary>Levels as a v1 page has them: the length before the runs.</summary>
    public static byte[] V1Levels(params byte[] runs) => [.. Ints(runs.Length), .. runs];
}
