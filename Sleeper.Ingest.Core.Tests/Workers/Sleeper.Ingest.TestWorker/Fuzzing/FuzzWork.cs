namespace Sleeper.Ingest.TestWorker.Fuzzing;

/// <summary>What one run gave: memory and work may grow with it.</summary>
internal sealed class FuzzWork
{
    /// <summary>Bytes of values, levels and rows that were given, or could be given under the limits in force when the input was refused.</summary>
    public long DeliveredBytes { get; set; }

    /// <summary>Steps of work: rows, values or bytes gone through.</summary>
    public long Steps { get; set; }

    public void Clear()
    {
        DeliveredBytes = 0;
        Steps = 0;
    }
}
