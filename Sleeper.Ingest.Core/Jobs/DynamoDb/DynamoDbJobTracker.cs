using System.Buffers.Binary;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text.Json;
using Amazon.DynamoDBv2;
using Amazon.DynamoDBv2.Model;
using Amazon.Runtime;
using Microsoft.Extensions.Logging;
using Sleeper.Ingest.Core.StateStores;
using Sleeper.Ingest.Core.StateStores.DynamoDb.Instances;

namespace Sleeper.Ingest.Core.Jobs.DynamoDb;

/// <summary>The tracker of a deployed instance: its own DynamoDB tables of job updates, of jobs by id, and of tasks.</summary>
/// <remarks>
/// <code>
/// sleeper-&lt;instance&gt;-ingest-job-updates   one item for each update   TableId, JobIdAndUpdate = &lt;job&gt;|&lt;milliseconds&gt;|&lt;8 hexadecimal digits&gt;
/// sleeper-&lt;instance&gt;-ingest-job-lookup    one item for each job id   JobId; index by-validation: LastValidationResult
/// sleeper-&lt;instance&gt;-ingest-task-status   one item for each update   TaskId, UpdateTime
/// </code>
/// Each update of a job is two writes that are not one step, as the original's are. Progress is not kept: its readers know no such update. Reads are eventually
/// consistent. Job ids are global there: two tables that use one id overwrite each other's look-up.
/// </remarks>
public sealed class DynamoDbJobTracker : IJobTracker
{
    private const string ByValidation = "by-validation";

    private readonly IAmazonDynamoDB _client;
    private readonly string _updates;
    private readonly string _lookup;
    private readonly string _tasks;
    private readonly DynamoDbJobTrackerOptions _options;
    private readonly ILogger _logger;

    /// <summary>A tracker of an instance.</summary>
    /// <param name="client">A client for the instance's account and region. Not disposed here.</param>
    /// <param name="instanceId">The instance: <c>sleeper.id</c>, as it is.</param>
    /// <param name="options">Times to live, which the instance's properties give, and clock; null for the defaults.</param>
    public DynamoDbJobTracker(IAmazonDynamoDB client, string instanceId, DynamoDbJobTrackerOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(client);
        ArgumentException.ThrowIfNullOrWhiteSpace(instanceId);
        _client = client;
        _updates = $"sleeper-{instanceId}-ingest-job-updates";
        _lookup = $"sleeper-{instanceId}-ingest-job-lookup";
        _tasks = $"sleeper-{instanceId}-ingest-task-status";
        _options = options ?? new DynamoDbJobTrackerOptions();
        _logger = _options.LoggerFactory.CreateLogger("Sleeper.Ingest.Core.Jobs");
    }

    /// <summary>The tracker of a deployed instance, with its times to live; one that keeps nothing where <c>sleeper.ingest.tracker.enabled</c> is false.</summary>
    /// <param name="instance">The caller's own: it is not disposed of, and must outlive the tracker.</param>
    /// <exception cref="UnsupportedTableException">A property has a value it may not have: each is named.</exception>
    public static IJobTracker ForInstance(SleeperInstance instance)
    {
        var settings = InstanceJobSettings.ForTracker(instance);
        return settings.IsTracked ? new DynamoDbJobTracker(instance.DynamoDb, instance.Id, settings.Tracker) : NoJobTracker.Instance;
    }

