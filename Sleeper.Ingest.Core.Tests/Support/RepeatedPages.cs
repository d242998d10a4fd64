using System.Buffers.Binary;
using Sleeper.Ingest.Core.Buffers;
using Sleeper.Ingest.Core.Parquet;
using Sleeper.Ingest.Core.Parquet.Metadata;
using Sleeper.Ingest.Core.Parquet.Schemas;
using Sleeper.Ingest.Core.Parquet.Thrift;

namespace Sleeper.Ingest.Core.Tests.Support;

/// <summary>
/// A Parquet file of one row group, each of whose column chunks is one page over and over: as large as one likes, made where it is read. With page
/// indexes.
/// </summary>
internal sealed class RepeatedPages : IRandomAccessReader
{
    private readonly byte[][] _pages;
    private readonly long _pageCount;
    private readonly byte[] _end;
    private readonly long _endOffset;
    private long _bytesRead;

    /// <param name="fields">Required fields of one leaf each.</param>
    /// <param name="bodies">The body of each field's page: PLAIN, not compressed.</param>
    /// <param name="pageRows">Rows of each page.</param>
    /// <param name="pageCount">Pages of each column chunk.</param>
    public RepeatedPages(IReadOnlyList<SchemaNode> fields, IReadOnlyList<byte[]> bodies, int pageRows, int pageCount)
    {
        _pageCount = pageCount;
        _pages = [.. bodies.Select(body => MakePage(body, pageRows))];
        _endOffset = 4 + _pages.Sum(page => page.LongLength * pageCount);
        _end = MakeEnd(new ParquetSchema("repeated", fields), pageRows);
        RowCount = (long)pageRows * pageCount;
    }

    public string Name => "repeated.parquet";

    public long Length => _endOffset + _end.Length;

    public long RowCount { get; }

    public long BytesRead => _bytesRead;

    public ValueTask ReadAsync(long offset, Memory<byte> buffer, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        Interlocked.Add(ref _bytesRead, buffer.Length);
        Span<byte> rest = buffer.Span;
        while (!rest.IsEmpty)
        {
            ReadOnlySpan<byte> piece = PieceAt(offset);
            int count = Math.Min(piece.Length, rest.Length);
            piece[..count].CopyTo(rest);
            rest = rest[count..];
            offset += count;
        }

        return ValueTask.CompletedTask;
    }

    /// <summary>Writes the file to a disk.</summary>
    public async Task SaveAsync(string path)
    {
        await using FileStream file = File.Create(path);
        byte[] buffer = new byte[1 << 20];
        for (long at = 0; at < Length; at += buffer.Length)
        {
            Memory<byte> piece = buffer.AsMemory(0, (int)Math.Min(buffer.Length, Length - at));
            await ReadAsync(at, piece, default);
            await file.WriteAsync(piece);
        }
    }

    private ReadOnlySpan<byte> PieceAt(long offset)
    {
        if (offset < 4)
        {
            return "PAR1"u8[(int)offset..];
        }

        if (offset >= _endOffset)
        {
            return _end.AsSpan((int)(offset - _endOffset));
        }

        offset -= 4;
        int column = 0;
        while (offset >= _pages[column].LongLength * _pageCount)
        {
            offset -= _pages[column++].LongLength * _pageCount;
        }

        return _pages[column].AsSpan((int)(offset % _pages[column].Length));
    }

    private static byte[] MakePage(byte[] body, int rows)
    {
        var page = new ByteBuffer();
        var header = new PageHeader
        {
            Type = PageType.DataPage,
            CompressedPageSize = body.Length,
            UncompressedPageSize = body.Length,
            DataPage = new DataPageHeader { NumValues = rows, Encoding = ParquetEncoding.Plain, DefinitionLevelEncoding = ParquetEncoding.Rle, RepetitionLevelEncoding = ParquetEncoding.Rle },
        };
        header.Write(new ThriftCompactWriter(page));
        page.Append(body);
        return page.WrittenSpan.ToArray();
    }

    private byte[] MakeEnd(ParquetSchema schema, int pageRows)
    {
        var end = new ByteBuffer();
        var chunks = new List<ColumnChunkMetadata>();
        long offset = 4;
        foreach (LeafColumn column in schema.Columns)
        {
            byte[] page = _pages[column.Index];
            long length = page.LongLength * _pageCount;
            var index = new OffsetIndex
            {
                PageLocations = [.. Enumerable.Range(0, (int)_pageCount).Select(i => new PageLocation { Offset = offset + ((long)i * page.Length), CompressedPageSize = page.Length, FirstRowIndex = (long)i * pageRows })],
            };
            byte[][] bounds = [.. Enumerable.Repeat(new byte[8], (int)_pageCount)];
            var columnIndex = new ColumnIndex { NullPages = new bool[_pageCount], MinValues = bounds, MaxValues = bounds };
            long indexOffset = _endOffset + end.Length;
            index.Write(new ThriftCompactWriter(end));
            long columnIndexOffset = _endOffset + end.Length;
            columnIndex.Write(new ThriftCompactWriter(end));
            chunks.Add(new ColumnChunkMetadata
            {
                OffsetIndexOffset = indexOffset,
                OffsetIndexLength = (int)(columnIndexOffset - indexOffset),
                ColumnIndexOffset = columnIndexOffset,
                ColumnIndexLength = (int)(_endOffset + end.Length - columnIndexOffset),
                Metadata = new ColumnMetadata
                {
                    Type = column.PhysicalType,
                    Encodings = [ParquetEncoding.Plain],
                    PathInSchema = column.Path,
                    Codec = CompressionCodec.Uncompressed,
                    NumValues = pageRows * _pageCount,
                    TotalUncompressedSize = length,
                    TotalCompressedSize = length,
                    DataPageOffset = offset,
                },
            });
            offset += length;
        }

        int footer = end.Length;
        new FileMetadata
        {
            Version = 1,
            Schema = schema.ToElements(),
            NumRows = pageRows * _pageCount,
            RowGroups = [new RowGroupMetadata { NumRows = pageRows * _pageCount, TotalByteSize = offset, Columns = chunks }],
        }.Write(new ThriftCompactWriter(end));
        Span<byte> length4 = stackalloc byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(length4, end.Length - footer);
        end.Append(length4);
        end.Append("PAR1"u8);
        return end.WrittenSpan.ToArray();
    }
}
