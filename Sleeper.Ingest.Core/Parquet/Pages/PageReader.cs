using System.Diagnostics.CodeAnalysis;
using Sleeper.Ingest.Core.Buffers;
using Sleeper.Ingest.Core.Parquet.Columns;
using Sleeper.Ingest.Core.Parquet.Compression;
using Sleeper.Ingest.Core.Parquet.Encodings;
using Sleeper.Ingest.Core.Parquet.Metadata;
using Sleeper.Ingest.Core.Parquet.Schemas;
using Sleeper.Ingest.Core.Parquet.Thrift;

namespace Sleeper.Ingest.Core.Parquet.Pages;

/// <summary>Walks the pages of one column chunk, or of some stretches of it: header, checksum, decompression, dictionary; gives data pages.</summary>
/// <remarks>
/// <code>
/// chunk          = [dictionary page] data page*            page = Thrift header, body
/// v1 body        = compressed( [repetition levels] [definition levels] values )
/// v2 body        = [repetition levels] [definition levels] compressed( values )
/// v1 RLE levels  = u32 LE length, runs          v2 levels = runs, their lengths are in the header
/// </code>
/// <para>Use: <see cref="ReadNext"/>, and <see cref="PrepareAsync"/> each time that it answers <see cref="PageStep.NotReady"/>. Not thread-safe.</para>
/// </remarks>
internal sealed unsafe partial class PageReader : IDisposable
{
    private readonly IReadOnlyList<PageBytes> _stretches;
    private readonly PageMemory _memory;
    private readonly LeafColumn _column;
    private readonly CompressionCodec _codec;
    private readonly ParquetReaderLimits _limits;
    private readonly DecompressorPool _decompressors;
    private readonly ReadMeter _meter;
    private IPageDecompressor? _decompressor;
    private NativeBuffer? _pageBuffer;
    private PageHeader? _header;
    private int _stretch;
    private bool _sawDataPage;

    /// <param name="stretches">Where the pages lie, in file order. Owned from here on.</param>
    /// <param name="memory">Where memory for the dictionary and for pages without compression is taken.</param>
    /// <param name="column">The column.</param>
    /// <param name="codec">How pages are compressed.</param>
    /// <param name="limits">What pages may claim.</param>
    /// <param name="decompressors">Where decompressors are borrowed.</param>
    /// <param name="meter">Counts what pages come to.</param>
    public PageReader(
        IReadOnlyList<PageBytes> stretches, PageMemory memory, LeafColumn column, CompressionCodec codec, ParquetReaderLimits limits, DecompressorPool decompressors,
        ReadMeter meter)
    {
        _stretches = stretches;
        _memory = memory;
        _column = column;
        _codec = codec;
        _limits = limits;
        _decompressors = decompressors;
        _meter = meter;
        PageOffset = stretches.Count > 0 ? stretches[0].Offset : 0;
    }

    /// <summary>Where in the file the page begins that was read last, for messages.</summary>
    public long PageOffset { get; private set; }

    /// <summary>Its number among the pages of the chunk, for messages; null before the first.</summary>
    public int? PageNumber { get; private set; }

    /// <summary>Values of the dictionary page, once it was passed.</summary>
    public ColumnVector? Dictionary { get; private set; }

    /// <summary>Memory held beside stretches that lie in the caller's memory.</summary>
    public long HeldBytes => (_pageBuffer?.LengthBytes ?? 0) + (Dictionary?.CapacityBytes ?? 0) + _stretches.Sum(stretch => stretch.HeldBytes);

    /// <summary>Goes to the next data page, as far as that is possible without reading bytes and without taking memory.</summary>
    public PageStep ReadNext(out DataPage page)
    {
        page = default;
        while (MoveToBytes())
        {
            if (!TryReadHeader() || !IsPrepared(_header!))
            {
                return PageStep.NotReady;
            }

            PageHeader header = _header!;
            _header = null;
            byte* body = TakeBody(header);
            switch (header.Type)
            {
                case PageType.DictionaryPage:
                    ReadDictionary(header, body);
                    break;
                case PageType.DataPage or PageType.DataPageV2:
                    _sawDataPage = true;
                    if (CountOf(header) == 0)
                    {
                        break; // Some writers make them. Not decompressed: behind a false length that is work for nothing.
                    }

                    page = header.Type == PageType.DataPage ? ReadV1(header, body) : ReadV2(header, body);
                    return PageStep.Page;
                case PageType.IndexPage:
                    break; // Defined by the format, written by nobody, and nothing that a reader needs.
                default:
                    throw new ParquetFormatException($"A page header has the unknown page type {(int)header.Type}.");
            }
        }

        return PageStep.End;
    }

