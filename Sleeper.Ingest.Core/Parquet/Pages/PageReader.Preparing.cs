using Sleeper.Ingest.Core.Parquet.Columns;
using Sleeper.Ingest.Core.Parquet.Metadata;
using Sleeper.Ingest.Core.Parquet.Thrift;

namespace Sleeper.Ingest.Core.Parquet.Pages;

/// <summary>The part of reading pages that waits: for bytes of the file, and for memory.</summary>
internal sealed partial class PageReader
{
    /// <summary>Bytes that hold nearly every page header; those with long bounds in them need more.</summary>
    private const int UsualHeaderBytes = 512;

    private const int MaxHeaderBytes = 16 << 20;

    /// <summary>Read of a page that is only measured.</summary>
    private const int PeekBytes = 64 << 10;

    private int _headerBytes = UsualHeaderBytes;
    private bool _isNewPage = true;
    private long _pageRoom;
    private long _dictionaryRoom;

    private PageBytes Bytes => _stretches[_stretch];

    /// <summary>Reads the bytes and takes the memory that the next page needs. After that, one page can be read.</summary>
    /// <exception cref="ParquetFormatException">The page's header is not what it must be.</exception>
    public async ValueTask PrepareAsync(CancellationToken cancellationToken)
    {
        if (!MoveToBytes())
        {
            return;
        }

        while (!TryReadHeader())
        {
            await Bytes.FillAsync(_headerBytes, cancellationToken).ConfigureAwait(false);
        }

        PageHeader header = _header!;
        Note(header);
        await TakeRoomAsync(header, cancellationToken).ConfigureAwait(false);
        await Bytes.FillAsync(header.CompressedPageSize, cancellationToken).ConfigureAwait(false);
        ReadOn();
    }

    /// <summary>Begins to fetch what comes behind the pages that lie in memory as a whole, where that takes a round trip.</summary>
    /// <remarks>
    /// It finds the first page that does not, by the same conditions by which <see cref="ReadNext"/> is not ready for it: that one is kept, with the rest of it in one
    /// piece. A header that is not what it must be ends the search; the walk over the pages comes to it in its turn.
    /// </remarks>
    public void ReadOn()
    {
        if (!MoveToBytes() || !Bytes.CanReadOn)
        {
            return;
        }

        long passed = 0;
        long headerBytes = 0;
        long pageBytes = 0;
        PageHeader? header = _header;
        while (header is not null || (header = PeekHeader(passed, out headerBytes)) is not null)
        {
            pageBytes = headerBytes + Math.Clamp(header.CompressedPageSize, 0, Math.Max(_limits.MaxPageBytes, _limits.MaxDictionaryBytes));
            if (header.CompressedPageSize < 0 || passed + pageBytes > Bytes.Available)
            {
                break;
            }

            passed += pageBytes;
            header = null;
        }

        Bytes.BeginNext(passed, pageBytes);
    }

    /// <summary>Notes what the dictionary and the first page need, where they were not met yet, by their headers alone.</summary>
    public async ValueTask MeasureAsync(CancellationToken cancellationToken)
    {
        PageHeader? header = _header;
        long ahead = 0;
        for (int i = _stretch; !_sawDataPage && i < _stretches.Count; ahead = 0, i++)
        {
            while (ahead < _stretches[i].Left)
            {
                if (header is null)
                {
                    byte[] bytes = await _stretches[i].PeekAsync(ahead, PeekBytes, cancellationToken).ConfigureAwait(false);
                    header = ParseHeader(bytes, _stretches[i].Offset + ahead, out int length);
                    ahead += length;
                    CheckSizes(header, _stretches[i].Left - ahead);
                }

                Note(header);
                if (header.Type != PageType.DictionaryPage)
                {
                    return;
                }

                ahead += header.CompressedPageSize;
                header = null;
            }
        }
    }

    /// <summary>Goes on to the next stretch where one ends; false at the end of all.</summary>
    private bool MoveToBytes()
    {
        while (_stretch + 1 < _stretches.Count && Bytes.Left == 0)
        {
            _stretch++;
            PageNumber = null;
        }

        return _stretch < _stretches.Count && Bytes.Left > 0;
    }

