namespace Sleeper.Ingest.Core.Parquet.Metadata;

/// <summary>Units of times and timestamps; the values are the field numbers of the format's union.</summary>
internal enum TimeUnit
{
    Millis = 1,
    Micros = 2,
    Nanos = 3,
}
