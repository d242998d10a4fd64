namespace Sleeper.Ingest.Core;

/// <summary>How the pages of data files are compressed.</summary>
public enum DataFileCodec
{
    /// <summary>Zstandard, through the system's libzstd. The default.</summary>
    Zstd,

    /// <summary>Snappy. Needs no native library.</summary>
    Snappy,

    /// <summary>Gzip.</summary>
    Gzip,

    /// <summary>LZ4 in its raw form (<c>LZ4_RAW</c>).</summary>
    Lz4Raw,

    /// <summary>Brotli. The Java readers of a live instance cannot read it.</summary>
    Brotli,

    /// <summary>No compression.</summary>
    None,
}
