using System.Text;
using BenchmarkDotNet.Attributes;
using Sleeper.Ingest.Benchmarks.Jobs;
using Sleeper.Ingest.Core.Parquet.Compression;
using Sleeper.Ingest.Core.Parquet.Metadata;

namespace Sleeper.Ingest.Benchmarks.Parquet.Compression;

/// <summary>What does each codec cost for a page of 128 KiB of random letters, which is what the string pages of S128 hold?</summary>
[MemoryDiagnoser]
public class PageCompressorBenchmarks
{
    private const int PageBytes = 128 * 1024;

    private byte[] _page = [];
    private byte[] _compressed = [];
    private byte[] _restored = [];
    private int _compressedLength;
    private IPageCompressor _compressor = null!;
    private IPageDecompressor _decompressor = null!;

    /// <summary>The codec by its name in the format; the type itself is internal.</summary>
    [Params("Uncompressed", "Zstd", "Snappy", "Lz4Raw", "Gzip")]
    public string Codec { get; set; } = "Zstd";

    [GlobalSetup]
    public void Setup()
    {
        var codec = Enum.Parse<CompressionCodec>(Codec);
        _page = Encoding.ASCII.GetBytes(string.Concat(S128Row.Generate(PageBytes / 10).Select(row => row.Key)));
        _compressor = PageCompression.Create(codec);
        _decompressor = PageCompression.CreateDecompressor(codec);
        _compressed = new byte[_compressor.MaxCompressedLength(_page.Length)];
        _restored = new byte[_page.Length];
        _compressedLength = _compressor.Compress(_page, _compressed);
    }

    [GlobalCleanup]
    public void Cleanup()
    {
        _compressor.Dispose();
        _decompressor.Dispose();
    }

    [Benchmark(Baseline = true)]
    public int Compress() => _compressor.Compress(_page, _compressed);

    [Benchmark]
    public byte Decompress()
    {
        _decompressor.Decompress(_compressed.AsSpan(0, _compressedLength), _restored);
        return _restored[0];
    }
}
