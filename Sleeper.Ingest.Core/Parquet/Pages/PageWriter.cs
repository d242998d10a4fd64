using Sleeper.Ingest.Core.Buffers;
using Sleeper.Ingest.Core.Parquet.Compression;
using Sleeper.Ingest.Core.Parquet.Metadata;
using Sleeper.Ingest.Core.Parquet.Thrift;

namespace Sleeper.Ingest.Core.Parquet.Pages;

// each page         header (Thrift), then so many bytes as it says
// data page v1      compressed( repetition levels, definition levels, values )      levels: 4 bytes LE length, RLE; absent where the maximum is 0
// data page v2      repetition levels, definition levels, compressed( values )      levels: RLE without length
// dictionary page   compressed( values, PLAIN )
// checksum: CRC-32 of what follows the header, as it lies in the file

/// <summary>Puts encoded levels and values together to pages. One per worker; not thread-safe.</summary>
internal sealed class PageWriter
{
    /// <summary>A page that loses less than one part in so many resists compression.</summary>
    private const int HardlySmaller = 64;

    private const int SampleBytes = 4096;

    /// <summary>Smaller pages are compressed without a sample.</summary>
    private const int MinSampledBytes = 8 * SampleBytes;

    private readonly IPageCompressor _compressor;
    private readonly WriterVersion _version;
    private readonly bool _checksums;
    private readonly ByteBuffer _compressed = new(4096);
    private readonly ByteBuffer _body = new(4096);

    public PageWriter(IPageCompressor compressor, WriterVersion version, bool checksums)
    {
        _compressor = compressor;
        _version = version;
        _checksums = checksums;
    }

    public CompressionCodec Codec => _compressor.Codec;

    public long CapacityBytes => _compressed.Capacity + _body.Capacity;

    /// <summary>Appends a data page and returns its sizes, headers included.</summary>
    /// <param name="page">What the levels and values were encoded from.</param>
    /// <param name="repetitionLevels">Encoded; empty where the column has none. So are the definition levels.</param>
    /// <param name="definitionLevels">Encoded.</param>
    /// <param name="encoding">Of the values.</param>
    /// <param name="values">Encoded.</param>
    /// <param name="resists">
    /// Memory of the chunk, false at its start: true after a page that compression hardly made smaller. From then on a sample of each page is
    /// tried before the page is, so that packed random numbers do not cost time for nothing. Only pages of version 2 can be left as they are.
    /// </param>
    /// <param name="output">Where the page goes.</param>
    public PageSizes WriteData(
        PageValues page, ReadOnlySpan<byte> repetitionLevels, ReadOnlySpan<byte> definitionLevels, ParquetEncoding encoding, ReadOnlySpan<byte> values, ref bool resists, ByteBuffer output) =>
        _version == WriterVersion.V1
            ? WriteDataV1(page, repetitionLevels, definitionLevels, encoding, values, output)
            : WriteDataV2(page, repetitionLevels, definitionLevels, encoding, values, ref resists, output);

    /// <summary>Appends a dictionary page and returns its sizes, headers included.</summary>
    public PageSizes WriteDictionary(int count, ReadOnlySpan<byte> values, ByteBuffer output)
    {
        ReadOnlySpan<byte> compressed = Compress(values);
        var header = new PageHeader
        {
            Type = PageType.DictionaryPage,
            DictionaryPage = new DictionaryPageHeader { NumValues = count, Encoding = _version == WriterVersion.V1 ? ParquetEncoding.PlainDictionary : ParquetEncoding.Plain },
        };
        return Write(header, values.Length, compressed, output);
    }

