using Amazon.DynamoDBv2;
using Amazon.S3;
using Amazon.SecurityToken;
using Sleeper.Ingest.Core.Jobs;
using Sleeper.Ingest.Core.ObjectStores;
using Sleeper.Ingest.Core.ObjectStores.S3;
using Sleeper.Ingest.Core.Queues;
using Sleeper.Ingest.Core.Queues.Sqs;
using Sleeper.Ingest.Core.StateStores.DynamoDb.Instances;

namespace Sleeper.Ingest.Core.Samples;

/// <summary>What the places on the command line mean.</summary>
/// <param name="endpoint">Another service than AWS, such as an emulator; null for what the SDK finds.</param>
internal sealed class Places(string? endpoint)
{
    private const string InstanceScheme = "sleeper://";
    private const string BucketScheme = "s3://";

    /// <summary>Files of this machine, and of every bucket that the process may read. A path is a bucket's only where it says so.</summary>
    public JobInputs Inputs => new()
    {
        AllowsLocalFiles = true,
        OpenBucket = bucket => Bucket(bucket, ""),
    };

    public SqsClient Sqs => field ??= new SqsClient(endpoint is null ? null : new SqsClientConfig { ServiceURL = endpoint });

    public IObjectStore Store(string place)
    {
        if (!place.StartsWith(BucketScheme, StringComparison.Ordinal))
        {
            return new LocalObjectStore(place);
        }

        string[] parts = place[BucketScheme.Length..].Split('/', 2);
        return Bucket(parts[0], parts.Length > 1 && parts[1].Length > 0 ? parts[1].TrimEnd('/') + "/" : "");
    }

    public IMessageQueue Queue(string place) => place.StartsWith("http", StringComparison.Ordinal)
        ? new SqsQueue(Sqs, place)
        : new ObjectStoreQueue(Store(place));

    public static bool IsInstance(string place) => place.StartsWith(InstanceScheme, StringComparison.Ordinal);

    public Task<SleeperInstance> InstanceAsync(string place, CancellationToken token) => SleeperInstance.OpenAsync(
        place[InstanceScheme.Length..],
        endpoint is null ? null : new SleeperInstanceOptions
        {
            S3Config = S3Config(),
            DynamoDbConfig = new AmazonDynamoDBConfig { ServiceURL = endpoint },
            SecurityTokenConfig = new AmazonSecurityTokenServiceConfig { ServiceURL = endpoint },
            SqsClient = Sqs,
        },
        token);

    /// <summary>A file's name as any worker on this machine understands it.</summary>
    public static string Absolute(string file) => file.Contains("://", StringComparison.Ordinal) ? file : Path.GetFullPath(file);

    private S3ObjectStore Bucket(string bucket, string prefix)
    {
        var options = new S3ObjectStoreOptions { KeyPrefix = prefix };
        return endpoint is null ? new S3ObjectStore(bucket, options) : new S3ObjectStore(new AmazonS3Client(S3Config()), bucket, options);
    }

    private AmazonS3Config S3Config() => new() { ServiceURL = endpoint, ForcePathStyle = true };
}
