using System.Buffers.Binary;
using Sleeper.Ingest.Core.Parquet;
using Sleeper.Ingest.Core.Parquet.Compression;
using Sleeper.Ingest.Core.Parquet.Metadata;

namespace Sleeper.Ingest.Core.Tests.Parquet.Compression;

public class PageCompressionTests
{
    public static TheoryData<string> WrittenCodecs => ["Uncompressed", "Snappy", "Gzip", "Brotli", "Zstd", "Lz4Raw"];

    [Theory]
    [MemberData(nameof(WrittenCodecs))]
    public void What_was_compressed_comes_back(string codecName)
    {
        CompressionCodec codec = Available(codecName);
        using IPageCompressor compressor = PageCompression.Create(codec);
        using IPageDecompressor decompressor = PageCompression.CreateDecompressor(codec);
        Assert.Equal(codec, compressor.Codec);
        Assert.Equal(codec, decompressor.Codec);
        foreach ((string name, byte[] bytes) in CompressionSamples.All())
        {
            byte[] compressed = Compress(compressor, bytes);
            byte[] back = new byte[bytes.Length];
            decompressor.Decompress(compressed, back);
            Assert.True(bytes.AsSpan().SequenceEqual(back), $"{codec}: '{name}' came back changed.");
        }
    }

    [Theory]
    [MemberData(nameof(WrittenCodecs))]
    public void A_wrong_claimed_length_is_refused(string codecName)
    {
        CompressionCodec codec = Available(codecName);
        using IPageCompressor compressor = PageCompression.Create(codec);
        using IPageDecompressor decompressor = PageCompression.CreateDecompressor(codec);
        byte[] bytes = CompressionSamples.Letters(5000, seed: 5);
        byte[] compressed = Compress(compressor, bytes);
        foreach (int claimed in (int[])[0, 1, 4999, 5001, 100_000])
        {
            Assert.Throws<ParquetFormatException>(() => decompressor.Decompress(compressed, new byte[claimed]));
        }
    }

    [Theory]
    [MemberData(nameof(WrittenCodecs))]
    public void A_block_cut_short_is_refused_at_every_length(string codecName)
    {
        CompressionCodec codec = Available(codecName);
        using IPageCompressor compressor = PageCompression.Create(codec);
        using IPageDecompressor decompressor = PageCompression.CreateDecompressor(codec);
        byte[] bytes = CompressionSamples.Repeats(3000, seed: 9);
        byte[] compressed = Compress(compressor, bytes);

        // A gzip stream without its trailer (8 bytes) and end mark still gives all its bytes, and the base library does not ask for these.
        int last = codec == CompressionCodec.Gzip ? compressed.Length - 12 : compressed.Length - 1;
        for (int length = 0; length <= last; length++)
        {
            byte[] back = new byte[bytes.Length];
            Assert.Throws<ParquetFormatException>(() => decompressor.Decompress(compressed.AsSpan(0, length), back));
        }
    }

    [Theory]
    [InlineData("Snappy")]
    [InlineData("Lz4Raw")]
    [InlineData("Lz4")]
    [InlineData("Zstd")]
    [InlineData("Gzip")]
    [InlineData("Brotli")]
    public void Damaged_bytes_give_an_error_or_bytes_inside_the_destination(string codecName)
    {
        CompressionCodec codec = Available(codecName);
        using IPageCompressor compressor = PageCompression.Create(codec == CompressionCodec.Lz4 ? CompressionCodec.Lz4Raw : codec);
        using IPageDecompressor decompressor = PageCompression.CreateDecompressor(codec);
        byte[] bytes = CompressionSamples.Repeats(2000, seed: 21);
        byte[] compressed = Compress(compressor, bytes);
        var random = new Random(77);
        byte[] guarded = new byte[bytes.Length + 128];
        for (int run = 0; run < 4000; run++)
        {
            byte[] damaged = (byte[])compressed.Clone();
            for (int i = random.Next(1, 4); i > 0; i--)
            {
                damaged[random.Next(damaged.Length)] = (byte)random.Next(256);
            }

            guarded.AsSpan().Fill(0xA5);
            try
            {
                decompressor.Decompress(damaged, guarded.AsSpan(64, bytes.Length));
            }
            catch (ParquetFormatException)
            {
            }

            Assert.True(guarded.AsSpan(0, 64).IndexOfAnyExcept((byte)0xA5) < 0, $"run {run} wrote before its buffer");
            Assert.True(guarded.AsSpan(64 + bytes.Length).IndexOfAnyExcept((byte)0xA5) < 0, $"run {run} wrote after its buffer");
        }
    }

    [Fact]
    public void Random_bytes_are_no_snappy_and_no_lz4_block()
    {
        byte[] back = new byte[300];
        for (int seed = 0; seed < 3000; seed++)
        {
            byte[] noise = CompressionSamples.RandomBytes(seed % 200, seed);
            Assert.ThrowsAny<ParquetFormatException>(() => SnappyDecoder.Decode(noise, back));
            try
            {
                Lz4Decoder.Decode(noise, back);
            }
            catch (ParquetFormatException)
            {
            }
        }
    }

