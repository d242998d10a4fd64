using Sleeper.Ingest.Core.ObjectStores;

namespace Sleeper.Ingest.Core.Jobs;

/// <summary>Where the files of jobs may lie, and so what their names mean.</summary>
/// <remarks>
/// <list type="bullet">
/// <item><c>s3://bucket/key</c>, <c>s3a://bucket/key</c>, and <c>bucket/key</c> where there are buckets: an object of that key; or else all objects below the folder
/// of that name. A name is exact, never the beginning of others. Without a key: the whole bucket.</item>
/// <item><c>file:///folder/a.parquet</c>, <c>/folder/a.parquet</c>, <c>./a.parquet</c>, and <c>folder/a.parquet</c> where there are no buckets: a local file or
/// folder, if local files are allowed.</item>
/// </list>
/// Names that end with <c>.crc</c> are passed over. In folders files count that end with <c>.parquet</c>, in small letters. Slashes before a key are ignored. A file
/// that several names lead to is taken once.
/// </remarks>
public sealed record JobInputs
{
    /// <summary>Opens a bucket by its name; null, or a null from it, if there is none. Called once for each bucket and worker. Default: no buckets.</summary>
    public Func<string, IObjectStore?>? OpenBucket { get; init; }

    /// <summary>Whether jobs may name files of the local disk. Default: no. Whoever may send jobs can then read what the worker can.</summary>
    public bool AllowsLocalFiles { get; init; }

    /// <summary>The folder that local names are relative to, and which they may not lead out of; null for the process's current folder, and no such bound.</summary>
    public string? LocalFolder { get; init; }

    /// <summary>How many files are looked at at once before a job begins. Default: 16.</summary>
    public int LooksAtOnce { get; init; } = 16;
}
