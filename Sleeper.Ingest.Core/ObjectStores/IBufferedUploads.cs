namespace Sleeper.Ingest.Core.ObjectStores;

/// <summary>A store whose writers hold bytes of their objects until these are stored: who has a budget of memory shares it with them.</summary>
internal interface IBufferedUploads
{
    /// <summary>The same store, with writers that together hold no more than a share of memory; or, if that is less, no more than they need to work at all.</summary>
    /// <param name="writerCount">How many objects are written at once.</param>
    /// <param name="longestObjectBytes">The length of the longest, about.</param>
    /// <param name="shareBytes">What they may hold together.</param>
    /// <returns>The store, and the most bytes that its writers hold.</returns>
    (IObjectStore Store, long HeldBytes) WithMemory(int writerCount, long longestObjectBytes, long shareBytes);
}
