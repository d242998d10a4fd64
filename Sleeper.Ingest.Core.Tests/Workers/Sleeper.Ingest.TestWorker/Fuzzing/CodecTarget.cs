using System.Buffers.Binary;
using Sleeper.Ingest.Core.Parquet.Compression;
using Sleeper.Ingest.Core.Parquet.Metadata;

namespace Sleeper.Ingest.TestWorker.Fuzzing;

/// <summary>Decompressors between two guarded ends; those that are our own against plain ones.</summary>
/// <remarks>Input: number of the codec, i32 LE length of the content, compressed bytes.</remarks>
internal sealed unsafe class CodecTarget(string name, CompressionCodec[] codecs) : SeededTarget
{
    private const int HeadLength = 5;
    private const int MaxLength = 1 << 15;

    private readonly GuardedMemory _source = new(1 << 16);
    private readonly GuardedMemory _destination = new(MaxLength);
    private readonly IPageDecompressor[] _decompressors = [.. codecs.Select(PageCompression.CreateDecompressor)];

    public override string Name => name;

    /// <summary>The buffers of the base library's streams.</summary>
    public override long FreeBytes => 128 << 10;

    public override void Run(byte[] input, FuzzWork work)
    {
        if (input.Length < HeadLength)
        {
            return;
        }

        int number = input[0] % codecs.Length;
        int length = BinaryPrimitives.ReadInt32LittleEndian(input.AsSpan(1)) & (MaxLength - 1);
        ReadOnlySpan<byte> source = input.AsSpan(HeadLength);
        work.DeliveredBytes = length;
        byte[]? expected = Expected(codecs[number], source, length);
        var destination = new Span<byte>(_destination.Take(length), length);
        try
        {
            _decompressors[number].Decompress(new ReadOnlySpan<byte>(_source.Put(source), source.Length), destination);
        }
        catch (Core.ParquetFormatException)
        {
            if (expected is not null)
            {
                throw new FuzzFailure("A good block was refused.");
            }

            throw;
        }

        // What was not written would be what lay there before.
        byte[] content = destination.ToArray();
        destination.Fill(0xA5);
        _decompressors[number].Decompress(new ReadOnlySpan<byte>(_source.Put(source), source.Length), destination);
        if (!destination.SequenceEqual(content))
        {
            throw new FuzzFailure("The content is not the same each time.");
        }

        if (HasReference(codecs[number]) && (expected is null || !destination.SequenceEqual(expected)))
        {
            throw new FuzzFailure(expected is null ? "A bad block was taken." : "The content is not what it should be.");
        }
    }

    protected override IEnumerable<byte[]> MakeSeeds()
    {
        for (int i = 0; i < codecs.Length; i++)
        {
            for (int seed = 0; seed < 20; seed++)
            {
                byte[] content = MakeContent(new Random(seed), seed);
                yield return [(byte)i, .. BitConverter.GetBytes(content.Length), .. Compress(codecs[i], content)];
            }
        }
    }

    private static bool HasReference(CompressionCodec codec) => codec is CompressionCodec.Snappy or CompressionCodec.Lz4Raw;

    private static byte[]? Expected(CompressionCodec codec, ReadOnlySpan<byte> source, int length) => codec switch
    {
        CompressionCodec.Snappy => ReferenceCodecs.Snappy(source, length),
        CompressionCodec.Lz4Raw => ReferenceCodecs.Lz4(source, length),
        _ => null,
    };

    private static byte[] MakeContent(Random random, int seed)
    {
        byte[] content = new byte[random.Next(seed % 4 == 0 ? 8 : 900)];
        if (seed % 4 == 1)
        {
            random.NextBytes(content); // One long literal.
            return content;
        }

        for (int i = 0; i < content.Length; i++)
        {
            // Repeats at all distances, and stretches that repeat nothing.
            content[i] = i > 0 && random.Next(10) > 0 ? content[random.Next(Math.Max(0, i - 1 - random.Next(40)), i)] : (byte)random.Next(256);
        }

        return content;
    }

    private static byte[] Compress(CompressionCodec codec, byte[] content)
    {
        if (codec == CompressionCodec.Lz4)
        {
            byte[] block = Compress(CompressionCodec.Lz4Raw, content);
            byte[] framed = new byte[8 + block.Length];
            BinaryPrimitives.WriteInt32BigEndian(framed, content.Length);
            BinaryPrimitives.WriteInt32BigEndian(framed.AsSpan(4), block.Length);
            block.CopyTo(framed, 8);
            return framed;
        }

        using IPageCompressor compressor = PageCompression.Create(codec);
        byte[] output = new byte[compressor.MaxCompressedLength(content.Length)];
        return output[..compressor.Compress(content, output)];
    }
}
