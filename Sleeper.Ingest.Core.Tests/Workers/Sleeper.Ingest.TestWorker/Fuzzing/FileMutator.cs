using Sleeper.Ingest.Core.Parquet.Compression;
using Sleeper.Ingest.Core.Parquet.Metadata;

namespace Sleeper.Ingest.TestWorker.Fuzzing;

/// <summary>Damages files where it matters, and mostly makes sizes, offsets and checksums right again, so that the damage gets past them.</summary>
internal sealed class FileMutator
{
    private static readonly byte[][] NoOthers = [[0, 0xFF, 0x80, 1, 0x7F]];

    private readonly Dictionary<CompressionCodec, (IPageCompressor Compressor, IPageDecompressor Decompressor)> _codecs = [];
    private readonly FileModel[] _samples;

    public FileMutator(IEnumerable<byte[]> samples) => _samples = [.. samples.Select(FileModel.Parse)];

    public byte[] Make(FuzzRandom random)
    {
        FileModel model = random.Pick(_samples).Copy();
        int changes = random.OneIn(2) ? 1 : 1 + random.Next(3);
        for (int i = 0; i < changes; i++)
        {
            Change(model, random);
        }

        byte[] file = model.Write(fixFooter: !random.OneIn(6), isSealed: random.OneIn(6));
        if (!random.OneIn(12))
        {
            return file;
        }

        return random.OneIn(4) ? file[..random.Next(file.Length)] : ByteMutator.Mutated(file, NoOthers, random);
    }

    private void Change(FileModel model, FuzzRandom random)
    {
        if (random.OneIn(4))
        {
            ThriftMutator.Mutate(model.Footer, random);
            return;
        }

        ChunkModel chunk = model.OwnChunk(random.Next(model.Chunks.Count));
        if (chunk.Pages.Count == 0)
        {
            return;
        }

        if (chunk.Behind.Length > 0 && random.OneIn(4))
        {
            chunk.Behind = ByteMutator.Mutated(chunk.Behind, NoOthers, random);
            return;
        }

        PageModel page = random.Pick(chunk.Pages);
        switch (random.Next(8))
        {
            case 0 or 1:
                ThriftMutator.Mutate(page.Header, random);
                break;
            case 2:
                page.Body = ByteMutator.Mutated(page.Body, NoOthers, random);
                Fix(page, page.UncompressedLength, random);
                break;
            case 3:
                MovePages(chunk, page, random);
                break;
            case 4:
                Splice(chunk, page, random);
                break;
            default:
                ChangeContent(chunk.Codec, page, random);
                break;
        }
    }

    private static void Fix(PageModel page, int uncompressedLength, FuzzRandom random)
    {
        if (!random.OneIn(10))
        {
            page.FixSizes(uncompressedLength);
        }

        if (!random.OneIn(10))
        {
            page.FixChecksum();
        }
    }

    private static void MovePages(ChunkModel chunk, PageModel page, FuzzRandom random)
    {
        switch (random.Next(3))
        {
            case 0:
                chunk.Pages.Remove(page);
                break;
            case 1:
                chunk.Pages.Insert(random.Next(chunk.Pages.Count + 1), page.Copy());
                break;
            default:
                chunk.Pages.Reverse();
                break;
        }
    }

    /// <summary>A page of another chunk or file in place of this one.</summary>
    private void Splice(ChunkModel chunk, PageModel page, FuzzRandom random)
    {
        ChunkModel other = random.Pick(random.Pick(_samples).Chunks);
        chunk.Pages[chunk.Pages.IndexOf(page)] = random.Pick(other.Pages).Copy();
    }

    /// <summary>Changes levels and values themselves, under the compression.</summary>
    private void ChangeContent(CompressionCodec codec, PageModel page, FuzzRandom random)
    {
        int levels = page.LevelsLength;
        byte[]? content = Decompress(codec, page, levels);
        if (content is null)
        {
            return;
        }

        byte[] head = page.Body[..levels];
        if (levels > 0 && random.OneIn(2))
        {
            head = ByteMutator.Mutated(head, NoOthers, random);
        }
        else
        {
            content = ByteMutator.Mutated(content, NoOthers, random);
        }

        page.Body = [.. head, .. page.IsStored ? content : Compress(codec, content)];
        Fix(page, head.Length + content.Length, random);
    }

    private byte[]? Decompress(CompressionCodec codec, PageModel page, int levels)
    {
        if (page.IsStored || codec == CompressionCodec.Uncompressed)
        {
            return page.Body[levels..];
        }

        int length = page.UncompressedLength - levels;
        if (length is < 0 or > 1 << 16)
        {
            return null;
        }

        byte[] content = new byte[length];
        try
        {
            CodecOf(codec).Decompressor.Decompress(page.Body.AsSpan(levels), content);
            return content;
        }
        catch (Core.ParquetFormatException)
        {
            return null; // Damaged by the change before.
        }
    }

    private byte[] Compress(CompressionCodec codec, byte[] content)
    {
        if (codec == CompressionCodec.Uncompressed)
        {
            return content;
        }

        IPageCompressor compressor = CodecOf(codec).Compressor;
        byte[] output = new byte[compressor.MaxCompressedLength(content.Length)];
        return output[..compressor.Compress(content, output)];
    }

    private (IPageCompressor Compressor, IPageDecompressor Decompressor) CodecOf(CompressionCodec codec)
    {
        if (!_codecs.TryGetValue(codec, out var pair))
        {
            pair = (PageCompression.Create(codec), PageCompression.CreateDecompressor(codec));
            _codecs.Add(codec, pair);
        }

        return pair;
    }
}
