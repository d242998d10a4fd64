using System.Globalization;
using Amazon.DynamoDBv2.Model;
using Sleeper.Ingest.Core.StateStores.TransactionLog;

namespace Sleeper.Ingest.Core.StateStores.DynamoDb;

/// <summary>A log entry as an item of DynamoDB, the same in both log tables.</summary>
/// <remarks>
/// <code>
/// TABLE_ID           S  hash key
/// TRANSACTION_NUMBER N  range key, from 1
/// UPDATE_TIME        N  milliseconds since 1970
/// TYPE               S  one of nine names
/// BODY               S  the transaction's JSON, or else
/// BODY_S3_KEY        S  the key of the object in the data bucket that holds it
/// </code>
/// One of the last two is written, never both; where both are found the object counts, as it does for the Java reader. Other attributes are ignored.
/// </remarks>
internal static class LiveLogItem
{
    public const string TableId = "TABLE_ID";
    public const string Number = "TRANSACTION_NUMBER";
    private const string UpdateTime = "UPDATE_TIME";
    private const string Type = "TYPE";
    private const string Body = "BODY";
    private const string BodyKey = "BODY_S3_KEY";

    public static Dictionary<string, AttributeValue> Write(string tableId, LiveLogEntry entry)
    {
        if (entry.Body is null == entry.BodyKey is null)
        {
            throw new ArgumentException("An entry has a body or the key of one, and not both.");
        }

        return new Dictionary<string, AttributeValue>(StringComparer.Ordinal)
        {
            [TableId] = new() { S = tableId },
            [Number] = Long(entry.Number),
            [UpdateTime] = Long(entry.UpdateTime),
            [Type] = new() { S = entry.Type.Name() },
            [entry.Body is null ? BodyKey : Body] = new() { S = entry.Body ?? entry.BodyKey },
        };
    }

    /// <param name="item">What a query returned.</param>
    /// <param name="log">What messages call the log.</param>
    /// <exception cref="TableDamagedException">It is not an entry that every reader understands.</exception>
    public static LiveLogEntry Read(Dictionary<string, AttributeValue> item, string log)
    {
        long number = OptionalLong(item, Number) ?? throw new TableDamagedException(log, $"An item has no whole number in {Number}.");
        string name = EntryName(log, number);
        string type = Text(item, Type) ?? throw new TableDamagedException(name, $"It has no {Type}.");
        string? bodyKey = Text(item, BodyKey);
        string? body = bodyKey is null ? Text(item, Body) : null;
        return new LiveLogEntry(
            number,
            OptionalLong(item, UpdateTime) ?? throw new TableDamagedException(name, $"It has no whole number in {UpdateTime}."),
            TransactionTypes.Parse(type) ?? throw new TableDamagedException(
                name, $"Its type '{type}' is none of the nine that are known; a newer version of Sleeper may have written it. Use a version of this library that knows it."),
            body ?? (bodyKey is null ? throw new TableDamagedException(name, $"It has neither {Body} nor {BodyKey}.") : null),
            bodyKey);
    }

    public static string EntryName(string log, long number) => string.Create(CultureInfo.InvariantCulture, $"entry {number} of {log}");

    public static AttributeValue Long(long value) => new() { N = value.ToString(CultureInfo.InvariantCulture) };

    public static string? Text(Dictionary<string, AttributeValue> item, string attribute) =>
        item.TryGetValue(attribute, out var value) ? value.S : null;

    /// <summary>A whole number, also one that is written with an exponent or zeros behind a point; null if there is none.</summary>
    public static long? OptionalLong(Dictionary<string, AttributeValue> item, string attribute) =>
        item.TryGetValue(attribute, out var value) && value.N is not null
        && decimal.TryParse(value.N, NumberStyles.Float, CultureInfo.InvariantCulture, out decimal number)
        && number == decimal.Truncate(number) && number is >= long.MinValue and <= long.MaxValue
            ? (long)number
            : null;
}
