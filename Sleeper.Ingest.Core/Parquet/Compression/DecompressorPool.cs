using System.Collections.Concurrent;
using Sleeper.Ingest.Core.Parquet.Metadata;

namespace Sleeper.Ingest.Core.Parquet.Compression;

/// <summary>Decompressors of one file, lent to the column chunks that are being read. Thread-safe; disposing it frees those that were given back.</summary>
internal sealed class DecompressorPool : IDisposable
{
    private readonly ConcurrentBag<IPageDecompressor> _idle = [];

    public IPageDecompressor Rent(CompressionCodec codec)
    {
        // Files hardly ever mix codecs, so what comes out first nearly always fits.
        if (_idle.TryTake(out IPageDecompressor? decompressor))
        {
            if (decompressor.Codec == codec)
            {
                return decompressor;
            }

            decompressor.Dispose();
        }

        return PageCompression.CreateDecompressor(codec);
    }

    public void Return(IPageDecompressor decompressor) => _idle.Add(decompressor);

    public void Dispose()
    {
        while (_idle.TryTake(out IPageDecompressor? decompressor))
        {
            decompressor.Dispose();
        }
    }
}
