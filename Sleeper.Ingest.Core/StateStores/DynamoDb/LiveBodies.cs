using System.Text;
using Sleeper.Ingest.Core.ObjectStores;
using Sleeper.Ingest.Core.Schemas;
using Sleeper.Ingest.Core.StateStores.OwnTables;
using Sleeper.Ingest.Core.StateStores.TransactionLog;
using Sleeper.Ingest.Core.StateStores.TransactionLog.Transactions;

namespace Sleeper.Ingest.Core.StateStores.DynamoDb;

/// <summary>The transactions of log entries: in the item while they are short, else in an object of the data bucket that the item names.</summary>
internal sealed class LiveBodies(IObjectStore dataBucket, LiveTablePaths paths, Schema schema, StateStoreOptions options)
{
    /// <summary>
    /// From this length on a body goes to the bucket. Sleeper counts UTF-16 code units; here bytes count too, because an item may have 400 KB of them.
    /// </summary>
    public const int MinObjectLength = 200 * 1024;

    /// <summary>True if the JSON may stand in an item, or in a message.</summary>
    public static bool FitsItem(string json) => json.Length < MinObjectLength && Encoding.UTF8.GetByteCount(json) < MinObjectLength;

    /// <summary>Stores a long body and returns its key. The object is there, whole, when this returns; the key is new at every call.</summary>
    public async Task<string> StoreAsync(string json, CancellationToken cancellationToken)
    {
        string key = NewKey();
        try
        {
            await dataBucket.PutAsync(key, Encoding.UTF8.GetBytes(json), cancellationToken).ConfigureAwait(false);
            return key;
        }
        catch
        {
            // It may be there all the same, and nobody will ever name it.
            await TryRemoveAsync(key).ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Removes a body that no entry names and none will.</summary>
    public Task RemoveAsync(string key, CancellationToken cancellationToken) => dataBucket.DeleteAsync(key, cancellationToken);

    /// <summary>The transaction of an entry, wherever it lies.</summary>
    /// <exception cref="TableDamagedException">There is no such object, or the body is not a transaction of the entry's type.</exception>
    public async Task<Transaction> ReadAsync(LiveLogEntry entry, string name, CancellationToken cancellationToken)
    {
        var json = entry.BodyKey is null
            ? Encoding.UTF8.GetBytes(entry.Body!)
            : await FetchAsync(entry.BodyKey, name, cancellationToken).ConfigureAwait(false);
        try
        {
            return Transaction.Read(entry.Type, json, schema);
        }
        catch (TransactionFormatException e)
        {
            throw new TableDamagedException(name, $"Its {entry.Type.Name()} transaction cannot be read: {e.Message}", e);
        }
    }

    private async Task TryRemoveAsync(string key)
    {
        try
        {
            await RemoveAsync(key, CancellationToken.None).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            options.CleanUpFailed?.Invoke($"The transaction body '{key}' in '{dataBucket.Name}' could not be removed, if it is there. No entry names it.", e);
        }
    }

    private async Task<ReadOnlyMemory<byte>> FetchAsync(string key, string name, CancellationToken cancellationToken)
    {
        try
        {
            return await SmallObjects.ReadAsync(dataBucket, key, cancellationToken).ConfigureAwait(false)
                ?? throw new TableDamagedException(name, $"Its body should be the object '{key}' in '{dataBucket.Name}', which is not there.");
        }
        catch (ArgumentException e)
        {
            throw new TableDamagedException(name, $"Its body should be the object '{key}' in '{dataBucket.Name}', which is no key that can be read: {e.Message}", e);
        }
    }

    private string NewKey()
    {
        Span<byte> uuid = stackalloc byte[16];
        options.Random(uuid);
        uuid[6] = (byte)((uuid[6] & 0x0F) | 0x40);
        uuid[8] = (byte)((uuid[8] & 0x3F) | 0x80);
        return paths.TransactionBody(options.Time.GetUtcNow(), new Guid(uuid, bigEndian: true));
    }
}
