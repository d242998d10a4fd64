using Sleeper.Ingest.Core.ObjectStores;
using Sleeper.Ingest.Core.StateStores.OwnTables;

namespace Sleeper.Ingest.Core.StateStores.DynamoDb.Instances;

/// <summary>The bucket that holds an instance's and its tables' properties.</summary>
/// <param name="store">The bucket.</param>
/// <param name="name">Its name.</param>
internal sealed class ConfigBucket(IObjectStore store, string name)
{
    /// <summary>Instance ids are no longer; names of config buckets are.</summary>
    private const int MaxInstanceIdLength = 20;

    public string Name => name;

    /// <summary>True if a text is the name of a config bucket and not an instance's id: those have at most 20 characters.</summary>
    public static bool IsBucketName(string idOrBucket) => idOrBucket.Length > MaxInstanceIdLength;

    /// <summary>The name that Sleeper's deployment gives to an instance's config bucket.</summary>
    public static string NameOf(string instanceId, string accountId) =>
        $"sleeper-{instanceId.Replace('.', '-')}-config-{accountId}".ToLowerInvariant();

    /// <summary>What messages call an object of it.</summary>
    public string PlaceOf(string path) => $"'{path}' in the bucket '{name}'";

    /// <summary>All bytes of an object; null if there is none. One request.</summary>
    public Task<ReadOnlyMemory<byte>?> ReadAsync(string path, CancellationToken cancellationToken) => SmallObjects.ReadAsync(store, path, cancellationToken);

    /// <summary>Writes an object, in place of the one that may be there.</summary>
    public Task PutAsync(string path, ReadOnlyMemory<byte> content, CancellationToken cancellationToken) => store.PutAsync(path, content, cancellationToken);

    /// <summary>Removes an object, if there is one.</summary>
    public Task DeleteAsync(string path, CancellationToken cancellationToken) => store.DeleteAsync(path, cancellationToken);
}
