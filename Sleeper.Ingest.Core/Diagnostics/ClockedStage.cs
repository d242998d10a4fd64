namespace Sleeper.Ingest.Core.Diagnostics;

/// <summary>What a <see cref="StageClock"/> tells apart. Waits are the stalls on either side of a hand-over.</summary>
internal enum ClockedStage
{
    /// <summary>Who brings rows waits because the workers have enough.</summary>
    ProducerWaits,

    /// <summary>A worker waits for a piece of input.</summary>
    WorkerWaits,

    /// <summary>Columns of an input file, read and decoded.</summary>
    Decode,

    /// <summary>Rows into bytes, and their leaves.</summary>
    Encode,

    /// <summary>A worker whose batches are full waits for the pieces before its own.</summary>
    TurnWaits,

    /// <summary>Encoded rows into the buckets, spilling included.</summary>
    Bucket,

    /// <summary>Buckets to disk; part of <see cref="Bucket"/>.</summary>
    Spill,

    /// <summary>A bucket loaded, its entries built and sorted.</summary>
    Sort,

    /// <summary>Sorted rows into columns, merging and sketches included.</summary>
    Map,

    /// <summary>Columns into encoded and compressed pages.</summary>
    Columns,

    /// <summary>Bytes to the object store.</summary>
    Put,
}
