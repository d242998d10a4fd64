using System.Diagnostics;
using System.Numerics;
using System.Runtime.CompilerServices;
using Sleeper.Ingest.Core.Buffers;
using Sleeper.Ingest.Core.Parquet.BloomFilters;
using Sleeper.Ingest.Core.Parquet.Columns;
using Sleeper.Ingest.Core.Parquet.Encodings;
using Sleeper.Ingest.Core.Parquet.Metadata;
using Sleeper.Ingest.Core.Parquet.Pages;
using Sleeper.Ingest.Core.Parquet.Schemas;

namespace Sleeper.Ingest.Core.Parquet.RowGroups;

/// <summary>Encodes one column chunk after the other: gathers whole pages, encodes each as it is full, keeps the result until the chunk ends.</summary>
/// <remarks>
/// The first page decides for the chunk: which encoding, and whether there is a dictionary. A dictionary that outgrows its limit is kept for the
/// pages that have it, and the rest of the chunk goes without. Not thread-safe.
/// </remarks>
internal sealed class ColumnChunkEncoder
{
    private readonly LeafColumn _column;
    private readonly ParquetWriterOptions _options;
    private readonly ColumnWriteOptions _columnOptions;
    private readonly PageWriter _pageWriter;
    private readonly PageCutter _cutter;
    private readonly ByteBufferPool _pool = new();
    private readonly EncoderBuffers _buffers;
    private readonly ColumnBounds _bounds;
    private readonly ColumnVector _pending;
    private readonly ChunkDictionary? _dictionary;
    private readonly ChunkBloomFilter? _bloomFilter;
    private readonly List<PageLocation> _locations = [];
    private readonly List<long> _pageByteArrayBytes = [];

    private PageExtent _pendingExtent;
    private long _pendingBytes;
    private ByteBuffer? _pages;
    private ParquetEncoding _encoding;
    private bool _usesDictionary;
    private bool _resistsCompression;
    private int _dictionaryPages;
    private int _otherPages;
    private long _rowsInPages;
    private long _levels;
    private long _uncompressedBytes;

    public ColumnChunkEncoder(LeafColumn column, ParquetWriterOptions options, PageWriter pageWriter, EncoderBuffers buffers)
    {
        _column = column;
        _options = options;
        _columnOptions = options.Column(column.Index);
        ValueEncoder.Check(column, _columnOptions.Encoding);
        _pageWriter = pageWriter;
        _cutter = new PageCutter(column, options.PageRows, options.PageBytes);
        _buffers = buffers;
        _bounds = new ColumnBounds(column, options);
        _pending = new ColumnVector(column.VectorKind);
        if (_columnOptions.Dictionary == DictionaryUse.Try && column.PhysicalType != PhysicalType.Boolean)
        {
            _dictionary = new ChunkDictionary(column, options.DictionaryBytes);
        }

        if (_columnOptions.BloomFilter is { } bloomFilter)
        {
            _bloomFilter = new ChunkBloomFilter(column, bloomFilter, _columnOptions.IsAscending);
        }
    }

    /// <summary>Rows taken since the last chunk ended.</summary>
    public long Rows { get; private set; }

    /// <summary>Finished pages as they will lie in the file, the page that is being gathered in its plain form.</summary>
    public long BufferedBytes => (_pages?.Length ?? 0) + _pendingBytes + (_column.MaxDefinitionLevel > 0 ? _pendingExtent.Levels : 0);

    public long CapacityBytes => _pending.CapacityBytes + (_pages?.Capacity ?? 0) + (_dictionary?.CapacityBytes ?? 0) + (_bloomFilter?.CapacityBytes ?? 0);

    public void Append(ColumnVector values)
    {
        VectorCheck.Check(_column, values);
        PageExtent at = default;
        while (at.Levels < values.LevelCount)
        {
            PageExtent part = _cutter.Fit(values, at, _pendingExtent.Rows, _pendingBytes);
            bool isFull = at.Levels + part.Levels < values.LevelCount;
            if (isFull && _pendingExtent.Rows == 0)
            {
                // A whole page lies in the batch: no copy.
                WritePage(new PageValues(values, at, part));
            }
            else
            {
                Gather(values, at, part);
                if (isFull)
                {
                    WritePending();
                }
            }

            Rows += part.Rows;
            at += part;
        }
    }

