using System.Diagnostics.CodeAnalysis;
using Sleeper.Ingest.Core.Parquet.Columns;
using Sleeper.Ingest.Core.Parquet.Encodings;
using Sleeper.Ingest.Core.Parquet.Metadata;
using Sleeper.Ingest.Core.Parquet.Pages;
using Sleeper.Ingest.Core.Parquet.Schemas;

namespace Sleeper.Ingest.Core.Parquet.RowGroups;

/// <summary>Gives the rows of one column chunk, in order, a stretch at a time: levels and values into a vector.</summary>
/// <remarks>
/// <para>Use: <see cref="Begin"/>, then <see cref="TryContinue"/> until it answers true, with a <see cref="PrepareAsync"/> each time that it does not.</para>
/// <para>What the footer claims (values of the chunk, rows of the row group) is held against what the pages give; the first difference is an error.
/// After an error the reader must not be used again. Not thread-safe.</para>
/// </remarks>
internal sealed class ColumnChunkReader : IDisposable
{
    /// <summary>Level entries that a column of lists decodes ahead while it looks for the end of a row.</summary>
    private const int LookAhead = 4096;

    private readonly LeafColumn _column;
    private readonly PageReader _pages;
    private readonly ParquetReaderLimits _limits;
    private readonly byte _maxDefinitionLevel;
    private readonly bool _isRepeated;
    private readonly VectorKind _kind;
    private readonly bool _isPartial;
    private readonly IReadOnlyList<long>? _pageRowCounts;
    private readonly Dictionary<ParquetEncoding, ValueDecoder> _decoders = [];
    private readonly byte[] _repetitionAhead;
    private readonly byte[] _definitionAhead;
    private readonly NestingCheck? _nesting;
    private DataPage _page;
    private ValueDecoder? _decoder;
    private int _pagesRead;
    private int _aheadNext;
    private int _aheadEnd;
    private int _pageLeft;
    private long _chunkLeft;
    private long _rowsLeft;
    private bool _isStarted;
    private int _wanted;
    private int _done;
    private bool _isReading;

    public ColumnChunkReader(ChunkPart part, PageReader pages, ParquetReaderLimits limits)
    {
        LeafColumn column = part.Column;
        _column = column;
        _pages = pages;
        _limits = limits;
        _maxDefinitionLevel = checked((byte)column.MaxDefinitionLevel);
        _isRepeated = column.MaxRepetitionLevel > 0;
        _kind = column.VectorKind;
        _isPartial = part.IsPartial;
        _pageRowCounts = part.PageRowCounts;
        _chunkLeft = _pageRowCounts is null || _isRepeated ? part.Chunk.NumValues : _pageRowCounts.Sum();
        _rowsLeft = part.Rows.End - part.FirstRow;
        _repetitionAhead = _isRepeated ? new byte[LookAhead] : [];
        _definitionAhead = _isRepeated ? new byte[LookAhead] : [];
        _nesting = _isRepeated ? new NestingCheck(column) : null;
    }

    public LeafColumn Column => _column;

    /// <summary>Where in the file the page lies that is being read, for messages.</summary>
    public long PageOffset => _pages.PageOffset;

    /// <summary>The number of that page in its column chunk; null before the first.</summary>
    public int? PageNumber => _pages.PageNumber;

    public long HeldBytes => _pages.HeldBytes + _repetitionAhead.Length + _definitionAhead.Length;

    /// <summary>Begins to append the next rows, at most so many; fewer only at the end of the row group.</summary>
    /// <returns>Rows that will be appended.</returns>
    public int Begin(ColumnVector destination, int maxRows)
    {
        if (destination.Kind != _kind)
        {
            throw new ArgumentException($"Column '{_column.DottedPath}' needs a vector of {_kind}, not {destination.Kind}.", nameof(destination));
        }

        _wanted = (int)Math.Min(maxRows, _rowsLeft);
        _done = 0;
        _isReading = _wanted > 0;
        return _wanted;
    }

