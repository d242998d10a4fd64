using Amazon.DynamoDBv2;
using Amazon.Runtime;
using Amazon.S3;
using Amazon.SecurityToken;
using Sleeper.Ingest.Core.ObjectStores.S3;
using Sleeper.Ingest.Core.Queues.Sqs;

namespace Sleeper.Ingest.Core.StateStores.DynamoDb.Instances;

/// <summary>How a deployed instance is reached. By default as the AWS SDK's users expect: credentials, region and endpoints by its own chain.</summary>
public sealed record SleeperInstanceOptions
{
    /// <summary>Credentials of the clients that are made here. Default: null, the SDK's chain (environment, profile, web identity, container, instance).</summary>
    public AWSCredentials? Credentials { get; init; }

    /// <summary>Settings of the S3 client: region, endpoint, path-style addresses, HTTP. Default: null, the SDK's.</summary>
    public AmazonS3Config? S3Config { get; init; }

    /// <summary>Settings of the DynamoDB client. Default: null, the SDK's.</summary>
    public AmazonDynamoDBConfig? DynamoDbConfig { get; init; }

    /// <summary>Settings of the client that asks which account this is; it is made only if that must be asked. Default: null, the SDK's.</summary>
    public AmazonSecurityTokenServiceConfig? SecurityTokenConfig { get; init; }

    /// <summary>A client of your own in place of one made here. It is not disposed of. Default: null.</summary>
    public IAmazonS3? S3Client { get; init; }

    /// <summary>A client of your own in place of one made here. It is not disposed of. Default: null.</summary>
    public IAmazonDynamoDB? DynamoDbClient { get; init; }

    /// <summary>Settings of the SQS client; it is made only for commits through the queue of the instance's committer. Default: null, the SDK's.</summary>
    public SqsClientConfig? SqsConfig { get; init; }

    /// <summary>A client of your own in place of one made here. It is not disposed of. Default: null.</summary>
    public SqsClient? SqsClient { get; init; }

    /// <summary>
    /// How the config and data buckets are read and written: sizes of parts, requests at once, attempts, waits. How they are reached is said above: KeyPrefix, Region,
    /// ServiceUrl and ForcePathStyle must be left alone. Default: null, the defaults of <see cref="S3ObjectStoreOptions"/>, but files are uploaded in parts of the
    /// size that the instance's <c>sleeper.ingest.async.crt.part.size.bytes</c> says (128 MiB unless it is set), as far as an ingest's memory budget has room for them.
    /// </summary>
    public S3ObjectStoreOptions? StoreOptions { get; init; }

    /// <summary>
    /// The AWS account that the instance is in, 12 digits: part of its config bucket's name. Default: null, the one of the credentials (one call of
    /// <c>sts:GetCallerIdentity</c>). Not used if the config bucket itself is given.
    /// </summary>
    public string? AccountId { get; init; }

    /// <summary>
    /// True to work with an instance of a version of Sleeper that this library was not made for. A table's log that is extended in a wrong way stops the whole
    /// table, so this is for those who know that nothing of it differs. Default: false.
    /// </summary>
    public bool AcceptAnyVersion { get; init; }
}
