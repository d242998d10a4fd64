namespace Sleeper.Ingest.Core.Spilling;

/// <summary>Blocks that lie one behind the other in a spill file: a part of a bucket, or a sorted run.</summary>
internal sealed record SpillExtent
{
    /// <summary>The file that holds it.</summary>
    public required SpillFile File { get; init; }

    public required SpillKind Kind { get; init; }

    /// <summary>The number of the bucket or of the run, as its writer was told.</summary>
    public required uint Owner { get; init; }

    /// <summary>The first byte of its first block.</summary>
    public required long Offset { get; init; }

    /// <summary>Bytes on disk, headers included.</summary>
    public required long Length { get; init; }

    /// <summary>Bytes of the rows alone: what loading it takes.</summary>
    public required long RowBytes { get; init; }

    public required long RowCount { get; init; }

    /// <summary>The sequence number of its first block.</summary>
    public required uint FirstBlock { get; init; }

    public required int BlockCount { get; init; }

    /// <summary>Row bytes of its largest block.</summary>
    public required int LargestBlockBytes { get; init; }

    /// <summary>Bytes on disk of its largest block, without the header: fewer, if all of its blocks are packed.</summary>
    public required int LargestStoredBytes { get; init; }

    /// <summary>Rows of the block that has most.</summary>
    public required int LargestBlockRowCount { get; init; }
}