    public void Dispose()
    {
        foreach (PageBytes stretch in _stretches)
        {
            stretch.Dispose();
        }

        Dictionary = null;
        GiveRoomBack();
        if (_decompressor is not null)
        {
            _decompressors.Return(_decompressor);
            _decompressor = null;
        }
    }

    /// <summary>Holds the sizes that a header claims against the limits and against what is left, before anything is read or taken by them.</summary>
    private void CheckSizes(PageHeader header, long left)
    {
        if (header.CompressedPageSize < 0 || header.CompressedPageSize > left)
        {
            throw new ParquetFormatException($"A page claims {header.CompressedPageSize:N0} bytes, but its column chunk has {left:N0} left.");
        }

        bool isDictionary = header.Type == PageType.DictionaryPage;
        int maxLength = isDictionary ? _limits.MaxDictionaryBytes : _limits.MaxPageBytes;
        if ((uint)header.UncompressedPageSize > (uint)maxLength || header.CompressedPageSize > maxLength)
        {
            throw ParquetFormatException.AboveLimit(
                $"A page claims {header.UncompressedPageSize:N0} bytes without compression ({header.CompressedPageSize:N0} as stored); the limit is {maxLength:N0}.",
                isDictionary ? nameof(ParquetReaderLimits.MaxDictionaryBytes) : nameof(ParquetReaderLimits.MaxPageBytes));
        }
    }

    /// <summary>Moves past the page and checks its checksum.</summary>
    private byte* TakeBody(PageHeader header)
    {
        byte* body = Bytes.Start;
        Bytes.Skip(header.CompressedPageSize);
        if (_limits.VerifyChecksums && header.Crc is { } expected)
        {
            uint actual = Crc32.Compute(new ReadOnlySpan<byte>(body, header.CompressedPageSize));
            if (actual != (uint)expected)
            {
                throw new ParquetFormatException(
                    $"A page's checksum (CRC-32) is 0x{actual:X8}, but its header says 0x{(uint)expected:X8}: its bytes were changed after they were written.");
            }
        }

        return body;
    }

    private void ReadDictionary(PageHeader header, byte* body)
    {
        DictionaryPageHeader dictionaryHeader = header.DictionaryPage ?? ThrowNoHeader<DictionaryPageHeader>("dictionary page");
        if (Dictionary is not null || _sawDataPage)
        {
            throw new ParquetFormatException("A column chunk has a second dictionary page, or one behind data pages.");
        }

        // All three mean the same: the second is that of old writers, the third is said by those who name both kinds of pages alike.
        if (dictionaryHeader.Encoding is not (ParquetEncoding.Plain or ParquetEncoding.PlainDictionary or ParquetEncoding.RleDictionary))
        {
            throw new ParquetFormatException($"A dictionary page has the encoding {dictionaryHeader.Encoding}; the format defines PLAIN and PLAIN_DICTIONARY.");
        }

        if (dictionaryHeader.NumValues < 0)
        {
            throw new ParquetFormatException($"A dictionary page claims {dictionaryHeader.NumValues:N0} values.");
        }

        byte* values = Decompress(body, header.CompressedPageSize, header.UncompressedPageSize, out int length);
        var dictionary = new ColumnVector(_column.VectorKind);
        ValueDecoder decoder = ValueDecoders.CreatePlain(_column, _limits);
        decoder.Reset(values, length, dictionaryHeader.NumValues);
        decoder.Decode(dictionary, dictionaryHeader.NumValues);
        Dictionary = dictionary;
        SettleDictionary(dictionary.CapacityBytes);
    }