    /// <inheritdoc/>
    /// <remarks>Progress is passed over: the instance's tracker has no place for it.</remarks>
    /// <exception cref="JobTrackerException">DynamoDB refused or could not be reached; the update may have been kept.</exception>
    public async Task AddAsync(JobUpdate update, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(update);
        if (update is JobProgress)
        {
            return;
        }

        var item = JobUpdateItem.ToItem(update, _options.JobTimeToLive, MarkOf(update));
        await CallAsync("PutItem", _updates, () => _client.PutItemAsync(new PutItemRequest(_updates, item.Attributes), cancellationToken)).ConfigureAwait(false);
        await CallAsync("UpdateItem", _lookup, () => _client.UpdateItemAsync(LookupOf(update), cancellationToken)).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    /// <exception cref="JobTrackerException">DynamoDB refused or could not be reached; the update may have been kept.</exception>
    public Task AddAsync(IngestTaskUpdate update, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(update);
        var request = new PutItemRequest(_tasks, TaskUpdateItem.ToItem(update, _options.TaskTimeToLive).Attributes);
        return CallAsync("PutItem", _tasks, () => _client.PutItemAsync(request, cancellationToken));
    }

    /// <inheritdoc/>
    /// <exception cref="JobTrackerException">DynamoDB refused or could not be reached.</exception>
    public async IAsyncEnumerable<JobUpdate> ReadJobAsync(string jobId, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(jobId);
        var request = new GetItemRequest(_lookup, new() { [JobUpdateItem.JobId] = new AttributeValue(jobId) });
        var found = await CallAsync("GetItem", _lookup, () => _client.GetItemAsync(request, cancellationToken)).ConfigureAwait(false);
        if (found.Item?.GetValueOrDefault(JobUpdateItem.TableId)?.S is { } tableId)
        {
            await foreach (var update in QueryUpdatesAsync(tableId, jobId, cancellationToken).ConfigureAwait(false))
            {
                yield return update;
            }
        }
    }

    /// <inheritdoc/>
    /// <exception cref="JobTrackerException">DynamoDB refused or could not be reached.</exception>
    public IAsyncEnumerable<JobUpdate> ReadTableAsync(string? tableId, CancellationToken cancellationToken = default) =>
        QueryUpdatesAsync(tableId ?? JobUpdateItem.NoTable, null, cancellationToken);

    /// <inheritdoc/>
    /// <exception cref="JobTrackerException">DynamoDB refused or could not be reached.</exception>
    public async IAsyncEnumerable<JobUpdate> ReadRejectedAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var request = new QueryRequest(_lookup)
        {
            IndexName = ByValidation,
            KeyConditionExpression = "#Result = :rejected",
            ExpressionAttributeNames = new() { ["#Result"] = "LastValidationResult" },
            ExpressionAttributeValues = new() { [":rejected"] = new AttributeValue(JobUpdateItem.Rejected) },
        };
        await foreach (var item in QueryAsync(request, cancellationToken).ConfigureAwait(false))
        {
            if (item.GetValueOrDefault(JobUpdateItem.TableId)?.S is not { } tableId || item.GetValueOrDefault(JobUpdateItem.JobId)?.S is not { } jobId)
            {
                continue;
            }

            await foreach (var update in QueryUpdatesAsync(tableId, jobId, cancellationToken).ConfigureAwait(false))
            {
                yield return update;
            }
        }
    }

