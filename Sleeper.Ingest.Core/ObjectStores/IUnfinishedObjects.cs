namespace Sleeper.Ingest.Core.ObjectStores;

/// <summary>
/// A store in which a write that never ended leaves something behind that no listing of objects shows: unfinished files of a folder, unfinished uploads
/// of a bucket.
/// </summary>
public interface IUnfinishedObjects
{
    /// <summary>What lies under a prefix of paths, in no order, of running writes too: who removes something looks at its age first.</summary>
    IAsyncEnumerable<UnfinishedObject> ListUnfinishedAsync(string prefix, CancellationToken cancellationToken = default);

    /// <summary>Removes one. Nothing happens if it is gone. A write that was still running ends with an error, and its object does not appear.</summary>
    Task RemoveUnfinishedAsync(UnfinishedObject unfinished, CancellationToken cancellationToken = default);
}

/// <summary>The remains, or the present state, of one write.</summary>
/// <param name="Name">The store's name for it, relative to the store. Not a path of an object.</param>
/// <param name="LengthBytes">Bytes written so far, if the store tells.</param>
/// <param name="LastModified">When the store last saw it written to, by the store's own clock.</param>
public sealed record UnfinishedObject(string Name, long LengthBytes, DateTimeOffset LastModified);
