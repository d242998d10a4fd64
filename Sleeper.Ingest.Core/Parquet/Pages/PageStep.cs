namespace Sleeper.Ingest.Core.Parquet.Pages;

/// <summary>What came of going to the next data page.</summary>
internal enum PageStep
{
    /// <summary>There it is.</summary>
    Page,

    /// <summary>Bytes must be read or memory be taken before: see <see cref="PageReader.PrepareAsync"/>.</summary>
    NotReady,

    /// <summary>There is none.</summary>
    End,
}
