namespace Sleeper.Ingest.Core.Parquet;

/// <summary>A Parquet file, or a part of one, is not what the format says: damaged, cut short, or using what this library cannot read.</summary>
/// <remarks>The message says what, and at which byte offset.</remarks>
internal sealed class ParquetFormatException : IngestException
{
    public ParquetFormatException(string message, Exception? innerException = null)
        : base(message, innerException)
    {
    }
}
