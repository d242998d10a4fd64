using System.Text;
using Amazon;
using Amazon.Runtime;
using Amazon.S3;

namespace Sleeper.Ingest.Core.ObjectStores.S3;

/// <summary>One bucket and the way to it: sends requests, as many at once as the service bears, again if they fail on their way.</summary>
internal sealed class S3Bucket
{
    private const int MaxKeyBytes = 1024;

    private readonly S3ObjectStoreOptions _options;
    private readonly string _keyPrefix;
    private readonly Lazy<bool> _signsBodies;

    public S3Bucket(IAmazonS3 client, string bucketName, S3ObjectStoreOptions options, RequestGate? gate = null)
    {
        Client = client;
        BucketName = bucketName;
        _options = options;
        _keyPrefix = options.KeyPrefix.Length == 0 || options.KeyPrefix.EndsWith('/') ? options.KeyPrefix : $"{options.KeyPrefix}/";
        Name = $"s3://{bucketName}/{_keyPrefix}".TrimEnd('/');
        Gate = gate ?? new RequestGate(options.MaxConcurrentRequests);
        PartMemory = new PartMemory(options.MaxBufferedBytes);
        _signsBodies = new Lazy<bool>(() => options.SignPayload || !IsEncrypted());
    }

    public IAmazonS3 Client { get; }

    public string BucketName { get; }

    public string Name { get; }

    public RequestGate Gate { get; }

    /// <summary>For all objects being written.</summary>
    public PartMemory PartMemory { get; }

    public S3ObjectStoreOptions Options => _options;

    /// <summary>The same bucket, whose requests are counted with those of this one, with other sizes of parts and memory for them.</summary>
    public S3Bucket With(int partSizeBytes, long bufferedBytes) =>
        new(Client, BucketName, _options with { PartSizeBytes = partSizeBytes, MaxBufferedBytes = bufferedBytes }, Gate);

    /// <summary>Whether bodies are signed: the SDK refuses to leave that out where nothing else protects them.</summary>
    public bool SignsBodies => _signsBodies.Value;

    /// <summary>The part of the AWS world, for names of resources.</summary>
    public string Partition => (Client.Config as ClientConfig)?.RegionEndpoint?.PartitionName ?? RegionEndpoint.USEast1.PartitionName;

    public string KeyOf(string path)
    {
        string key = _keyPrefix + path;
        return Encoding.UTF8.GetByteCount(key) <= MaxKeyBytes
            ? key
            : throw new ArgumentException($"The key '{key}' has more than {MaxKeyBytes} bytes in UTF-8, the most that S3 allows: choose a shorter KeyPrefix or path.", nameof(path));
    }

    public string PrefixOf(string prefix) => _keyPrefix + prefix;

    public string PathOf(string key) => key[_keyPrefix.Length..];

    /// <summary>A doubt about a write that begins. A client that sends requests again by itself, as the SDK's do by default, leaves one from the start.</summary>
    public S3Doubt NewDoubt() => new(Client.Config.MaxErrorRetry > 0);

    /// <summary>Sends a request until it is answered, or the attempts are used up.</summary>
    /// <param name="send">Sends it once and takes its whole answer.</param>
    /// <param name="doubt">Told of attempts that may have had an effect; null for reads.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="Exception">The SDK's own error of the last attempt: <see cref="S3Faults"/> says what it means.</exception>
    public async Task<T> SendAsync<T>(Func<CancellationToken, Task<T>> send, S3Doubt? doubt, CancellationToken cancellationToken)
    {
        for (int attempt = 1; ; attempt++)
        {
            int entered = await Gate.EnterAsync(cancellationToken).ConfigureAwait(false);
            bool? wasThrottled = null;
            try
            {
                using var time = new CancellationTokenSource(_options.AttemptTimeout, _options.Clock);
                using var either = CancellationTokenSource.CreateLinkedTokenSource(time.Token, cancellationToken);
                var answer = await send(either.Token).ConfigureAwait(false);
                wasThrottled = false;
                return answer;
            }
            catch (Exception error) when (!cancellationToken.IsCancellationRequested)
            {
                var fault = S3Faults.Of(error);
                wasThrottled = fault == S3Fault.Throttled ? true : fault is S3Fault.Transient or S3Fault.Other ? null : false;
                doubt?.Note(fault);
                if (!S3Faults.IsWorthAnotherAttempt(fault) || attempt >= _options.MaxAttempts)
                {
                    throw;
                }
            }
            finally
            {
                Gate.Leave(entered, wasThrottled);
            }

            await WaitAsync(attempt, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Waits before the next attempt: a random share of a ceiling that doubles, so that many clients that failed together do not come back together.</summary>
    public Task WaitAsync(int attempt, CancellationToken cancellationToken)
    {
        double ceiling = Math.Min(_options.MaxRetryDelay.TotalMilliseconds, _options.FirstRetryDelay.TotalMilliseconds * Math.Pow(2, Math.Min(attempt - 1, 40)));
        double share = (_options.Random() >> 11) * (1.0 / (1UL << 53));
        return Task.Delay(TimeSpan.FromMilliseconds(ceiling * share), _options.Clock, cancellationToken);
    }

    private bool IsEncrypted()
    {
        try
        {
            var endpoint = Client.DetermineServiceOperationEndpoint(new Amazon.S3.Model.GetObjectRequest { BucketName = BucketName, Key = "x" });
            return endpoint.URL.StartsWith("https:", StringComparison.OrdinalIgnoreCase);
        }
        catch (AmazonClientException)
        {
            return false; // it will be said by the first request
        }
    }
}
