namespace Sleeper.Ingest.Core.Parquet;

/// <summary>Which data pages and default encodings a writer uses.</summary>
internal enum WriterVersion
{
    /// <summary>Data pages of version 1; PLAIN, or PLAIN_DICTIONARY.</summary>
    V1,

    /// <summary>Data pages of version 2; delta encodings, or RLE_DICTIONARY.</summary>
    V2,
}
