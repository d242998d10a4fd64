using Amazon.DynamoDBv2;
using Amazon.DynamoDBv2.Model;
using Amazon.S3;
using Amazon.S3.Model;
using Sleeper.Ingest.Core.Queues.Sqs;

namespace Sleeper.Ingest.Core.Samples.LiveInstance;

/// <summary>What ingests and ingest jobs need of a deployed instance, in an emulator: two buckets, ten DynamoDB tables, a queue of jobs, the instance's properties.</summary>
/// <remarks>It runs none of Sleeper's programs: no compaction, no snapshots, no queries. Names are those that Sleeper's deployment gives.</remarks>
internal static class Deployment
{
    public static async Task RunAsync(string instanceId, string account, IAmazonS3 s3, IAmazonDynamoDB dynamoDb, SqsClient sqs)
    {
        string config = $"sleeper-{instanceId}-config-{account}";
        string data = $"sleeper-{instanceId}-table-data-{account}";
        await s3.PutBucketAsync(config);
        await s3.PutBucketAsync(data);
        await MakeAsync(dynamoDb, $"sleeper-{instanceId}-table-index-by-name", "TableName");
        await MakeAsync(dynamoDb, $"sleeper-{instanceId}-table-index-by-id", "TableId");
        await MakeAsync(dynamoDb, $"sleeper-{instanceId}-table-index-by-online", "Online", "TableName");
        await MakeAsync(dynamoDb, $"sleeper-{instanceId}-file-transaction-log", "TABLE_ID", "TRANSACTION_NUMBER", ScalarAttributeType.N);
        await MakeAsync(dynamoDb, $"sleeper-{instanceId}-partition-transaction-log", "TABLE_ID", "TRANSACTION_NUMBER", ScalarAttributeType.N);
        await MakeAsync(dynamoDb, $"sleeper-{instanceId}-transaction-log-latest-snapshots", "TABLE_ID");
        await MakeAsync(dynamoDb, $"sleeper-{instanceId}-transaction-log-all-snapshots", "TABLE_ID_AND_SNAPSHOT_TYPE", "TRANSACTION_NUMBER", ScalarAttributeType.N);
        await MakeAsync(dynamoDb, $"sleeper-{instanceId}-ingest-job-updates", "TableId", "JobIdAndUpdate");
        await MakeAsync(dynamoDb, $"sleeper-{instanceId}-ingest-job-lookup", "JobId", index: ("by-validation", "LastValidationResult"));
        await MakeAsync(dynamoDb, $"sleeper-{instanceId}-ingest-task-status", "TaskId", "UpdateTime", ScalarAttributeType.N);
        string dead = (await sqs.GetAttributesAsync(await sqs.CreateQueueAsync($"sleeper-{instanceId}-IngestJobDLQ"), ["QueueArn"]))["QueueArn"];
        string queue = await sqs.CreateQueueAsync(
            $"sleeper-{instanceId}-IngestJobQ", new Dictionary<string, string> { ["RedrivePolicy"] = $$"""{"deadLetterTargetArn":"{{dead}}","maxReceiveCount":"1"}""" });
        string properties = $"""
            sleeper.id={instanceId}
            sleeper.version=0.36.2
            sleeper.account={account}
            sleeper.config.bucket={config}
            sleeper.data.bucket={data}
            sleeper.tables.name.index.dynamo.table=sleeper-{instanceId}-table-index-by-name
            sleeper.tables.id.index.dynamo.table=sleeper-{instanceId}-table-index-by-id
            sleeper.tables.online.index.dynamo.table=sleeper-{instanceId}-table-index-by-online
            sleeper.statestore.transactionlog.dynamo.file.log.table=sleeper-{instanceId}-file-transaction-log
            sleeper.statestore.transactionlog.dynamo.partition.log.table=sleeper-{instanceId}-partition-transaction-log
            sleeper.statestore.transactionlog.dynamo.latest.snapshots.table=sleeper-{instanceId}-transaction-log-latest-snapshots
            sleeper.statestore.transactionlog.dynamo.all.snapshots.table=sleeper-{instanceId}-transaction-log-all-snapshots
            sleeper.ingest.job.queue.url={queue}

            """;
        await s3.PutObjectAsync(new PutObjectRequest { BucketName = config, Key = "instance.properties", ContentBody = properties });
        Console.WriteLine($"The instance '{instanceId}' is deployed: the buckets {config} and {data}, 10 DynamoDB tables and a queue.");
    }

    private static async Task MakeAsync(
        IAmazonDynamoDB client, string name, string hashKey, string? rangeKey = null, ScalarAttributeType? rangeType = null, (string Name, string Key)? index = null)
    {
        List<KeySchemaElement> keys = [new(hashKey, KeyType.HASH)];
        List<AttributeDefinition> attributes = [new(hashKey, ScalarAttributeType.S)];
        if (rangeKey is not null)
        {
            keys.Add(new KeySchemaElement(rangeKey, KeyType.RANGE));
            attributes.Add(new AttributeDefinition(rangeKey, rangeType ?? ScalarAttributeType.S));
        }

        var request = new CreateTableRequest { TableName = name, KeySchema = keys, AttributeDefinitions = attributes, BillingMode = BillingMode.PAY_PER_REQUEST };
        if (index is { } by)
        {
            attributes.Add(new AttributeDefinition(by.Key, ScalarAttributeType.S));
            request.GlobalSecondaryIndexes =
            [
                new GlobalSecondaryIndex { IndexName = by.Name, KeySchema = [new(by.Key, KeyType.HASH)], Projection = new Projection { ProjectionType = ProjectionType.ALL } },
            ];
        }

        await client.CreateTableAsync(request);
    }
}