    private PageSizes WriteDataV1(
        PageValues page, ReadOnlySpan<byte> repetitionLevels, ReadOnlySpan<byte> definitionLevels, ParquetEncoding encoding, ReadOnlySpan<byte> values, ByteBuffer output)
    {
        ReadOnlySpan<byte> body = values;
        if (repetitionLevels.Length + definitionLevels.Length > 0)
        {
            _body.Clear();
            AppendWithLength(repetitionLevels);
            AppendWithLength(definitionLevels);
            _body.Append(values);
            body = _body.WrittenSpan;
        }

        var header = new PageHeader
        {
            Type = PageType.DataPage,
            DataPage = new DataPageHeader
            {
                NumValues = page.Levels,
                Encoding = encoding,
                DefinitionLevelEncoding = ParquetEncoding.Rle,
                RepetitionLevelEncoding = ParquetEncoding.Rle,
            },
        };
        return Write(header, body.Length, Compress(body), output);
    }

    private PageSizes WriteDataV2(
        PageValues page, ReadOnlySpan<byte> repetitionLevels, ReadOnlySpan<byte> definitionLevels, ParquetEncoding encoding, ReadOnlySpan<byte> values, ref bool resists, ByteBuffer output)
    {
        ReadOnlySpan<byte> data = CompressIfWorthwhile(values, ref resists);
        bool isCompressed = data.Length < values.Length;
        data = isCompressed ? data : values;
        int levelBytes = repetitionLevels.Length + definitionLevels.Length;
        if (levelBytes > 0)
        {
            _body.Clear();
            _body.Append(repetitionLevels);
            _body.Append(definitionLevels);
            _body.Append(data);
            data = _body.WrittenSpan;
        }

        var header = new PageHeader
        {
            Type = PageType.DataPageV2,
            DataPageV2 = new DataPageHeaderV2
            {
                NumValues = page.Levels,
                NumNulls = page.Levels - page.Count,
                NumRows = page.Rows,
                Encoding = encoding,
                DefinitionLevelsByteLength = definitionLevels.Length,
                RepetitionLevelsByteLength = repetitionLevels.Length,
                IsCompressed = isCompressed,
            },
        };
        return Write(header, checked(levelBytes + values.Length), data, output);
    }

    private PageSizes Write(PageHeader header, int uncompressedSize, ReadOnlySpan<byte> data, ByteBuffer output)
    {
        header.UncompressedPageSize = uncompressedSize;
        header.CompressedPageSize = data.Length;
        header.Crc = _checksums ? (int)Crc32.Compute(data) : null;
        int start = output.Length;
        header.Write(new ThriftCompactWriter(output));
        int headerBytes = output.Length - start;
        output.Append(data);
        return new PageSizes(headerBytes + (long)uncompressedSize, headerBytes + data.Length);
    }

    private ReadOnlySpan<byte> CompressIfWorthwhile(ReadOnlySpan<byte> values, ref bool resists)
    {
        if (_compressor.Codec == CompressionCodec.Uncompressed || values.IsEmpty)
        {
            return values;
        }

        if (resists && values.Length >= MinSampledBytes && Resists(SampleBytes, Compress(values.Slice((values.Length - SampleBytes) / 2, SampleBytes)).Length))
        {
            return values;
        }

        ReadOnlySpan<byte> compressed = Compress(values);
        resists = Resists(values.Length, compressed.Length);
        return compressed;
    }

    private static bool Resists(int length, int compressedLength) => compressedLength > length - (length / HardlySmaller);

    private ReadOnlySpan<byte> Compress(ReadOnlySpan<byte> source)
    {
        if (_compressor.Codec == CompressionCodec.Uncompressed)
        {
            return source;
        }

        _compressed.Clear();
        Span<byte> target = _compressed.Reserve(_compressor.MaxCompressedLength(source.Length));
        _compressed.Advance(_compressor.Compress(source, target));
        return _compressed.WrittenSpan;
    }

    private void AppendWithLength(ReadOnlySpan<byte> levels)
    {
        if (levels.IsEmpty)
        {
            return;
        }

        System.Buffers.Binary.BinaryPrimitives.WriteInt32LittleEndian(_body.Reserve(sizeof(int)), levels.Length);
        _body.Advance(sizeof(int));
        _body.Append(levels);
    }
}
