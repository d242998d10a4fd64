using Sleeper.Ingest.Core.Parquet.Metadata;

namespace Sleeper.Ingest.Core.Parquet.Compression;

/// <summary>ZSTD pages for the reader; several frames one after the other are one page. One native context, used again for every page.</summary>
internal sealed unsafe class ZstdPageDecompressor : IPageDecompressor
{
    private readonly ZstdLibrary.Functions _functions = ZstdLibrary.Get();
    private nint _context;

    public ZstdPageDecompressor()
    {
        _context = _functions.CreateDecompressionContext();
        if (_context == 0)
        {
            throw new IngestException("libzstd could not make a decompression context: the process is out of memory.");
        }
    }

    ~ZstdPageDecompressor() => Free();

    public CompressionCodec Codec => CompressionCodec.Zstd;

    public void Decompress(ReadOnlySpan<byte> source, Span<byte> destination)
    {
        ObjectDisposedException.ThrowIf(_context == 0, this);
        fixed (byte* input = source)
        fixed (byte* output = destination)
        {
            nuint written = _functions.Decompress(_context, output, (nuint)destination.Length, input, (nuint)source.Length);
            if (_functions.IsError(written) != 0)
            {
                throw new ParquetFormatException(
                    $"A Zstandard page of {source.Length:N0} bytes, {destination.Length:N0} without compression, is damaged: {ZstdLibrary.ErrorName(_functions, written)}.");
            }

            if (written != (nuint)destination.Length)
            {
                throw new ParquetFormatException(
                    $"A Zstandard page of {source.Length:N0} bytes gave {written:N0} bytes; its page header claims {destination.Length:N0}.");
            }

            GC.KeepAlive(this);
        }
    }

    public void Dispose()
    {
        Free();
        GC.SuppressFinalize(this);
    }

    private void Free()
    {
        nint context = Interlocked.Exchange(ref _context, 0);
        if (context != 0)
        {
            _ = _functions.FreeDecompressionContext(context);
        }
    }
}
