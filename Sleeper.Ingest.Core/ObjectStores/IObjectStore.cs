namespace Sleeper.Ingest.Core.ObjectStores;

/// <summary>An object that a store holds.</summary>
/// <param name="Path">Its path, relative to the store's root, with forward slashes.</param>
/// <param name="LengthBytes">Its size.</param>
/// <param name="LastModified">When the store says it was written, by the store's own clock.</param>
public sealed record ObjectInfo(string Path, long LengthBytes, DateTimeOffset LastModified);

/// <summary>
/// A place for immutable objects, named by paths such as <c>flights/data/partition_root/a.parquet</c>: a local folder, memory, a bucket.
/// </summary>
/// <remarks>
/// <para>What every implementation keeps:</para>
/// <list type="bullet">
/// <item>All or nothing: an object is there with all its bytes or not at all, also after a crash in the middle of a write. One that was written by
/// <see cref="CreateAsync"/> is safe from a crash of the whole machine once a barrier flushed it, not before.</item>
/// <item>Put-if-absent has one winner: of any number of writers of one path, in any number of processes, exactly one is told true.</item>
/// <item>Read after write: an object that a completed call wrote is found by every later read. Listings may lag behind and are hints.</item>
/// <item>An error says nothing about the effect of a write: it may have happened. Who must know reads back.</item>
/// <item>There is no compare-and-swap. What needs one puts numbered objects.</item>
/// </list>
/// <para>Paths are relative, of segments separated by <c>/</c>, without empty, <c>.</c> or <c>..</c> segments, control characters or backslashes;
/// ending in neither a dot nor a space, at most 255 bytes a segment and 1,024 bytes a path in UTF-8; others are refused with an
/// <see cref="ArgumentException"/>. No object's path may be a folder of another object's path. Thread-safe.</para>
/// </remarks>
public interface IObjectStore
{
    /// <summary>What messages call the store, for example its folder or bucket. No secrets.</summary>
    string Name { get; }

    /// <summary>Writes an object unless one is there. True if this call wrote it, false if the path was taken.</summary>
    Task<bool> PutIfAbsentAsync(string path, ReadOnlyMemory<byte> content, CancellationToken cancellationToken = default);

    /// <summary>Writes an object, replacing the one that may be there.</summary>
    Task PutAsync(string path, ReadOnlyMemory<byte> content, CancellationToken cancellationToken = default);

    /// <summary>Starts an object that is written piece by piece. It appears when it is completed; disposing before that leaves nothing.</summary>
    /// <exception cref="ObjectExistsException">The path is taken (now or when completing).</exception>
    ValueTask<IObjectWriter> CreateAsync(string path, CancellationToken cancellationToken = default);

    /// <summary>Opens an object for range reads; null if there is none.</summary>
    ValueTask<IObjectReader?> OpenAsync(string path, CancellationToken cancellationToken = default);

    /// <summary>The object's size and time; null if there is none.</summary>
    ValueTask<ObjectInfo?> HeadAsync(string path, CancellationToken cancellationToken = default);

    /// <summary>Removes an object. Nothing happens if there is none.</summary>
    Task DeleteAsync(string path, CancellationToken cancellationToken = default);

    /// <summary>
    /// The objects whose paths begin with <paramref name="prefix"/>, in the order of the UTF-8 bytes of their paths, after <paramref name="startAfter"/> if given.
    /// </summary>
    IAsyncEnumerable<ObjectInfo> ListAsync(string prefix, string? startAfter = null, CancellationToken cancellationToken = default);

    /// <summary>
    /// Begins to watch over writes: called before the first object is written that <see cref="IWriteBarrier.FlushAsync"/> shall make durable.
    /// </summary>
    ValueTask<IWriteBarrier> OpenBarrierAsync(CancellationToken cancellationToken = default);
}

/// <summary>An object being written. One caller at a time.</summary>
public interface IObjectWriter : IAsyncDisposable
{
    /// <summary>Bytes appended so far.</summary>
    long LengthBytes { get; }

    /// <summary>Appends bytes; the caller may reuse the memory when the call returns.</summary>
    ValueTask AppendAsync(ReadOnlyMemory<byte> content, CancellationToken cancellationToken = default);

    /// <summary>Makes the object appear, whole.</summary>
    ValueTask CompleteAsync(CancellationToken cancellationToken = default);
}

/// <summary>An object open for range reads. Safe for several reads at once.</summary>
public interface IObjectReader : IAsyncDisposable
{
    /// <summary>The object's size.</summary>
    long LengthBytes { get; }

    /// <summary>
    /// About how many bytes could be read in the time that one more request takes: ranges that lie closer together are read in one. Default: 1 MiB, as
    /// fits a bucket; a folder of this machine says 16 KiB.
    /// </summary>
    long RequestCostBytes => 1 << 20;

    /// <summary>Fills the whole buffer from an offset on.</summary>
    /// <exception cref="EndOfStreamException">The object ends before.</exception>
    ValueTask ReadAsync(long offset, Memory<byte> buffer, CancellationToken cancellationToken = default);
}

/// <summary>Makes objects durable in bulk: on a local disk one sync for all of them, on a bucket nothing is left to do.</summary>
public interface IWriteBarrier : IAsyncDisposable
{
    /// <summary>
    /// Returns when every object written since the barrier was opened, with its folders, would survive a crash of the machine.
    /// </summary>
    /// <param name="paths">
    /// The objects that must survive, also ones that others wrote before; an implementation may sync just these or everything.
    /// </param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <exception cref="IOException">The disk reported an error: nothing may be called committed.</exception>
    ValueTask FlushAsync(IReadOnlyCollection<string> paths, CancellationToken cancellationToken = default);
}