    private DataPage ReadV1(PageHeader header, byte* body)
    {
        DataPageHeader dataHeader = header.DataPage!;
        byte* next = Decompress(body, header.CompressedPageSize, header.UncompressedPageSize, out int left);
        DataPage page = StartPage(dataHeader.NumValues, dataHeader.Encoding);
        page.RepetitionLevels.ResetV1(dataHeader.RepetitionLevelEncoding, dataHeader.NumValues, ref next, ref left);
        page.DefinitionLevels.ResetV1(dataHeader.DefinitionLevelEncoding, dataHeader.NumValues, ref next, ref left);
        page.Values = next;
        page.ValuesLength = left;
        return page;
    }

    private DataPage ReadV2(PageHeader header, byte* body)
    {
        DataPageHeaderV2 dataHeader = header.DataPageV2!;
        int repetitionLength = dataHeader.RepetitionLevelsByteLength;
        int definitionLength = dataHeader.DefinitionLevelsByteLength;
        long levelsLength = (long)repetitionLength + definitionLength;
        if (repetitionLength < 0 || definitionLength < 0 || levelsLength > header.CompressedPageSize || levelsLength > header.UncompressedPageSize)
        {
            throw new ParquetFormatException(
                $"A page claims {repetitionLength:N0} and {definitionLength:N0} bytes of levels, but has {header.CompressedPageSize:N0} bytes ({header.UncompressedPageSize:N0} without compression).");
        }

        DataPage page = StartPage(dataHeader.NumValues, dataHeader.Encoding);
        page.RepetitionLevels.ResetV2(body, repetitionLength);
        page.DefinitionLevels.ResetV2(body + repetitionLength, definitionLength);
        byte* values = body + levelsLength;
        int storedLength = header.CompressedPageSize - (int)levelsLength;
        if (dataHeader.IsCompressed == false)
        {
            page.Values = values;
            page.ValuesLength = storedLength;
        }
        else
        {
            page.Values = Decompress(values, storedLength, header.UncompressedPageSize - (int)levelsLength, out page.ValuesLength);
        }

        return page;
    }

    private DataPage StartPage(int levelCount, ParquetEncoding encoding) => new()
    {
        LevelCount = levelCount,
        Encoding = encoding,
        RepetitionLevels = new LevelReader(_column.MaxRepetitionLevel),
        DefinitionLevels = new LevelReader(_column.MaxDefinitionLevel),
    };

    private byte* Decompress(byte* source, int sourceLength, int length, out int actualLength)
    {
        if (_codec == CompressionCodec.Uncompressed)
        {
            actualLength = sourceLength;
            return source;
        }

        actualLength = length;
        if (length == 0)
        {
            return source; // Nothing to be had; several writers then store no bytes at all, which is no valid stream of any codec.
        }

        _meter.Add(length);

        // Memory outside of the heap is not touched before output arrives in it, so a false length costs nothing.
        if (_pageBuffer is null || _pageBuffer.LengthBytes < length)
        {
            _pageBuffer?.Dispose();
            _pageBuffer = null;
            _pageBuffer = _memory.TakeBuffer(_pageRoom);
            _pageRoom = _pageBuffer.LengthBytes;
        }

        _decompressor ??= _decompressors.Rent(_codec);
        _decompressor.Decompress(new ReadOnlySpan<byte>(source, sourceLength), new Span<byte>(_pageBuffer.Pointer, length));
        return _pageBuffer.Pointer;
    }

    /// <summary>The values and nulls of a data page; its header is there.</summary>
    private static int CountOf(PageHeader header)
    {
        int count = header.Type == PageType.DataPage
            ? (header.DataPage ?? ThrowNoHeader<DataPageHeader>("data page")).NumValues
            : (header.DataPageV2 ?? ThrowNoHeader<DataPageHeaderV2>("data page v2")).NumValues;
        return count >= 0 ? count : throw new ParquetFormatException($"A page claims {count:N0} values.");
    }

    [DoesNotReturn]
    private static T ThrowNoHeader<T>(string what) =>
        throw new ParquetFormatException($"A page header says that it is a {what}, but lacks the part that describes one.");
}
