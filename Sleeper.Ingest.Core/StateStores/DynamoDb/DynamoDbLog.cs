using System.Runtime.CompilerServices;
using Amazon.DynamoDBv2;
using Amazon.DynamoDBv2.Model;
using Sleeper.Ingest.Core.StateStores.TransactionLog;

namespace Sleeper.Ingest.Core.StateStores.DynamoDb;

/// <summary>One of the two logs of a live table: items of one hash key in a DynamoDB table that all tables of the instance share. Thread-safe.</summary>
/// <remarks>
/// An entry is put on the condition that its number is free, and never changed or removed here. Reads are strongly consistent and follow all pages.
/// </remarks>
internal sealed class DynamoDbLog
{
    private readonly IAmazonDynamoDB _client;
    private readonly string _dynamoDbTable;
    private readonly string _tableId;
    private readonly string _what;

    public DynamoDbLog(IAmazonDynamoDB client, LiveTableIdentity table, LogKind kind)
    {
        _client = client;
        _tableId = table.TableId;
        Kind = kind;
        _dynamoDbTable = kind == LogKind.Files ? table.FilesLog : table.PartitionsLog;
        _what = $"the {kind.Name()} log of table '{table.TableName}'";
        Name = $"the {kind.Name()} log of table '{table.TableName}' ({table.TableId}) in the DynamoDB table '{_dynamoDbTable}'";
    }

    public LogKind Kind { get; }

    /// <summary>What messages call it.</summary>
    public string Name { get; }

    public string NameOf(long number) => LiveLogItem.EntryName(Name, number);

    /// <summary>The entries from a number on, ascending, as they come page by page.</summary>
    public async IAsyncEnumerable<LiveLogEntry> ReadFromAsync(long number, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        Dictionary<string, AttributeValue>? next = null;
        do
        {
            var request = new QueryRequest
            {
                TableName = _dynamoDbTable,
                ConsistentRead = true,
                KeyConditionExpression = "#TableId = :table_id AND #Number >= :startInclusive",
                ExpressionAttributeNames = new() { ["#TableId"] = LiveLogItem.TableId, ["#Number"] = LiveLogItem.Number },
                ExpressionAttributeValues = new() { [":table_id"] = new() { S = _tableId }, [":startInclusive"] = LiveLogItem.Long(number) },
                ExclusiveStartKey = next,
            };
            var page = await CallAsync("Query", () => _client.QueryAsync(request, cancellationToken), cancellationToken).ConfigureAwait(false);
            foreach (var item in page.Items ?? [])
            {
                yield return LiveLogItem.Read(item, Name);
            }

            next = page.LastEvaluatedKey;
        }
        while (next is { Count: > 0 });
    }

    /// <summary>The entries after a position, ascending and without a gap.</summary>
    /// <param name="position">How far the log is known.</param>
    /// <param name="isAnchored">True to make sure that the entry at the position is still there: one that was cleared or made anew is noticed.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="BrokenLogException">An entry is missing, or the one at the position is another one.</exception>
    public async IAsyncEnumerable<LiveLogEntry> ReadAfterAsync(LogPosition position, bool isAnchored, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        bool isHeld = !isAnchored || position.Number == 0;
        long expected = isHeld ? position.Number + 1 : position.Number;
        await foreach (var entry in ReadFromAsync(expected, cancellationToken).ConfigureAwait(false))
        {
            if (entry.Number != expected++)
            {
                throw new BrokenLogException($"There is no entry {expected - 1}, but there is {entry.Number}.");
            }

            if (!isHeld)
            {
                isHeld = position.IsOf(entry)
                    ? true
                    : throw new BrokenLogException($"Entry {entry.Number} is another one than it was: the log was made anew.");
                continue;
            }

            yield return entry;
        }

        if (!isHeld)
        {
            throw new BrokenLogException($"There is no entry {position.Number} any more, and none after it: the log was cleared.");
        }
    }

    /// <summary>The number of the last entry; 0 if there is none. Its body is not looked at.</summary>
    public async Task<long> ReadLastNumberAsync(CancellationToken cancellationToken)
    {
        var request = new QueryRequest
        {
            TableName = _dynamoDbTable,
            ConsistentRead = true,
            ScanIndexForward = false,
            Limit = 1,
            KeyConditionExpression = "#TableId = :table_id",
            ExpressionAttributeNames = new() { ["#TableId"] = LiveLogItem.TableId },
            ExpressionAttributeValues = new() { [":table_id"] = new() { S = _tableId } },
        };
        var page = await CallAsync("Query", () => _client.QueryAsync(request, cancellationToken), cancellationToken).ConfigureAwait(false);
        return page.Items is [var last, ..]
            ? LiveLogItem.OptionalLong(last, LiveLogItem.Number) ?? throw new TableDamagedException(Name, $"Its last item has no whole number in {LiveLogItem.Number}.")
            : 0;
    }

    /// <summary>Puts an entry if its number is free. True if this call put it; false if the number is taken, by whomever.</summary>
    /// <exception cref="IngestException">It is not known whether it was put, unless <see cref="DynamoDbErrors.IsRefusal"/> says so of the inner error.</exception>
    public async Task<bool> PutIfAbsentAsync(LiveLogEntry entry, CancellationToken cancellationToken)
    {
        if (entry.Type.Log() != Kind)
        {
            // Readers skip such an entry without counting it: while it is the last one, nobody can put another.
            throw new ArgumentException($"A transaction of type {entry.Type.Name()} does not belong in {Name}.");
        }

        if (entry.Type is not (TransactionType.AddFiles or TransactionType.InitialisePartitions))
        {
            // Readers apply the others blindly: who puts one must know the state at just the number before.
            throw new ArgumentException($"A transaction of type {entry.Type.Name()} is put by programs of Sleeper only.");
        }

        var request = new PutItemRequest
        {
            TableName = _dynamoDbTable,
            Item = LiveLogItem.Write(_tableId, entry),
            ConditionExpression = "attribute_not_exists(#Number)",
            ExpressionAttributeNames = new() { ["#Number"] = LiveLogItem.Number },
        };
        try
        {
            await CallAsync("PutItem", () => _client.PutItemAsync(request, cancellationToken), cancellationToken).ConfigureAwait(false);
            return true;
        }
        catch (ConditionalCheckFailedException)
        {
            return false;
        }
    }

    private Task<T> CallAsync<T>(string operation, Func<Task<T>> call, CancellationToken cancellationToken) =>
        DynamoDbErrors.CallAsync(operation, _dynamoDbTable, _what, call, cancellationToken);
}
