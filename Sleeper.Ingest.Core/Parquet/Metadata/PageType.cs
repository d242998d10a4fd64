namespace Sleeper.Ingest.Core.Parquet.Metadata;

/// <summary>Kinds of pages, with the format's numbers.</summary>
internal enum PageType
{
    DataPage = 0,
    IndexPage = 1,
    DictionaryPage = 2,
    DataPageV2 = 3,
}