    public EncodedColumnChunk Finish()
    {
        if (_pendingExtent.Rows > 0)
        {
            WritePending();
        }

        ByteBuffer pages = _pages ?? _pool.Rent();
        ByteBuffer? dictionary = _dictionaryPages > 0 ? WriteDictionary() : null;
        long dataStart = dictionary?.Length ?? 0;
        foreach (PageLocation location in _locations)
        {
            location.Offset += dataStart;
        }

        var offsetIndex = new OffsetIndex { PageLocations = [.. _locations] };
        if (_column.PhysicalType == PhysicalType.ByteArray)
        {
            offsetIndex.UnencodedByteArrayDataBytes = [.. _pageByteArrayBytes];
        }

        ByteBuffer? bloomFilter = _bloomFilter is null ? null : _pool.Rent();
        _bloomFilter?.Write(bloomFilter!);
        var chunk = new EncodedColumnChunk(
            dictionary, pages, bloomFilter, Describe(dataStart + pages.Length, dictionary is not null, dataStart), _bounds.ColumnIndex(), offsetIndex, _pool);
        Clear();
        return chunk;
    }

    /// <summary>Forgets what was taken since the last chunk ended.</summary>
    public void Clear()
    {
        _pages = null;
        _pending.Clear();
        _pendingExtent = default;
        _pendingBytes = 0;
        _bounds.Clear();
        _locations.Clear();
        _pageByteArrayBytes.Clear();
        _dictionary?.Clear();
        _bloomFilter?.Clear();
        _usesDictionary = _resistsCompression = false;
        _dictionaryPages = _otherPages = 0;
        _rowsInPages = _levels = _uncompressedBytes = Rows = 0;
    }

