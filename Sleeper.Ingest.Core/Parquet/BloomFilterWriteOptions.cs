namespace Sleeper.Ingest.Core.Parquet;

/// <summary>What Bloom filter the chunks of a column get.</summary>
/// <param name="DistinctValues">Distinct values expected in a chunk; null for those that are there.</param>
/// <param name="FalsePositiveProbability">Above 0, below 1: how often the filter may say "maybe" of a value that is not there.</param>
/// <param name="MaxBytes">No filter is larger, whatever its values ask for; at least 32.</param>
internal sealed record BloomFilterWriteOptions(long? DistinctValues, double FalsePositiveProbability, int MaxBytes);