    /// <summary>False if not enough bytes lie in memory to tell what the header says.</summary>
    private bool TryReadHeader()
    {
        if (_header is not null)
        {
            return true;
        }

        if (!Bytes.Holds(_headerBytes))
        {
            return false;
        }

        if (_isNewPage)
        {
            PageOffset = Bytes.Offset;
            PageNumber = PageNumber + 1 ?? Bytes.FirstPage;
            _isNewPage = false;
        }

        PageHeader header;
        int length;
        try
        {
            header = ParseHeader(out length);
        }
        catch (ParquetFormatException) when (Bytes.Available < Math.Min(Bytes.Left, MaxHeaderBytes))
        {
            _headerBytes = (int)Math.Min(16 * Bytes.Available, MaxHeaderBytes);
            return false;
        }

        Bytes.Skip(length);
        CheckSizes(header, Bytes.Left);
        _headerBytes = UsualHeaderBytes;
        _isNewPage = true;
        _header = header;
        return true;
    }

    /// <summary>The header that lies further on in memory; null if it does not lie there as a whole.</summary>
    private unsafe PageHeader? PeekHeader(long skip, out long length)
    {
        length = 0;
        long available = Bytes.Available - skip;
        if (available < Math.Min(UsualHeaderBytes, Bytes.Left - skip) || available == 0)
        {
            return null;
        }

        try
        {
            PageHeader header = ParseHeader(new ReadOnlySpan<byte>(Bytes.Start + skip, (int)Math.Min(available, MaxHeaderBytes)), Bytes.Offset + skip, out int headerBytes);
            length = headerBytes;
            return header;
        }
        catch (ParquetFormatException)
        {
            return null;
        }
    }

    private unsafe PageHeader ParseHeader(out int length) =>
        ParseHeader(new ReadOnlySpan<byte>(Bytes.Start, (int)Math.Min(Bytes.Available, MaxHeaderBytes)), Bytes.Offset, out length);

    private PageHeader ParseHeader(ReadOnlySpan<byte> bytes, long offset, out int length)
    {
        var thrift = new ThriftCompactReader(bytes, offset, _limits.MaxMetadataDepth);
        PageHeader header = PageHeader.Read(ref thrift);
        length = thrift.Position;
        return header;
    }

    private bool IsPrepared(PageHeader header) =>
        Bytes.Holds(header.CompressedPageSize) && _pageRoom >= PageRoom(header) && _dictionaryRoom >= DictionaryRoom(header);

    private void Note(PageHeader header)
    {
        _memory.NotePage(header.CompressedPageSize + PageRoom(header));
        if (header.Type == PageType.DictionaryPage)
        {
            _memory.NoteDictionary(DictionaryRoom(header));
        }
    }

    private async ValueTask TakeRoomAsync(PageHeader header, CancellationToken cancellationToken)
    {
        long page = PageRoom(header) - _pageRoom;
        if (page > 0)
        {
            await _memory.TakeAsync(page, cancellationToken).ConfigureAwait(false);
            _pageRoom += page;
        }

        long dictionary = DictionaryRoom(header) - _dictionaryRoom;
        if (dictionary > 0)
        {
            await _memory.TakeAsync(dictionary, cancellationToken).ConfigureAwait(false);
            _dictionaryRoom += dictionary;
        }
    }

    private long PageRoom(PageHeader header) => _codec == CompressionCodec.Uncompressed ? 0 : header.UncompressedPageSize;

    /// <summary>The most that the values of a dictionary page take: vectors grow by doubling, and byte arrays have an offset each.</summary>
    private long DictionaryRoom(PageHeader header)
    {
        if (header.Type != PageType.DictionaryPage || header.DictionaryPage is not { NumValues: > 0 } dictionary)
        {
            return 0;
        }

        long valueCount = Math.Min(dictionary.NumValues, header.UncompressedPageSize);
        return (2L * header.UncompressedPageSize) + (_column.VectorKind == VectorKind.Bytes ? 4 * (valueCount + 1) : 0) + 1024;
    }

    private void SettleDictionary(long actualBytes)
    {
        if (actualBytes < _dictionaryRoom)
        {
            _memory.GiveBack(_dictionaryRoom - actualBytes);
            _dictionaryRoom = actualBytes;
        }

        _memory.NoteDictionary(actualBytes);
    }

    private void GiveRoomBack()
    {
        if (_pageBuffer is { } buffer)
        {
            // Room that was taken for a page larger than the buffer, which was then not read.
            _memory.GiveBack(_pageRoom - buffer.LengthBytes);
            _memory.GiveBack(buffer);
            _pageBuffer = null;
        }
        else
        {
            _memory.GiveBack(_pageRoom);
        }

        _memory.GiveBack(_dictionaryRoom);
        _pageRoom = 0;
        _dictionaryRoom = 0;
    }
}
