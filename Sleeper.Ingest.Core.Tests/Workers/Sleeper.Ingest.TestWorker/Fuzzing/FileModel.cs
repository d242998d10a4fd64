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

    private FileModel(ThriftNode footer, List<ChunkModel> chunks)
    {
        Footer = footer;
        Chunks = chunks;
    }

    public ThriftNode Footer { get; }

    public List<ChunkModel> Chunks { get; }

    /// <summary>Takes a good file apart.</summary>
    public static FileModel Parse(byte[] file)
    {
        int footerLength = BinaryPrimitives.ReadInt32LittleEndian(file.AsSpan(file.Length - TrailerLength));
        int footerOffset = file.Length - TrailerLength - footerLength;
        ReadOnlySpan<byte> footer = file.AsSpan(footerOffset, footerLength);

        // Left out: damage would not get past it.
        int sealLength = FooterSeal.Check(file.AsSpan(0, footerOffset), footer) ? FooterSeal.Length : 0;
        var reader = new ThriftCompactReader(footer);
        FileMetadata metadata = FileMetadata.Read(ref reader, ParquetReaderLimits.Default);
        var ranges = metadata.RowGroups.SelectMany((group, number) => group.Columns.Select((column, place) => (number, place, column.Metadata!, Range: ChunkRange.Of(column.Metadata!))))
            .OrderBy(chunk => chunk.Range.Offset).ToList();
        var chunks = new List<ChunkModel>();
        for (int i = 0; i < ranges.Count; i++)
        {
            (int group, int column, ColumnMetadata chunk, ChunkRange range) = ranges[i];
            int end = (int)range.End;
            int next = i + 1 < ranges.Count ? (int)ranges[i + 1].Range.Offset : footerOffset - sealLength;
            List<PageModel> pages = ReadPages(file.AsSpan((int)range.Offset, (int)range.Length));
            chunks.Add(new ChunkModel(group, column, chunk.Codec, range.Offset != chunk.DataPageOffset, pages, file[end..next], end));
        }

        return new FileModel(ThriftNode.Parse(footer, out _), chunks);
    }

    /// <summary>A model that shares its chunks with this one, until <see cref="OwnChunk"/>.</summary>
    public FileModel Copy() => new(Footer.Copy(), [.. Chunks]);

    /// <summary>A chunk that may be changed.</summary>
    public ChunkModel OwnChunk(int number) => Chunks[number] = Chunks[number].Copy();

    /// <summary>The file.</summary>
    /// <param name="fixFooter">True to set the offsets and sizes of the footer to those of the pages.</param>
    /// <param name="isSealed">True for a seal that fits the footer; column indexes then need their checksums.</param>
    public byte[] Write(bool fixFooter, bool isSealed = false)
    {
        var file = new List<byte>(4096);
        file.AddRange("PAR1"u8);
        foreach (ChunkModel chunk in Chunks)
        {
            WriteChunk(file, chunk, fixFooter);
            if (fixFooter && chunk.Behind.Length > 0)
            {
                MoveIndexes(chunk, file.Count - chunk.BehindOffset);
            }

            file.AddRange(chunk.Behind);
        }

        var footer = new List<byte>(2048);
        Footer.Write(footer);
        if (isSealed)
        {
            file.AddRange("seal-crc"u8);
            file.AddRange(BitConverter.GetBytes(Core.Buffers.Crc32.Compute(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(footer))));
        }

        file.AddRange(footer);
        file.AddRange(BitConverter.GetBytes(footer.Count));
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

    /// <summary>Sets the offsets of what lies behind a chunk: indexes of columns, and Bloom filters.</summary>
    private void MoveIndexes(ChunkModel chunk, long distance)
    {
        foreach (ThriftNode column in Footer.Member(4)?.Children.SelectMany(group => group.Member(1)?.Children ?? []) ?? [])
        {
            Move(column, 4, chunk, distance);
            Move(column, 6, chunk, distance);
            Move(column.Member(3), 14, chunk, distance);
        }
    }

    private static void Move(ThriftNode? owner, short id, ChunkModel chunk, long distance)
    {
        if (owner?.Member(id) is { } offset && offset.Number >= chunk.BehindOffset && offset.Number < chunk.BehindOffset + chunk.Behind.Length)
        {
            owner.SetNumber(id, offset.Number + distance);
        }
    }
}
