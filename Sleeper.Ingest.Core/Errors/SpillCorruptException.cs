namespace Sleeper.Ingest.Core;

/// <summary>Rows that were spilled to the local disk came back damaged, twice. None of the damaged rows was passed on; the ingest failed.</summary>
public sealed class SpillCorruptException : IngestException
{
    /// <summary>Makes the error of a damaged spill file.</summary>
    /// <param name="message">What was found where, and what was expected.</param>
    /// <param name="file">The path of the spill file.</param>
    /// <param name="block">The number of the block in the file; -1 is the file's header.</param>
    /// <param name="offset">The byte at which the block starts.</param>
    public SpillCorruptException(string message, string file, long block, long offset)
        : base(message)
    {
        File = file;
        Block = block;
        Offset = offset;
        IsRetryable = true;
    }

    /// <summary>The path of the spill file.</summary>
    public string File { get; }

    /// <summary>The number of the block in the file; -1 is the file's header.</summary>
    public long Block { get; }

    /// <summary>The byte at which the block starts.</summary>
    public long Offset { get; }
}