    /// <summary>Goes on as far as the pages in memory reach; false if that is not to the end of what was begun.</summary>
    public bool TryContinue(ColumnVector destination)
    {
        if (_wanted == 0)
        {
            return true;
        }

        if (_isReading)
        {
            if (!(_isRepeated ? TryReadRepeated(destination) : TryReadFlat(destination)))
            {
                return false;
            }

            _isReading = false;
            _rowsLeft -= _wanted;
        }

        return _rowsLeft > 0 || _isPartial || TryCheckEnd();
    }

    /// <summary>Brings the next page into memory.</summary>
    public ValueTask PrepareAsync(CancellationToken cancellationToken) => _pages.PrepareAsync(cancellationToken);

    /// <summary>Begins to fetch what comes behind the pages in memory, where that takes a round trip.</summary>
    public void ReadOn() => _pages.ReadOn();

    /// <summary>Notes in the column's memory what its dictionary and its first page need.</summary>
    public ValueTask MeasureAsync(CancellationToken cancellationToken) => _pages.MeasureAsync(cancellationToken);

    public void Dispose() => _pages.Dispose();

    private bool TryReadFlat(ColumnVector destination)
    {
        while (_done < _wanted)
        {
            if (_pageLeft == 0)
            {
                if (!TryNextPage())
                {
                    return false;
                }

                continue;
            }

            int count = Math.Min(_pageLeft, _wanted - _done);
            ReadFlat(destination, count);
            _pageLeft -= count;
            _done += count;
        }

        return true;
    }

    private void ReadFlat(ColumnVector destination, int count)
    {
        CheckRoom(destination, count);
        int valueCount = count;
        if (_maxDefinitionLevel > 0)
        {
            destination.EnsureLevels(count, definition: true, repetition: false);
            Span<byte> levels = destination.DefinitionLevels.AsSpan(destination.LevelCount, count);
            _page.DefinitionLevels.Read(levels);
            valueCount = levels.Count(_maxDefinitionLevel);
        }

        DecodeValues(destination, valueCount);
        destination.LevelCount += count;
    }

    /// <summary>A row ends where the next repetition level is 0, or with the chunk; it may go on over pages.</summary>
    private bool TryReadRepeated(ColumnVector destination)
    {
        while (true)
        {
            if (_aheadNext == _aheadEnd)
            {
                if (_pageLeft == 0)
                {
                    if (_chunkLeft == 0)
                    {
                        break;
                    }

                    if (!TryNextPage())
                    {
                        return false;
                    }

                    continue;
                }

                FillAhead();
            }

            int available = _aheadEnd - _aheadNext;
            int count = TakeRows(_repetitionAhead.AsSpan(_aheadNext, available), _wanted, ref _done);
            AppendAhead(destination, count);
            if (count < available)
            {
                return true;
            }
        }

        if (_done < _wanted)
        {
            throw new ParquetFormatException($"The column chunk's values end with {_rowsLeft - _done:N0} rows of the row group missing.");
        }

        return true;
    }

    /// <summary>Entries that belong to the first <paramref name="rowCount"/> rows of this read, of which <paramref name="rows"/> have begun.</summary>
    private static int TakeRows(ReadOnlySpan<byte> repetitionLevels, int rowCount, ref int rows)
    {
        int starts = repetitionLevels.Count((byte)0);
        if (starts <= rowCount - rows)
        {
            rows += starts;
            return repetitionLevels.Length;
        }

        for (int i = 0; ; i++)
        {
            if (repetitionLevels[i] == 0 && rows++ == rowCount)
            {
                rows = rowCount;
                return i;
            }
        }
    }

    private void FillAhead()
    {
        int count = Math.Min(LookAhead, _pageLeft);
        _page.RepetitionLevels.Read(_repetitionAhead.AsSpan(0, count));
        _page.DefinitionLevels.Read(_definitionAhead.AsSpan(0, count));
        if (!_isStarted && _repetitionAhead[0] != 0)
        {
            throw new ParquetFormatException($"The first repetition level of the column chunk is {_repetitionAhead[0]}; a row begins with 0.");
        }

        _isStarted = true;
        _nesting!.Check(_repetitionAhead.AsSpan(0, count), _definitionAhead.AsSpan(0, count));
        _pageLeft -= count;
        _aheadNext = 0;
        _aheadEnd = count;
    }

