using System.Globalization;
using System.Text.Json.Nodes;
using Amazon.DynamoDBv2;
using Amazon.DynamoDBv2.Model;
using Sleeper.Ingest.Core.Jobs;
using Sleeper.Ingest.Core.Jobs.DynamoDb;
using Sleeper.Ingest.Core.Queues;
using Sleeper.Ingest.Core.Queues.Sqs;

namespace Sleeper.Ingest.Core.Tests.Emulators;

/// <summary>
/// What the original deploys behind its commit queue, over the emulator: the committer, which makes a message the next entry of its table's log; and the one that follows the log and
/// tells the job tracker of files.
/// </summary>
/// <remarks>The queue has the name and the attributes of the original's, and its one receive.</remarks>
internal sealed class InstanceCommitter : IDisposable
{
    private readonly LiveInstanceDump _live;
    private readonly SqsClient _sqs;
    private readonly AmazonDynamoDBClient _dynamoDb;
    private readonly DynamoDbJobTracker _tracker;
    private readonly Dictionary<string, HashSet<string>> _files = new(StringComparer.Ordinal);

    private InstanceCommitter(LiveInstanceDump live, SqsClient sqs, SqsQueue queue, SqsQueue deadLetters)
    {
        _live = live;
        _sqs = sqs;
        Queue = queue;
        DeadLetters = deadLetters;
        _dynamoDb = live.Aws.NewDynamoDbClient();
        _tracker = new DynamoDbJobTracker(_dynamoDb, live.InstanceId);
    }

    public SqsQueue Queue { get; }

    public SqsQueue DeadLetters { get; }

    /// <summary>The bodies of the messages that it took, in order.</summary>
    public List<string> Taken { get; } = [];

    /// <summary>Makes the queues of an instance.</summary>
    public static async Task<InstanceCommitter> DeployAsync(LiveInstanceDump live)
    {
        var sqs = new SqsClient(AwsEmulator.Credentials, live.Aws.NewSqsConfig());
        string dead = await sqs.CreateQueueAsync($"sleeper-{live.InstanceId}-StateStoreCommitterDLQ.fifo", Attributes());
        string arn = (await sqs.GetAttributesAsync(dead, ["QueueArn"]))["QueueArn"];
        string url = await sqs.CreateQueueAsync(
            $"sleeper-{live.InstanceId}-StateStoreCommitterQ.fifo", Attributes(("VisibilityTimeout", "900"), ("RedrivePolicy", $$"""{"deadLetterTargetArn":"{{arn}}","maxReceiveCount":"1"}""")));
        return new InstanceCommitter(live, sqs, new SqsQueue(sqs, url), new SqsQueue(sqs, dead));
    }

    /// <summary>Takes messages until there is none.</summary>
    /// <param name="times">How often it applies each: twice is what a queue that delivers twice comes to, or a committer that dies before it deletes.</param>
    public async Task<int> ApplyAllAsync(int times = 1)
    {
        int count = 0;
        while (await ApplyNextAsync(times))
        {
            count++;
        }

        return count;
    }

    /// <summary>Takes one message.</summary>
    public async Task<bool> ApplyNextAsync(int times = 1)
    {
        if (await Queue.ReceiveAsync(TimeSpan.Zero, TimeSpan.FromMinutes(15)) is not { } message)
        {
            return false;
        }

        Taken.Add(message.Body!);
        for (int i = 0; i < times; i++)
        {
            await ApplyAsync(JsonNode.Parse(message.Body!)!.AsObject());
        }

        await Queue.DeleteAsync(message);
        return true;
    }

    /// <summary>Works until it is stopped.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            if (!await ApplyNextAsync())
            {
                await Task.Delay(20, CancellationToken.None);
            }
        }
    }

    public void Dispose()
    {
        _sqs.Dispose();
        _dynamoDb.Dispose();
    }

    private static Dictionary<string, string> Attributes(params IEnumerable<(string Name, string Value)> more)
    {
        var attributes = new Dictionary<string, string> { ["FifoQueue"] = "true", ["DeduplicationScope"] = "messageGroup", ["FifoThroughputLimit"] = "perMessageGroupId" };
        foreach (var (name, value) in more)
        {
            attributes[name] = value;
        }

        return attributes;
    }

    /// <summary>Puts the next entry, as the original's committer does; one without files is dropped.</summary>
    private async Task ApplyAsync(JsonObject message)
    {
        var item = new Dictionary<string, AttributeValue>
        {
            ["TABLE_ID"] = new((string)message["tableId"]!),
            ["UPDATE_TIME"] = new() { N = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds().ToString(CultureInfo.InvariantCulture) },
            ["TYPE"] = new((string)message["transactionType"]!),
        };
        if (message["bodyKey"] is { } key)
        {
            item["BODY_S3_KEY"] = new((string)key!);
        }
        else if (message["transaction"]!["files"]!.AsArray().Count == 0)
        {
            return;
        }
        else
        {
            item["BODY"] = new(message["transaction"]!.ToJsonString());
        }

        string log = _live.DynamoDbTable("file-transaction-log");
        while (true)
        {
            long next = await LastNumberAsync(log, item["TABLE_ID"].S) + 1;
            item["TRANSACTION_NUMBER"] = new() { N = next.ToString(CultureInfo.InvariantCulture) };
            try
            {
                await _dynamoDb.PutItemAsync(new PutItemRequest
                {
                    TableName = log,
                    Item = item,
                    ConditionExpression = "attribute_not_exists(#Number)",
                    ExpressionAttributeNames = new() { ["#Number"] = "TRANSACTION_NUMBER" },
                });
                await FollowAsync((string)message["tableId"]!, message["transaction"]);
                return;
            }
            catch (ConditionalCheckFailedException)
            {
            }
        }
    }

    /// <summary>What follows the log tells the tracker of the files of jobs; those that were known make the run fail.</summary>
    private async Task FollowAsync(string tableId, JsonNode? transaction)
    {
        if (transaction?["jobId"] is not { } jobId)
        {
            return;
        }

        string[] names = [.. transaction["files"]!.AsArray().Select(f => (string)f!["filename"]!)];
        if (!_files.TryGetValue(tableId, out var known))
        {
            _files[tableId] = known = new HashSet<string>(StringComparer.Ordinal);
        }

        var time = DateTimeOffset.FromUnixTimeMilliseconds((long)transaction["writtenTime"]!);
        string? twice = Array.Find(names, n => !known.Add(n));
        var (job, run, task, now) = ((string)jobId!, (string)transaction["jobRunId"]!, (string)transaction["taskId"]!, DateTimeOffset.UtcNow);
        await _tracker.AddAsync(twice is null
            ? new JobAddedFiles { JobId = job, TableId = tableId, JobRunId = run, TaskId = task, UpdateTime = now, WrittenTime = time, FileCount = names.Length }
            : new JobFailed { JobId = job, TableId = tableId, JobRunId = run, TaskId = task, UpdateTime = now, FinishTime = time, Reasons = [$"File already exists: {twice}"] });
    }

    private async Task<long> LastNumberAsync(string log, string tableId)
    {
        var found = await _dynamoDb.QueryAsync(new QueryRequest
        {
            TableName = log,
            KeyConditionExpression = "TABLE_ID = :id",
            ExpressionAttributeValues = new() { [":id"] = new(tableId) },
            ScanIndexForward = false,
            Limit = 1,
            ConsistentRead = true,
        });
        return found.Items is [var last, ..] ? long.Parse(last["TRANSACTION_NUMBER"].N, CultureInfo.InvariantCulture) : 0;
    }
}
