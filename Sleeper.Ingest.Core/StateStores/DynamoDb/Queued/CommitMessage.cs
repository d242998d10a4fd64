using System.Text;
using System.Text.Json;
using Sleeper.Ingest.Core.StateStores.TransactionLog;

namespace Sleeper.Ingest.Core.StateStores.DynamoDb.Queued;

/// <summary>What Sleeper's committer takes from its queue.</summary>
/// <remarks>
/// <code>
/// {"tableId":"1f2e3d4c","transactionType":"ADD_FILES","transaction":{...}}      the transaction as an object, never as a string
/// {"tableId":"1f2e3d4c","transactionType":"ADD_FILES","bodyKey":"..."}          the key of an object in the data bucket that holds it
/// </code>
/// One of the two and never a null: a message that the committer cannot read takes up to nine others, of other tables, to the dead letters with it.
/// </remarks>
internal static class CommitMessage
{
    /// <summary>The transaction of a message that <see cref="Write"/> made, or the key of the object that holds it.</summary>
    public static (string? Transaction, string? BodyKey) Read(string message)
    {
        using var json = JsonDocument.Parse(message);
        return json.RootElement.TryGetProperty("bodyKey", out var key) ? (null, key.GetString()) : (json.RootElement.GetProperty("transaction").GetRawText(), null);
    }

    /// <param name="tableId">The table.</param>
    /// <param name="transaction">The transaction's JSON; not looked at if there is a key.</param>
    /// <param name="bodyKey">The key of the object that holds the JSON; null if the message shall.</param>
    public static string Write(string tableId, string transaction, string? bodyKey)
    {
        using var bytes = new MemoryStream();
        using (var json = new Utf8JsonWriter(bytes, BodyJson.WriterOptions))
        {
            json.WriteStartObject();
            json.WriteString("tableId", tableId);
            json.WriteString("transactionType", TransactionType.AddFiles.Name());
            if (bodyKey is not null)
            {
                json.WriteString("bodyKey", bodyKey);
            }
            else
            {
                json.WritePropertyName("transaction");
                json.WriteRawValue(transaction);
            }

            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(bytes.GetBuffer(), 0, (int)bytes.Length);
    }
}