    [Fact]
    public void Snappy_reads_every_kind_of_element()
    {
        // "abcd", copy of 4 at distance 4 in each of the three forms, then a literal with a length in 1, 2, 3 and 4 bytes.
        byte[] block = [24, 3 << 2, .. "abcd"u8, 0x01, 4, (3 << 2) | 2, 4, 0, (3 << 2) | 3, 4, 0, 0, 0,
            60 << 2, 1, .. "xy"u8, 61 << 2, 1, 0, .. "xy"u8, 62 << 2, 1, 0, 0, .. "xy"u8, 63 << 2, 1, 0, 0, 0, .. "xy"u8];
        byte[] back = new byte[24];

        SnappyDecoder.Decode(block, back);

        Assert.Equal("abcdabcdabcdabcdxyxyxyxy"u8, back);
    }

    [Fact]
    public void Legacy_lz4_reads_frames_of_several_blocks_and_bare_blocks()
    {
        byte[] bytes = CompressionSamples.Repeats(5000, seed: 3);
        using IPageCompressor raw = PageCompression.Create(CompressionCodec.Lz4Raw);
        var framed = new List<byte>();
        foreach ((int start, int middle, int end) in ((int, int, int)[])[(0, 1000, 3000), (3000, 3001, 5000)])
        {
            framed.AddRange(BigEndian(end - start));
            foreach (byte[] block in (byte[][])[Compress(raw, bytes[start..middle]), Compress(raw, bytes[middle..end])])
            {
                framed.AddRange(BigEndian(block.Length));
                framed.AddRange(block);
            }
        }

        using IPageDecompressor legacy = PageCompression.CreateDecompressor(CompressionCodec.Lz4);
        byte[] back = new byte[bytes.Length];
        legacy.Decompress(framed.ToArray(), back);
        Assert.Equal(bytes, back);

        back.AsSpan().Clear();
        legacy.Decompress(Compress(raw, bytes), back);
        Assert.Equal(bytes, back);
    }

    [Fact]
    public void Gzip_reads_members_one_after_the_other()
    {
        using IPageCompressor gzip = PageCompression.Create(CompressionCodec.Gzip, 1);
        using IPageDecompressor decompressor = PageCompression.CreateDecompressor(CompressionCodec.Gzip);
        byte[] bytes = CompressionSamples.Letters(9000, seed: 4);
        byte[] compressed = [.. Compress(gzip, bytes[..4000]), .. Compress(gzip, bytes[4000..])];
        byte[] back = new byte[bytes.Length];

        decompressor.Decompress(compressed, back);

        Assert.Equal(bytes, back);
    }

    [Fact]
    public void Repeats_become_small()
    {
        byte[] bytes = new byte[100_000];
        foreach (string codecName in (string[])["Snappy", "Lz4Raw", "Zstd", "Gzip", "Brotli"])
        {
            using IPageCompressor compressor = PageCompression.Create(Available(codecName));
            Assert.InRange(Compress(compressor, bytes).Length, 1, 5000);
        }
    }

    [Fact]
    public void Codecs_that_are_not_written_say_so()
    {
        Assert.Contains("lz4_raw", Assert.Throws<ArgumentException>(() => PageCompression.Create(CompressionCodec.Lz4)).Message, StringComparison.Ordinal);
        Assert.Contains("Lzo", Assert.Throws<ArgumentException>(() => PageCompression.Create(CompressionCodec.Lzo)).Message, StringComparison.Ordinal);
        Assert.Contains("Lzo", Assert.Throws<ParquetFormatException>(() => PageCompression.CreateDecompressor(CompressionCodec.Lzo)).Message, StringComparison.Ordinal);
        Assert.False(PageCompression.IsAvailable(CompressionCodec.Lz4));
        Assert.Throws<ArgumentOutOfRangeException>(() => PageCompression.Create(CompressionCodec.Gzip, 10));
        Assert.Throws<ArgumentOutOfRangeException>(() => PageCompression.Create(CompressionCodec.Brotli, -1));
    }

    [Fact]
    public void A_disposed_zstd_context_is_not_used()
    {
        IPageCompressor compressor = PageCompression.Create(Available("Zstd"), 3);
        compressor.Dispose();
        compressor.Dispose();
        Assert.Throws<ObjectDisposedException>(() => compressor.Compress(new byte[10], new byte[100]));
    }

    private static CompressionCodec Available(string name)
    {
        CompressionCodec codec = Enum.Parse<CompressionCodec>(name);
        if (codec == CompressionCodec.Zstd && !PageCompression.IsAvailable(codec))
        {
            Assert.Skip("libzstd is not installed here.");
        }

        return codec;
    }

    private static byte[] Compress(IPageCompressor compressor, byte[] bytes)
    {
        byte[] room = new byte[compressor.MaxCompressedLength(bytes.Length)];
        return room[..compressor.Compress(bytes, room)];
    }

    private static byte[] BigEndian(int value)
    {
        byte[] bytes = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(bytes, value);
        return bytes;
    }
}
