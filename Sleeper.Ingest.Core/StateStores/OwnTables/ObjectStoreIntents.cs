using System.Buffers;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Sleeper.Ingest.Core.ObjectStores;
using Sleeper.Ingest.Core.StateStores.TransactionLog;

namespace Sleeper.Ingest.Core.StateStores.OwnTables;

/// <summary>Intents as objects <c>ingests/&lt;hash&gt;/&lt;attempt&gt;.json</c> of a table.</summary>
/// <remarks>
/// <code>
/// {"format":1,"table":"0a1b2c3d","ingest":"...","attempt":"16 hex digits","prefix":"names of its objects begin with this",
///  "opened":6,"writer":"host/42","began":1767323045678,"heartbeat":1767323045678}
/// </code>
/// UTF-8; times are milliseconds since 1970, by the writer's clock. A heartbeat overwrites the object.
/// </remarks>
internal sealed class ObjectStoreIntents(IObjectStore store, TablePaths paths, string tableId) : IIngestIntents
{
    public Task PutAsync(IngestIntent intent, CancellationToken cancellationToken) =>
        store.PutAsync(PathOf(intent.IngestId, intent.AttemptId), Write(intent), cancellationToken);

    public Task DeleteAsync(string ingestId, string attemptId, CancellationToken cancellationToken) =>
        store.DeleteAsync(PathOf(ingestId, attemptId), cancellationToken);

    public async IAsyncEnumerable<FoundIntent> ListAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var found in store.ListAsync(paths.AllIngests, null, cancellationToken).ConfigureAwait(false))
        {
            var bytes = await SmallObjects.ReadAsync(store, found.Path, cancellationToken).ConfigureAwait(false);
            if (bytes is not null)
            {
                yield return Read(found, bytes.Value);
            }
        }
    }

    public async Task<bool> ExistsAsync(string ingestHash, string attemptId, CancellationToken cancellationToken) =>
        await store.HeadAsync(paths.Intent(ingestHash, attemptId), cancellationToken).ConfigureAwait(false) is not null;

    private FoundIntent Read(ObjectInfo found, ReadOnlyMemory<byte> bytes)
    {
        try
        {
            using var document = JsonDocument.Parse(bytes);
            var json = document.RootElement;
            long format = BodyJson.Long(json, "format");
            if (format > EntryFormat.Version)
            {
                return new FoundIntent(found.Path, found.LastModified, null, $"it is of table format {format}, and this library knows formats up to {EntryFormat.Version}");
            }

            var intent = new IngestIntent(
                BodyJson.Text(json, "ingest"),
                BodyJson.Text(json, "attempt"),
                BodyJson.Text(json, "prefix"),
                BodyJson.Long(json, "opened"),
                BodyJson.Text(json, "writer"),
                DateTimeOffset.FromUnixTimeMilliseconds(BodyJson.Long(json, "began")),
                DateTimeOffset.FromUnixTimeMilliseconds(BodyJson.Long(json, "heartbeat")));
            bool isOurs = BodyJson.Text(json, "table") == tableId
                && found.Path == PathOf(intent.IngestId, intent.AttemptId)
                && intent.FileNamePrefix == TablePaths.FileNamePrefix(tableId, intent.IngestId, intent.AttemptId);
            return isOurs
                ? new FoundIntent(found.Path, found.LastModified, intent, "")
                : new FoundIntent(found.Path, found.LastModified, null, "it is of another table, or its name is not that of its ingest and attempt");
        }
        catch (Exception e) when (e is JsonException or TransactionFormatException or ArgumentException)
        {
            return new FoundIntent(found.Path, found.LastModified, null, $"it cannot be read: {e.Message}");
        }
    }

    private string PathOf(string ingestId, string attemptId) => paths.Intent(TablePaths.IngestHash(tableId, ingestId), attemptId);

    private byte[] Write(IngestIntent intent)
    {
        var bytes = new ArrayBufferWriter<byte>(256);
        using (var json = new Utf8JsonWriter(bytes, BodyJson.WriterOptions))
        {
            json.WriteStartObject();
            json.WriteNumber("format", EntryFormat.Version);
            json.WriteString("table", tableId);
            json.WriteString("ingest", intent.IngestId);
            json.WriteString("attempt", intent.AttemptId);
            json.WriteString("prefix", intent.FileNamePrefix);
            json.WriteNumber("opened", intent.OpenedAt);
            json.WriteString("writer", intent.Writer);
            json.WriteNumber("began", intent.Began.ToUnixTimeMilliseconds());
            json.WriteNumber("heartbeat", intent.Heartbeat.ToUnixTimeMilliseconds());
            json.WriteEndObject();
        }

        return bytes.WrittenSpan.ToArray();
    }
}
