namespace Sleeper.Ingest.Core.Parquet;

/// <summary>Where the memory comes from that an open row group holds. Must be safe for several threads at once.</summary>
internal interface IReadMemory
{
    /// <summary>
    /// Stored bytes up to which a row group is read whole. A larger one is read through windows of about so many bytes together, which grow where
    /// a page does not fit.
    /// </summary>
    long ShareBytes { get; }

    /// <summary>
    /// True if what one row group has read into may be kept, reserved, for the next of the same file: where each is opened once, one after the other. Freed
    /// after the last, or when memory cannot be had.
    /// </summary>
    bool KeepsSpares => false;

    /// <summary>Takes memory before it is used; false if it cannot be had.</summary>
    ValueTask<bool> TryReserveAsync(long bytes, CancellationToken cancellationToken);

    /// <summary>Takes memory that can be done without, if enough is free for others besides. Neither waits nor makes others give way.</summary>
    bool TryReserve(long bytes);

    /// <summary>Gives back what was taken.</summary>
    void Release(long bytes);

    /// <summary>The error for memory that could not be had.</summary>
    /// <param name="neededBytes">What the row group holds at once at the least.</param>
    Exception NotEnough(long neededBytes);
}
