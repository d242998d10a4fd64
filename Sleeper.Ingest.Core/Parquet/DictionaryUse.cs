namespace Sleeper.Ingest.Core.Parquet;

/// <summary>Whether a column may have a dictionary.</summary>
internal enum DictionaryUse
{
    Never,

    /// <summary>Where the first page of the chunk is smaller with one.</summary>
    Try,
}