    private void AppendAhead(ColumnVector destination, int count)
    {
        CheckRoom(destination, count);
        destination.EnsureLevels(count, definition: true, repetition: true);
        Span<byte> definitionLevels = _definitionAhead.AsSpan(_aheadNext, count);
        _repetitionAhead.AsSpan(_aheadNext, count).CopyTo(destination.RepetitionLevels.AsSpan(destination.LevelCount));
        definitionLevels.CopyTo(destination.DefinitionLevels.AsSpan(destination.LevelCount));
        DecodeValues(destination, definitionLevels.Count(_maxDefinitionLevel));
        destination.LevelCount += count;
        _aheadNext += count;
    }

    private void DecodeValues(ColumnVector destination, int count)
    {
        if (count == 0)
        {
            return;
        }

        if (_decoder is null)
        {
            // Not before a value is wanted: a page of nulls only may name any encoding and hold nothing.
            _decoder = DecoderFor(_page.Encoding);
            ResetDecoder(_decoder);
        }

        if (destination.Dictionary is not null && _decoder is not DictionaryDecoder)
        {
            // Writers give up their dictionary in the middle of a chunk.
            DictionaryValues.Spread(destination);
        }

        _decoder.Decode(destination, count);
    }

    private unsafe void ResetDecoder(ValueDecoder decoder) => decoder.Reset(_page.Values, _page.ValuesLength, _page.LevelCount);

    private ValueDecoder DecoderFor(ParquetEncoding encoding)
    {
        if (!_decoders.TryGetValue(encoding, out ValueDecoder? decoder))
        {
            decoder = ValueDecoders.Create(_column, encoding, _pages.Dictionary, _limits);
            _decoders.Add(encoding, decoder);
        }

        return decoder;
    }

    private bool TryNextPage()
    {
        switch (_pages.ReadNext(out _page))
        {
            case PageStep.NotReady:
                return false;
            case PageStep.End when _isRepeated && _pageRowCounts is not null:
                _chunkLeft = 0; // The pages of a range of rows end with a row.
                return true;
            case PageStep.End:
                throw new ParquetFormatException($"The column chunk's bytes end with {_chunkLeft:N0} of its values missing.");
        }

        if (_page.LevelCount > _chunkLeft)
        {
            throw new ParquetFormatException($"A page claims {_page.LevelCount:N0} values, but its column chunk has {_chunkLeft:N0} left.");
        }

        if (!_isRepeated && _pageRowCounts is { } rowCounts && _page.LevelCount != rowCounts[_pagesRead])
        {
            throw new ParquetFormatException($"A page has {_page.LevelCount:N0} rows, but the offset index says {rowCounts[_pagesRead]:N0}.");
        }

        _pagesRead++;
        _decoder = null;
        _pageLeft = _page.LevelCount;
        _chunkLeft -= _page.LevelCount;
        return true;
    }

    /// <summary>After the last row nothing may be left: no entries, and no page with values. False if a page is left that is not in memory.</summary>
    private bool TryCheckEnd()
    {
        long left = _chunkLeft + _pageLeft + (_aheadEnd - _aheadNext);
        if (left != 0)
        {
            throw new ParquetFormatException($"The column chunk has {left:N0} or more values behind the last row of its row group.");
        }

        PageStep step;
        while ((step = _pages.ReadNext(out DataPage page)) == PageStep.Page)
        {
            if (page.LevelCount != 0)
            {
                throw new ParquetFormatException($"A page of {page.LevelCount:N0} values lies behind the last value of its column chunk.");
            }
        }

        return step == PageStep.End;
    }

    private void CheckRoom(ColumnVector destination, int count)
    {
        long entryBytes = _kind == VectorKind.Int64 ? 10 : 6;
        if ((destination.LevelCount + (long)count) * entryBytes > _limits.MaxReadBytes)
        {
            ThrowTooMuch(destination.LevelCount + (long)count);
        }
    }

    [DoesNotReturn]
    private void ThrowTooMuch(long entries) =>
        throw ParquetFormatException.AboveLimit(
            $"One read of this column would give {entries:N0} entries or more, which takes more than the limit of {_limits.MaxReadBytes:N0} bytes.", nameof(ParquetReaderLimits.MaxReadBytes));
}
