using System.Runtime.CompilerServices;
using Amazon.DynamoDBv2;
using Amazon.DynamoDBv2.Model;

namespace Sleeper.Ingest.Core.StateStores.DynamoDb.Instances;

/// <summary>Which tables an instance has: three DynamoDB tables with the same items, by name, by id, and by whether a table is online.</summary>
/// <remarks>
/// <code>
/// TableId   S   key of the second
/// TableName S   key of the first; range key of the third
/// Online    S   "true" or "false", a text; hash key of the third
/// </code>
/// A table is added to all three in one transaction.
/// </remarks>
internal sealed class TableIndex
{
    private const string IdAttribute = "TableId";
    private const string NameAttribute = "TableName";
    private const string OnlineAttribute = "Online";
    private const string What = "the table index of the instance";

    private readonly IAmazonDynamoDB _client;
    private readonly InstanceProperties _instance;
    private readonly string _byName;
    private readonly string _byId;
    private readonly string _byOnline;

    public TableIndex(IAmazonDynamoDB client, InstanceProperties instance)
    {
        _client = client;
        _instance = instance;
        _byName = instance.Text(InstanceProperty.NameIndexTable);
        _byId = instance.Text(InstanceProperty.IdIndexTable);
        _byOnline = instance.Text(InstanceProperty.OnlineIndexTable);
    }

    /// <summary>The table of a name; null if there is none.</summary>
    public Task<IndexedTable?> FindByNameAsync(string name, CancellationToken cancellationToken) =>
        FindAsync(_byName, NameAttribute, name, _instance.ConsistentIndexReads, cancellationToken);

    /// <summary>The table of an id; null if there is none.</summary>
    public Task<IndexedTable?> FindByIdAsync(string id, CancellationToken cancellationToken) =>
        FindAsync(_byId, IdAttribute, id, _instance.ConsistentIndexReads, cancellationToken);

    /// <summary>Whether a table that was added is there, by a read that sees every write before it.</summary>
    public async Task<bool> HasAsync(IndexedTable table, CancellationToken cancellationToken) =>
        await FindAsync(_byId, IdAttribute, table.Id, isConsistent: true, cancellationToken).ConfigureAwait(false) is { } found && found.Name == table.Name;

    /// <summary>All tables, in no particular order.</summary>
    public async IAsyncEnumerable<IndexedTable> ListAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        Dictionary<string, AttributeValue>? next = null;
        do
        {
            var request = new ScanRequest { TableName = _byOnline, ConsistentRead = _instance.ConsistentIndexReads, ExclusiveStartKey = next };
            var page = await DynamoDbErrors.CallAsync("Scan", _byOnline, What, () => _client.ScanAsync(request, cancellationToken), cancellationToken).ConfigureAwait(false);
            foreach (var item in page.Items ?? [])
            {
                yield return Read(item, _byOnline);
            }

            next = page.LastEvaluatedKey;
        }
        while (next is { Count: > 0 });
    }

    /// <summary>Adds a table. False if there is one of its name or id: nothing was changed then.</summary>
    /// <exception cref="IngestException">It is not known whether it was added: ask for it by its id.</exception>
    public async Task<bool> AddAsync(IndexedTable table, CancellationToken cancellationToken)
    {
        var request = new TransactWriteItemsRequest
        {
            TransactItems = [PutIfNew(_byName, NameAttribute, table), PutIfNew(_byId, IdAttribute, table), PutIfNew(_byOnline, NameAttribute, table)],
        };
        string tables = $"{_byName}', '{_byId}' and '{_byOnline}";
        try
        {
            // There is no permission of that operation's name: it needs that of each put.
            await DynamoDbErrors.CallAsync("PutItem", tables, What, () => _client.TransactWriteItemsAsync(request, cancellationToken), cancellationToken).ConfigureAwait(false);
            return true;
        }
        catch (IngestException e) when (e.InnerException is TransactionCanceledException { CancellationReasons: { } reasons } && reasons.Exists(r => r.Code == "ConditionalCheckFailed"))
        {
            return false;
        }
    }

    private async Task<IndexedTable?> FindAsync(string dynamoDbTable, string key, string value, bool isConsistent, CancellationToken cancellationToken)
    {
        var request = new QueryRequest
        {
            TableName = dynamoDbTable,
            ConsistentRead = isConsistent,
            KeyConditionExpression = "#key = :value",
            ExpressionAttributeNames = new() { ["#key"] = key },
            ExpressionAttributeValues = new() { [":value"] = new() { S = value } },
        };
        var page = await DynamoDbErrors.CallAsync("Query", dynamoDbTable, What, () => _client.QueryAsync(request, cancellationToken), cancellationToken).ConfigureAwait(false);
        return page.Items is [var item, ..] ? Read(item, dynamoDbTable) : null;
    }

    private static IndexedTable Read(Dictionary<string, AttributeValue> item, string dynamoDbTable) => new(
        Text(item, IdAttribute, dynamoDbTable),
        Text(item, NameAttribute, dynamoDbTable),
        Text(item, OnlineAttribute, dynamoDbTable) == "true");

    private static string Text(Dictionary<string, AttributeValue> item, string attribute, string dynamoDbTable) =>
        item.TryGetValue(attribute, out var value) && value.S is { Length: > 0 } text
            ? text
            : throw new TableDamagedException($"the DynamoDB table '{dynamoDbTable}'", $"An item of it has no text in {attribute}: it is no table index of Sleeper's.");

    private static TransactWriteItem PutIfNew(string dynamoDbTable, string key, IndexedTable table) => new()
    {
        Put = new Put
        {
            TableName = dynamoDbTable,
            Item = new Dictionary<string, AttributeValue>(StringComparer.Ordinal)
            {
                [IdAttribute] = new() { S = table.Id },
                [NameAttribute] = new() { S = table.Name },
                [OnlineAttribute] = new() { S = table.IsOnline ? "true" : "false" },
            },
            ConditionExpression = "attribute_not_exists(#key)",
            ExpressionAttributeNames = new() { ["#key"] = key },
        },
    };
}