    /// <inheritdoc/>
    /// <exception cref="JobTrackerException">DynamoDB refused or could not be reached.</exception>
    public async IAsyncEnumerable<IngestTaskUpdate> ReadTasksAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var request = new ScanRequest(_tasks);
        do
        {
            var page = await CallAsync("Scan", _tasks, () => _client.ScanAsync(request, cancellationToken)).ConfigureAwait(false);
            foreach (var item in page.Items ?? [])
            {
                if (Read(_tasks, item, TaskUpdateItem.FromItem) is { } update)
                {
                    yield return update;
                }
            }

            request.ExclusiveStartKey = page.LastEvaluatedKey;
        }
        while (request.ExclusiveStartKey is { Count: > 0 });
    }

    /// <inheritdoc/>
    /// <remarks>DynamoDB does that, by each item's <c>ExpiryDate</c>.</remarks>
    public Task<int> ForgetOldAsync(CancellationToken cancellationToken = default) => Task.FromResult(0);

    private async IAsyncEnumerable<JobUpdate> QueryUpdatesAsync(
        string tableId, string? jobId, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var request = new QueryRequest(_updates)
        {
            KeyConditionExpression = jobId is null ? "#Table = :table" : "#Table = :table AND begins_with(#JobAndUpdate, :job)",
            ExpressionAttributeNames = new() { ["#Table"] = JobUpdateItem.TableId },
            ExpressionAttributeValues = new() { [":table"] = new AttributeValue(tableId) },
        };
        if (jobId is not null)
        {
            request.ExpressionAttributeNames["#JobAndUpdate"] = JobUpdateItem.JobIdAndUpdate;
            request.ExpressionAttributeValues[":job"] = new AttributeValue(jobId + "|");
        }

        await foreach (var item in QueryAsync(request, cancellationToken).ConfigureAwait(false))
        {
            // A job id may hold a bar: what begins with "a|" can be of job "a|b".
            if (Read(_updates, item, JobUpdateItem.FromItem) is { } update && (jobId is null || update.JobId == jobId))
            {
                yield return update;
            }
        }
    }

    private async IAsyncEnumerable<Dictionary<string, AttributeValue>> QueryAsync(QueryRequest request, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        do
        {
            var page = await CallAsync("Query", request.TableName, () => _client.QueryAsync(request, cancellationToken)).ConfigureAwait(false);
            foreach (var item in page.Items ?? [])
            {
                yield return item;
            }

            request.ExclusiveStartKey = page.LastEvaluatedKey;
        }
        while (request.ExclusiveStartKey is { Count: > 0 });
    }

    private UpdateItemRequest LookupOf(JobUpdate update)
    {
        string expression = "SET #Table = :table, #FirstUpdate = if_not_exists(#FirstUpdate, :update_time), #LastUpdate = :update_time, "
            + "#LastUpdateType = :update_type, #Expiry = if_not_exists(#Expiry, :expiry)";
        var request = new UpdateItemRequest
        {
            TableName = _lookup,
            Key = new() { [JobUpdateItem.JobId] = new AttributeValue(update.JobId) },
            UpdateExpression = expression,
            ExpressionAttributeNames = new()
            {
                ["#Table"] = JobUpdateItem.TableId,
                ["#FirstUpdate"] = "FirstUpdateTime",
                ["#LastUpdate"] = "LastUpdateTime",
                ["#LastUpdateType"] = "LastUpdateType",
                ["#Expiry"] = JobUpdateItem.ExpiryDate,
            },
            ExpressionAttributeValues = new()
            {
                [":table"] = new AttributeValue(update.TableId ?? JobUpdateItem.NoTable),
                [":update_time"] = Number(update.UpdateTime.ToUnixTimeMilliseconds()),
                [":update_type"] = new AttributeValue(JobUpdateItem.TypeOf(update)),
                [":expiry"] = Number((update.UpdateTime + _options.JobTimeToLive).ToUnixTimeSeconds()),
            },
        };
        if (update is JobValidated validated)
        {
            request.UpdateExpression += ", #LastValidationResult = :validation_result";
            request.ExpressionAttributeNames["#LastValidationResult"] = "LastValidationResult";
            request.ExpressionAttributeValues[":validation_result"] = new AttributeValue(JobUpdateItem.ValidationResultOf(validated));
        }

        return request;
    }

    /// <summary>The last part of an update's key: of the update alone, so that one that is told again, because its answer was lost, is kept once.</summary>
    private static uint MarkOf(JobUpdate update) =>
        BinaryPrimitives.ReadUInt32LittleEndian(SHA256.HashData(JsonSerializer.SerializeToUtf8Bytes(update, JobJson.Default.JobUpdate)));

    private static AttributeValue Number(long value) => new() { N = value.ToString(CultureInfo.InvariantCulture) };

    private T? Read<T>(string table, Dictionary<string, AttributeValue> item, Func<TrackerItem, T?> read)
        where T : class
    {
        try
        {
            return read(new TrackerItem(item));
        }
        catch (FormatException e)
        {
            string key = item.GetValueOrDefault(JobUpdateItem.JobIdAndUpdate)?.S ?? item.GetValueOrDefault(TaskUpdateItem.TaskId)?.S ?? "without key";
            TrackerLog.Unreadable(_logger, key, table, e.Message);
            return null;
        }
    }

    private static async Task<T> CallAsync<T>(string action, string table, Func<Task<T>> call)
    {
        try
        {
            return await call().ConfigureAwait(false);
        }
        catch (Exception e) when (e is AmazonServiceException or AmazonClientException or HttpRequestException)
        {
            throw new JobTrackerException(
                $"The job tracker could not do 'dynamodb:{action}' on table '{table}': {e.Message} "
                + "Check that the table exists (the instance's tracker is enabled) and that the role may do this on it.",
                e);
        }
    }
}
