using Amazon.DynamoDBv2;
using Amazon.Runtime;
using Amazon.S3;
using Amazon.SecurityToken;
using Amazon.SecurityToken.Model;
using Sleeper.Ingest.Core.ObjectStores.S3;
using Sleeper.Ingest.Core.Queues.Sqs;

namespace Sleeper.Ingest.Core.StateStores.DynamoDb.Instances;

/// <summary>The SDK's clients for an instance: the caller's, or made here and disposed of here.</summary>
internal sealed class InstanceClients : IDisposable
{
    private readonly SleeperInstanceOptions _options;
    private readonly List<IDisposable> _owned = [];
    private readonly Lazy<SqsClient> _sqs;

    /// <exception cref="IngestException">The SDK finds no region or no credentials.</exception>
    /// <exception cref="ArgumentException">An option is set that has no meaning here.</exception>
    public InstanceClients(SleeperInstanceOptions options)
    {
        if (options.StoreOptions is { } store && (store.KeyPrefix.Length > 0 || store.Region is not null || store.ServiceUrl is not null || store.ForcePathStyle is not null))
        {
            throw new ArgumentException(
                "StoreOptions of an instance say how its buckets are read and written, not where they are: leave KeyPrefix, Region, ServiceUrl and ForcePathStyle alone, and set S3Config.",
                nameof(options));
        }

        _options = options;

        // The store sends again by itself, and then knows which answers are in doubt.
        var config = options.S3Config ?? new AmazonS3Config { MaxErrorRetry = 0 };
        S3 = options.S3Client ?? Own(() => options.Credentials is { } c ? new AmazonS3Client(c, config) : new AmazonS3Client(config));
        DynamoDb = options.DynamoDbClient ?? Own(() => options.Credentials is { } c
            ? new AmazonDynamoDBClient(c, options.DynamoDbConfig ?? new())
            : new AmazonDynamoDBClient(options.DynamoDbConfig ?? new()));
        _sqs = new Lazy<SqsClient>(() => options.SqsClient ?? Own(() => options.Credentials is { } c
            ? new SqsClient(c, options.SqsConfig)
            : new SqsClient(options.SqsConfig)));
    }

    public IAmazonS3 S3 { get; }

    public IAmazonDynamoDB DynamoDb { get; }

    /// <summary>A bucket of the instance, for parts of a size where the caller has not chosen another.</summary>
    public S3ObjectStore Bucket(string name, int partSizeBytes) => new(S3, name, _options.StoreOptions ?? new S3ObjectStoreOptions { PartSizeBytes = partSizeBytes });

    /// <summary>A bucket of the instance.</summary>
    public S3ObjectStore Bucket(string name) => new(S3, name, _options.StoreOptions);

    /// <summary>Made when it is first asked for: who commits directly needs none.</summary>
    /// <exception cref="IngestException">The SDK finds no region or no credentials.</exception>
    public SqsClient Sqs => _sqs.Value;

    /// <summary>The account that the credentials belong to.</summary>
    public async Task<string> FindAccountAsync(CancellationToken cancellationToken)
    {
        try
        {
            var config = _options.SecurityTokenConfig ?? new();
            using var client = _options.Credentials is { } c ? new AmazonSecurityTokenServiceClient(c, config) : new AmazonSecurityTokenServiceClient(config);
            return (await client.GetCallerIdentityAsync(new GetCallerIdentityRequest(), cancellationToken).ConfigureAwait(false)).Account;
        }
        catch (Exception e) when (!(e is OperationCanceledException && cancellationToken.IsCancellationRequested))
        {
            throw new IngestException(
                $"The AWS account could not be found out with sts:GetCallerIdentity, which the name of the instance's config bucket needs: {e.Message} "
                + "Check credentials, region and the clock of this machine, set AccountId, or give the name of the config bucket.", e)
            {
                IsRetryable = !DynamoDbErrors.IsRefusal(e),
            };
        }
    }

    public void Dispose()
    {
        foreach (var client in _owned)
        {
            client.Dispose();
        }
    }

    private T Own<T>(Func<T> make)
        where T : IDisposable
    {
        try
        {
            var client = make();
            _owned.Add(client);
            return client;
        }
        catch (AmazonClientException e)
        {
            Dispose();
            throw new IngestException($"A client of the AWS SDK could not be made: {e.Message} Give it a region and credentials as the SDK expects them, or in SleeperInstanceOptions.", e);
        }
    }
}
