using Sleeper.Ingest.Core.ObjectStores;

namespace Sleeper.Ingest.Core.Tests.Support;

/// <summary>The calls of a <see cref="ScriptedObjectStore"/> as requests of a bucket.</summary>
internal static class StoreRequestsOf
{
    /// <summary>An object that is written at once, or read whole, is one request; a barrier is none.</summary>
    public static StoreRequests Calls(IEnumerable<string> calls)
    {
        var byVerb = calls.CountBy(call => call.Split(' ')[0]).ToDictionary(StringComparer.Ordinal);
        return new StoreRequests(Of("put") + Of("put-if-absent") + Of("create"), Of("open") + Of("head"), Of("list"), Of("delete"));

        int Of(string verb) => byVerb.GetValueOrDefault(verb);
    }

    /// <summary>A copy of all objects of a store as they are at the moment.</summary>
    public static async Task<InMemoryObjectStore> CopyAsync(IObjectStore store)
    {
        var copy = new InMemoryObjectStore();
        foreach (string path in await TableFixture.ObjectsAsync(store, ""))
        {
            await copy.PutAsync(path, await TableFixture.ReadAsync(store, path));
        }

        return copy;
    }
}
