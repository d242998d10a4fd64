using Sleeper.Ingest.Core.Parquet.Metadata;

namespace Sleeper.Ingest.Core.Parquet.Pages;

/// <summary>What a data page of either version comes down to, uncompressed. Its memory is valid until the next page is read.</summary>
internal unsafe struct DataPage
{
    /// <summary>Entries: values, nulls and empty lists.</summary>
    public int LevelCount;

    public ParquetEncoding Encoding;

    public LevelReader RepetitionLevels;

    public LevelReader DefinitionLevels;

    public byte* Values;

    /// <summary>Bytes of <see cref="Values"/>.</summary>
    public int ValuesLength;
}