    private void Gather(ColumnVector values, PageExtent at, PageExtent part)
    {
        if (part.Levels == 0)
        {
            return;
        }

        _pending.EnsureLevels(part.Levels, _column.MaxDefinitionLevel > 0, _column.MaxRepetitionLevel > 0);
        if (_column.MaxDefinitionLevel > 0)
        {
            values.DefinitionLevels.AsSpan(at.Levels, part.Levels).CopyTo(_pending.DefinitionLevels.AsSpan(_pending.LevelCount));
        }

        if (_column.MaxRepetitionLevel > 0)
        {
            values.RepetitionLevels.AsSpan(at.Levels, part.Levels).CopyTo(_pending.RepetitionLevels.AsSpan(_pending.LevelCount));
        }

        _pending.EnsureValues(part.Values);
        switch (_pending.Kind)
        {
            case VectorKind.Int32:
                values.Ints.AsSpan(at.Values, part.Values).CopyTo(_pending.Ints.AsSpan(_pending.ValueCount));
                break;
            case VectorKind.Int64:
                values.Longs.AsSpan(at.Values, part.Values).CopyTo(_pending.Longs.AsSpan(_pending.ValueCount));
                break;
            default:
                GatherBytes(values, at.Values, part.Values);
                break;
        }

        _pending.LevelCount += part.Levels;
        _pending.ValueCount += part.Values;
        _pendingExtent += part;
        _pendingBytes += _cutter.PlainBytes(values, at.Values, part.Values);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void GatherBytes(ColumnVector values, int from, int count)
    {
        int start = values.Offsets[from];
        int length = values.Offsets[from + count] - start;
        _pending.EnsureBytes(length);
        values.Bytes.AsSpan(start, length).CopyTo(_pending.Bytes.AsSpan(_pending.ByteCount));

        int shift = _pending.ByteCount - start;
        ReadOnlySpan<int> offsets = values.Offsets.AsSpan(from + 1, count);
        Span<int> target = _pending.Offsets.AsSpan(_pending.ValueCount + 1, count);
        int i = 0;
        for (; i + Vector<int>.Count <= offsets.Length; i += Vector<int>.Count)
        {
            (new Vector<int>(offsets[i..]) + new Vector<int>(shift)).CopyTo(target[i..]);
        }

        for (; i < offsets.Length; i++)
        {
            target[i] = offsets[i] + shift;
        }
    }

    private void WritePending()
    {
        WritePage(new PageValues(_pending, default, _pendingExtent));
        _pending.Clear();
        _pendingExtent = default;
        _pendingBytes = 0;
    }

    private void WritePage(PageValues page)
    {
        Debug.Assert(page.Rows > 0, "A page has at least one row.");
        _pages ??= _pool.Rent();
        _buffers.Values.Clear();
        ParquetEncoding encoding = EncodeValues(page);
        ReadOnlySpan<byte> repetition = EncodeLevels(_buffers.RepetitionLevels, page.RepetitionLevels, _column.MaxRepetitionLevel);
        ReadOnlySpan<byte> definition = EncodeLevels(_buffers.DefinitionLevels, page.DefinitionLevels, _column.MaxDefinitionLevel);
        int start = _pages.Length;
        PageSizes sizes = _pageWriter.WriteData(page, repetition, definition, encoding, _buffers.Values.WrittenSpan, ref _resistsCompression, _pages);
        _locations.Add(new PageLocation { Offset = start, CompressedPageSize = sizes.Written, FirstRowIndex = _rowsInPages });
        _rowsInPages += page.Rows;
        _pageByteArrayBytes.Add(page.ByteCount);
        _bounds.AddPage(page);
        _bloomFilter?.Add(page);
        _levels += page.Levels;
        _uncompressedBytes += sizes.Uncompressed;
    }

    /// <summary>Encodes into the shared buffer and returns the encoding used.</summary>
    private ParquetEncoding EncodeValues(PageValues page)
    {
        bool isFirst = _dictionaryPages + _otherPages == 0;
        if (isFirst)
        {
            _encoding = ValueEncoder.Choose(_column, _columnOptions.Encoding, _options.Version, page, _buffers.Scratch);
            _usesDictionary = _dictionary is not null && _dictionary.LooksWorthwhile(page, _columnOptions.IsAscending);
        }

        if (_usesDictionary)
        {
            _usesDictionary = _dictionary!.TryEncode(page, _buffers.Values) && (!isFirst || DictionaryPays(page));
            if (_usesDictionary)
            {
                _dictionaryPages++;
                return _options.Version == WriterVersion.V1 ? ParquetEncoding.PlainDictionary : ParquetEncoding.RleDictionary;
            }

            _buffers.Values.Clear();
        }

        _otherPages++;
        ValueEncoder.Encode(_column, _encoding, page, _buffers.Scratch, _buffers.Values);
        return _encoding;
    }

    /// <summary>Compares the first page both ways; the whole dictionary counts against it.</summary>
    private bool DictionaryPays(PageValues page)
    {
        _buffers.Comparison.Clear();
        ValueEncoder.Encode(_column, _encoding, page, _buffers.Scratch, _buffers.Comparison);
        return _dictionary!.Cost() + _buffers.Values.Length < _buffers.Comparison.Length;
    }

    private static ReadOnlySpan<byte> EncodeLevels(ByteBuffer buffer, ReadOnlySpan<byte> levels, int maxLevel)
    {
        buffer.Clear();
        if (maxLevel > 0)
        {
            RleBitPackedEncoder.EncodeLevels(levels, RleBitPackedEncoder.WidthOf(maxLevel), buffer);
        }

        return buffer.WrittenSpan;
    }

    private ByteBuffer WriteDictionary()
    {
        _buffers.Values.Clear();
        _dictionary!.WritePlain(_buffers.Values);
        ByteBuffer target = _pool.Rent();
        _uncompressedBytes += _pageWriter.WriteDictionary(_dictionary.Count, _buffers.Values.WrittenSpan, target).Uncompressed;
        return target;
    }

    private ColumnMetadata Describe(long length, bool hasDictionary, long dataStart)
    {
        bool isV1 = _options.Version == WriterVersion.V1;
        PageType dataPage = isV1 ? PageType.DataPage : PageType.DataPageV2;
        ParquetEncoding dictionaryValues = isV1 ? ParquetEncoding.PlainDictionary : ParquetEncoding.Plain;
        ParquetEncoding dictionaryIndexes = isV1 ? ParquetEncoding.PlainDictionary : ParquetEncoding.RleDictionary;
        var stats = new List<PageEncodingStats>();
        var encodings = new List<ParquetEncoding>();
        if (hasDictionary)
        {
            stats.Add(new PageEncodingStats { PageType = PageType.DictionaryPage, Encoding = dictionaryValues, Count = 1 });
            stats.Add(new PageEncodingStats { PageType = dataPage, Encoding = dictionaryIndexes, Count = _dictionaryPages });
            encodings.Add(dictionaryValues);
            encodings.Add(dictionaryIndexes);
        }

        if (_otherPages > 0)
        {
            stats.Add(new PageEncodingStats { PageType = dataPage, Encoding = _encoding, Count = _otherPages });
            encodings.Add(_encoding);
        }

        if (isV1 || _column.MaxDefinitionLevel > 0)
        {
            encodings.Add(ParquetEncoding.Rle);
        }

        return new ColumnMetadata
        {
            Type = _column.PhysicalType,
            Encodings = [.. encodings.Distinct()],
            PathInSchema = _column.Path,
            Codec = _pageWriter.Codec,
            NumValues = _levels,
            TotalUncompressedSize = _uncompressedBytes,
            TotalCompressedSize = length,
            DataPageOffset = dataStart,
            DictionaryPageOffset = hasDictionary ? 0 : null,
            Statistics = _bounds.Statistics(),
            EncodingStats = stats,
            SizeStatistics = _column.PhysicalType == PhysicalType.ByteArray ? new SizeStatistics { UnencodedByteArrayDataBytes = _pageByteArrayBytes.Sum() } : null,
        };
    }
}
