namespace Sleeper.Ingest.Core;

/// <summary>Requests to an object store, by what they are charged as.</summary>
/// <param name="Puts">Writes: an object, a part of one, the beginning and the end of an upload in parts.</param>
/// <param name="Gets">Reads of an object or a part of one, look-ups of its size among them, whether it is there or not.</param>
/// <param name="Lists">Listings, one for each page.</param>
/// <param name="Deletes">Removals.</param>
public readonly record struct StoreRequests(long Puts, long Gets, long Lists, long Deletes)
{
    /// <summary>All of them.</summary>
    public long Total => Puts + Gets + Lists + Deletes;

    /// <summary>The sum, kind by kind.</summary>
    public static StoreRequests operator +(StoreRequests left, StoreRequests right) => left.Add(right);

    /// <summary>So many times each kind.</summary>
    public static StoreRequests operator *(StoreRequests requests, long times) => requests.Multiply(times);

    /// <summary>The sum, kind by kind.</summary>
    public StoreRequests Add(StoreRequests other) => new(Puts + other.Puts, Gets + other.Gets, Lists + other.Lists, Deletes + other.Deletes);

    /// <summary>So many times each kind.</summary>
    public StoreRequests Multiply(long times) => new(Puts * times, Gets * times, Lists * times, Deletes * times);
}
