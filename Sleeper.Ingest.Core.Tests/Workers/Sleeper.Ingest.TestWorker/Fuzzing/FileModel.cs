using System.Buffers.Binary;
using Sleeper.Ingest.Core.Parquet;
using Sleeper.Ingest.Core.Parquet.Metadata;
using Sleeper.Ingest.Core.Parquet.RowGroups;
using Sleeper.Ingest.Core.Parquet.Thrift;

namespace Sleeper.Ingest.TestWorker.Fuzzing;

/// <summary>A file in parts that can be changed and put together again, with the offsets, sizes and checksums that the new parts have.</summary>
internal sealed class FileModel
{
    private const int TrailerLength = 8;

    private readonly byte[] _indexes;
    private readonly int _indexesOffset;

    private FileModel(ThriftNode footer, List<ChunkModel> chunks, byte[] indexes, int indexesOffset)
    {
        Footer = footer;
        Chunks = chunks;
        _indexes = indexes;
        _indexesOffset = indexesOffset;
    }

    public ThriftNode Footer { get; }

    public List<ChunkModel> Chunks { get; }

    /// <summary>Takes a good file apart.</summary>
    public static FileModel Parse(byte[] file)
    {
        int footerLength = BinaryPrimitives.ReadInt32LittleEndian(file.AsSpan(file.Length - TrailerLength));
        int footerOffset = file.Length - TrailerLength - footerLength;
        ReadOnlySpan<byte> footer = file.AsSpan(footerOffset, footerLength);
        var reader = new ThriftCompactReader(footer);
        FileMetadata metadata = FileMetadata.Read(ref reader, ParquetReaderLimits.Default);
        var chunks = new List<ChunkModel>();
        int end = 4;
        for (int group = 0; group < metadata.RowGroups.Count; group++)
        {
            for (int column = 0; column < metadata.RowGroups[group].Columns.Count; column++)
            {
                ColumnMetadata chunk = metadata.RowGroups[group].Columns[column].Metadata!;
                ChunkRange range = ChunkRange.Of(chunk);
                chunks.Add(new ChunkModel(group, column, chunk.Codec, range.Offset != chunk.DataPageOffset, ReadPages(file.AsSpan((int)range.Offset, (int)range.Length))));
                end = Math.Max(end, (int)range.End);
            }
        }

        return new FileModel(ThriftNode.Parse(footer, out _), chunks, file[end..footerOffset], end);
    }

    /// <summary>A model that shares its chunks with this one, until <see cref="OwnChunk"/>.</summary>
    public FileModel Copy() => new(Footer.Copy(), [.. Chunks], _indexes, _indexesOffset);

    /// <summary>A chunk that may be changed.</summary>
    public ChunkModel OwnChunk(int number) => Chunks[number] = Chunks[number].Copy();

    /// <summary>The file.</summary>
    /// <param name="fixFooter">True to set the offsets and sizes of the footer to those of the pages.</param>
    public byte[] Write(bool fixFooter)
    {
        var file = new List<byte>(4096);
        file.AddRange("PAR1"u8);
        foreach (ChunkModel chunk in Chunks)
        {
            WriteChunk(file, chunk, fixFooter);
        }

        int moved = file.Count - _indexesOffset;
        file.AddRange(_indexes);
        if (fixFooter && moved != 0)
        {
            MoveIndexes(moved);
        }

        int footerOffset = file.Count;
        Footer.Write(file);
        int footerLength = file.Count - footerOffset;
        file.AddRange(BitConverter.GetBytes(footerLength));
        file.AddRange("PAR1"u8);
        return [.. file];
    }

    private static List<PageModel> ReadPages(ReadOnlySpan<byte> chunk)
    {
        var pages = new List<PageModel>();
        while (chunk.Length > 0)
        {
            var header = ThriftNode.Parse(chunk, out int length);
            int bodyLength = (int)header.Member(3)!.Number;
            pages.Add(new PageModel(header, chunk.Slice(length, bodyLength).ToArray()));
            chunk = chunk[(length + bodyLength)..];
        }

        return pages;
    }

    private void WriteChunk(List<byte> file, ChunkModel chunk, bool fixFooter)
    {
        int start = file.Count;
        int data = start;
        long uncompressed = 0;
        for (int i = 0; i < chunk.Pages.Count; i++)
        {
            if (i == 1 && chunk.HasDictionary)
            {
                data = file.Count;
            }

            int before = file.Count;
            chunk.Pages[i].Header.Write(file);
            uncompressed += file.Count - before + chunk.Pages[i].UncompressedLength;
            file.AddRange(chunk.Pages[i].Body);
        }

        if (fixFooter && MetadataOf(chunk) is { } metadata)
        {
            metadata.SetNumber(6, uncompressed);
            metadata.SetNumber(7, file.Count - start);
            metadata.SetNumber(9, data);
            metadata.SetNumber(11, start);
        }
    }

    private ThriftNode? MetadataOf(ChunkModel chunk)
    {
        List<ThriftNode>? groups = Footer.Member(4)?.Children;
        List<ThriftNode>? columns = groups is not null && chunk.RowGroup < groups.Count ? groups[chunk.RowGroup].Member(1)?.Children : null;
        return columns is not null && chunk.Column < columns.Count ? columns[chunk.Column].Member(3) : null;
    }

    private void MoveIndexes(int distance)
    {
        foreach (ThriftNode column in Footer.Member(4)?.Children.SelectMany(group => group.Member(1)?.Children ?? []) ?? [])
        {
            Move(column, 4, distance);
            Move(column, 6, distance);
        }
    }

    private static void Move(ThriftNode column, short id, int distance)
    {
        if (column.Member(id) is { } offset)
        {
            column.SetNumber(id, offset.Number + distance);
        }
    }
}
