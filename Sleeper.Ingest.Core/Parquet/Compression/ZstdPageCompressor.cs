using Sleeper.Ingest.Core.Parquet.Metadata;

namespace Sleeper.Ingest.Core.Parquet.Compression;

/// <summary>ZSTD pages for the writer. One native context, used again for every page.</summary>
internal sealed unsafe class ZstdPageCompressor : IPageCompressor
{
    /// <summary>Level 1: level 3 costs twice the time here and is no smaller.</summary>
    public const int DefaultLevel = 1;

    private readonly ZstdLibrary.Functions _functions = ZstdLibrary.Get();
    private readonly int _level;
    private nint _context;

    /// <param name="level">zstd's levels, negative ones too.</param>
    public ZstdPageCompressor(int level = DefaultLevel)
    {
        int min = _functions.MinLevel();
        int max = _functions.MaxLevel();
        if (level < min || level > max)
        {
            throw new ArgumentOutOfRangeException(nameof(level), level, $"Zstandard levels go from {min} to {max}.");
        }

        _level = level;
        _context = _functions.CreateCompressionContext();
        if (_context == 0)
        {
            throw new IngestException("libzstd could not make a compression context: the process is out of memory.");
        }
    }

    ~ZstdPageCompressor() => Free();

    public CompressionCodec Codec => CompressionCodec.Zstd;

    public int MaxCompressedLength(int sourceLength) => checked((int)_functions.CompressBound((nuint)sourceLength));

    public int Compress(ReadOnlySpan<byte> source, Span<byte> destination)
    {
        ObjectDisposedException.ThrowIf(_context == 0, this);
        fixed (byte* input = source)
        fixed (byte* output = destination)
        {
            nuint written = _functions.Compress(_context, output, (nuint)destination.Length, input, (nuint)source.Length, _level);
            if (_functions.IsError(written) != 0)
            {
                throw new InvalidOperationException(
                    $"libzstd could not write {source.Length:N0} bytes into {destination.Length:N0}: {ZstdLibrary.ErrorName(_functions, written)}.");
            }

            GC.KeepAlive(this);
            return (int)written;
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
            _ = _functions.FreeCompressionContext(context);
        }
    }
}
