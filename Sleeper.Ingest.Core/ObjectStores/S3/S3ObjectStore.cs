using System.Runtime.CompilerServices;
using Amazon;
using Amazon.Runtime;
using Amazon.S3;
using Amazon.S3.Model;

namespace Sleeper.Ingest.Core.ObjectStores.S3;

/// <summary>An object store in a bucket of S3, or of a service that speaks its language. Any number of processes may share the bucket.</summary>
/// <remarks>
/// <para>An object's key is the <see cref="S3ObjectStoreOptions.KeyPrefix"/> and its path. Short objects go up in one put, longer ones in parts while they are written,
/// within bounds of memory. Every answered write is durable, so a barrier has nothing left to do. Listings are in order and complete, as S3 promises.</para>
/// <para>Put-if-absent is <c>If-None-Match: *</c>, which the service must know: making a table finds out. Writes that may find their path taken carry a mark as metadata
/// (<c>sleeper-write</c>), by which the store knows an object of its own again after an answer was lost.</para>
/// <para>A request that meets a network fault, an error of the service or throttling is sent again, with waits (<see cref="S3ObjectStoreOptions.MaxAttempts"/>); under
/// throttling fewer requests are under way at once. A client that the store makes itself does not send again on its own. One that is given to it should not either
/// (<c>MaxErrorRetry = 0</c>): else the store cannot tell whether an attempt that nobody saw had an effect, looks at the object more often, and calls commits unknown
/// that it could have called failed.</para>
/// <para>Permissions on the objects: s3:GetObject, s3:PutObject, s3:DeleteObject, s3:AbortMultipartUpload; on the bucket: s3:ListBucket, and for maintenance
/// s3:ListBucketMultipartUploads. Buckets of S3 Express (directory buckets) are refused: they list in no order.</para>
/// <para>Thread-safe.</para>
/// </remarks>
public sealed class S3ObjectStore : IObjectStore, IUnfinishedObjects, IBufferedUploads, IDisposable
{
    private const string UploadMark = "?uploadId=";

    private readonly S3Bucket _bucket;
    private readonly S3Put _puts;
    private readonly bool _ownsClient;

    /// <summary>Opens a store with a client that the SDK makes of its default configuration: credentials, region, endpoint and proxy as the users of the SDK expect.</summary>
    /// <param name="bucket">The bucket, which must exist.</param>
    /// <param name="options">Settings; null for the defaults.</param>
    /// <exception cref="ArgumentException">A setting is wrong, or no region is configured.</exception>
    public S3ObjectStore(string bucket, S3ObjectStoreOptions? options = null)
        : this(MakeClient(options ?? new S3ObjectStoreOptions()), bucket, options, ownsClient: true)
    {
    }

    /// <summary>Opens a store with a client of the caller's, who disposes it when the store is not used any more.</summary>
    /// <param name="client">The way to the service: its credentials, endpoint, proxy and HTTP settings are used as they are.</param>
    /// <param name="bucket">The bucket, which must exist.</param>
    /// <param name="options">Settings; null for the defaults.</param>
    /// <exception cref="ArgumentException">A setting is wrong.</exception>
    public S3ObjectStore(IAmazonS3 client, string bucket, S3ObjectStoreOptions? options = null)
        : this(client, bucket, options, ownsClient: false)
    {
    }

    private S3ObjectStore(IAmazonS3 client, string bucket, S3ObjectStoreOptions? options, bool ownsClient)
    {
        ArgumentNullException.ThrowIfNull(client);
        ArgumentException.ThrowIfNullOrWhiteSpace(bucket);
        options ??= new S3ObjectStoreOptions();
        options.Check(nameof(options));
        ObjectPath.CheckPrefix(options.KeyPrefix, nameof(options));
        if (bucket.EndsWith("--x-s3", StringComparison.Ordinal))
        {
            throw new ArgumentException($"'{bucket}' is a directory bucket, which lists its objects in no order. Use a general purpose bucket.", nameof(bucket));
        }

        _bucket = new S3Bucket(client, bucket, options);
        _puts = new S3Put(_bucket);
        _ownsClient = ownsClient;
    }

    private S3ObjectStore(S3Bucket bucket)
    {
        _bucket = bucket;
        _puts = new S3Put(bucket);
    }

    /// <inheritdoc/>
    public string Name => _bucket.Name;

    /// <summary>The bucket.</summary>
    public string Bucket => _bucket.BucketName;

    /// <summary>How many requests may be under way at once at present.</summary>
    internal int RequestLimit => _bucket.Gate.Limit;

    /// <summary>Memory that parts under way take at present.</summary>
    internal long PartBytes => _bucket.PartMemory.UsedBytes;

    /// <inheritdoc/>
    public Task<bool> PutIfAbsentAsync(string path, ReadOnlyMemory<byte> content, CancellationToken cancellationToken = default)
    {
        ObjectPath.Check(path);
        cancellationToken.ThrowIfCancellationRequested();
        return _puts.PutIfAbsentAsync(path, PutContent.Of(content), cancellationToken);
    }

    /// <inheritdoc/>
    public Task PutAsync(string path, ReadOnlyMemory<byte> content, CancellationToken cancellationToken = default)
    {
        ObjectPath.Check(path);
        cancellationToken.ThrowIfCancellationRequested();
        return _puts.PutAsync(path, PutContent.Of(content), cancellationToken);
    }

    /// <inheritdoc/>
    /// <remarks>Sends no request: whether the path is taken is found out when the object is completed.</remarks>
    public ValueTask<IObjectWriter> CreateAsync(string path, CancellationToken cancellationToken = default)
    {
        ObjectPath.Check(path);
        cancellationToken.ThrowIfCancellationRequested();
        return ValueTask.FromResult<IObjectWriter>(new S3ObjectWriter(_bucket, path));
    }

    /// <inheritdoc/>
    public async ValueTask<IObjectReader?> OpenAsync(string path, CancellationToken cancellationToken = default)
    {
        ObjectPath.Check(path);
        return await S3ObjectReader.OpenAsync(_bucket, path, cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async ValueTask<ObjectInfo?> HeadAsync(string path, CancellationToken cancellationToken = default)
    {
        ObjectPath.Check(path);
        var request = new GetObjectMetadataRequest { BucketName = Bucket, Key = _bucket.KeyOf(path) };
        try
        {
            var found = await _bucket.SendAsync(token => _bucket.Client.GetObjectMetadataAsync(request, token), doubt: null, cancellationToken).ConfigureAwait(false);
            return new ObjectInfo(path, found.ContentLength, Time(found.LastModified));
        }
        catch (Exception error) when (S3Faults.Of(error) == S3Fault.Missing)
        {
            return null;
        }
        catch (Exception error) when (S3Faults.Of(error) != S3Fault.Other)
        {
            cancellationToken.ThrowIfCancellationRequested();
            throw S3Errors.Translate(_bucket, S3Action.Head, path, error);
        }
    }

    /// <inheritdoc/>
    public async Task DeleteAsync(string path, CancellationToken cancellationToken = default)
    {
        ObjectPath.Check(path);
        cancellationToken.ThrowIfCancellationRequested();
        var request = new DeleteObjectRequest { BucketName = Bucket, Key = _bucket.KeyOf(path) };
        try
        {
            await _bucket.SendAsync(token => _bucket.Client.DeleteObjectAsync(request, token), doubt: null, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception error) when (S3Faults.Of(error) == S3Fault.Missing)
        {
            // AWS calls it deleted all the same; others do not.
        }
        catch (Exception error) when (S3Faults.Of(error) != S3Fault.Other)
        {
            cancellationToken.ThrowIfCancellationRequested();
            throw S3Errors.Translate(_bucket, S3Action.Delete, path, error);
        }
    }

    /// <inheritdoc/>
    /// <remarks>Keys below the prefix that are no paths of objects, such as the <c>folder/</c> that consoles make, are left out.</remarks>
    public async IAsyncEnumerable<ObjectInfo> ListAsync(
        string prefix, string? startAfter = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        ObjectPath.CheckPrefix(prefix);
        var request = new ListObjectsV2Request
        {
            BucketName = Bucket,
            Prefix = _bucket.PrefixOf(prefix),
            StartAfter = startAfter is null ? null : _bucket.PrefixOf(startAfter),
        };
        do
        {
            var page = await ListPageAsync(request, prefix, cancellationToken).ConfigureAwait(false);
            foreach (var found in page.S3Objects ?? [])
            {
                string path = _bucket.PathOf(found.Key);
                if (ObjectPath.IsPath(path))
                {
                    yield return new ObjectInfo(path, found.Size ?? 0, Time(found.LastModified));
                }
            }

            request.ContinuationToken = page.IsTruncated == true ? page.NextContinuationToken : null;
        }
        while (request.ContinuationToken is not null);
    }

    /// <inheritdoc/>
    public ValueTask<IWriteBarrier> OpenBarrierAsync(CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return ValueTask.FromResult<IWriteBarrier>(new EmptyWriteBarrier());
    }

    /// <inheritdoc/>
    /// <remarks>Uploads in parts that were neither completed nor aborted. The service does not tell their length (0), and by their time it means when they began.</remarks>
    public async IAsyncEnumerable<UnfinishedObject> ListUnfinishedAsync(string prefix, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        ObjectPath.CheckPrefix(prefix);
        await foreach (var upload in S3Uploads.ListAsync(_bucket, prefix, cancellationToken).ConfigureAwait(false))
        {
            yield return new UnfinishedObject($"{_bucket.PathOf(upload.Key)}{UploadMark}{upload.UploadId}", 0, Time(upload.Initiated));
        }
    }

    /// <inheritdoc/>
    public Task RemoveUnfinishedAsync(UnfinishedObject unfinished, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(unfinished);
        cancellationToken.ThrowIfCancellationRequested();
        int end = unfinished.Name.LastIndexOf(UploadMark, StringComparison.Ordinal);
        return end > 0
            ? S3Uploads.AbortAsync(_bucket, unfinished.Name[..end], unfinished.Name[(end + UploadMark.Length)..], cancellationToken)
            : throw new ArgumentException($"'{unfinished.Name}' is not the name of an unfinished upload of '{Name}': it would hold '{UploadMark}'.", nameof(unfinished));
    }

    /// <remarks>Half of the share is for the part that each writer has in hand, which has the size that was set or less; what they leave is for parts under way.</remarks>
    (IObjectStore Store, long HeldBytes) IBufferedUploads.WithMemory(int writerCount, long longestObjectBytes, long shareBytes)
    {
        int partBytes = (int)Math.Clamp((shareBytes / (2L * writerCount)) - PartBuffer.MaxPieceBytes, S3ObjectStoreOptions.MinPartSizeBytes, _bucket.Options.PartSizeBytes);
        long inHandBytes = writerCount * (Math.Min(PartSizes.LargestOf(partBytes, longestObjectBytes), longestObjectBytes) + PartBuffer.MaxPieceBytes);
        long underWayBytes = longestObjectBytes <= partBytes ? 0 : Math.Clamp(shareBytes - inHandBytes, 0, _bucket.Options.MaxBufferedBytes);
        return (new S3ObjectStore(_bucket.With(partBytes, underWayBytes)), inHandBytes + underWayBytes);
    }

    /// <summary>Gives up the client, if the store made it.</summary>
    public void Dispose()
    {
        if (_ownsClient)
        {
            _bucket.Client.Dispose();
        }
    }

    private static AmazonS3Client MakeClient(S3ObjectStoreOptions options)
    {
        options.Check(nameof(options));
        var config = new AmazonS3Config
        {
            MaxErrorRetry = 0, // the store itself sends again: it must know what an attempt may have left
            Timeout = Timeout.InfiniteTimeSpan, // and it limits the time of each attempt
        };
        if (!options.Checksums)
        {
            config.RequestChecksumCalculation = RequestChecksumCalculation.WHEN_REQUIRED;
            config.ResponseChecksumValidation = ResponseChecksumValidation.WHEN_REQUIRED;
        }

        if (options.Region is not null)
        {
            config.RegionEndpoint = RegionEndpoint.GetBySystemName(options.Region);
        }

        if (options.ServiceUrl is not null)
        {
            string region = options.Region ?? config.RegionEndpoint?.SystemName ?? RegionEndpoint.USEast1.SystemName;
            config.ServiceURL = options.ServiceUrl; // takes the region away
            config.AuthenticationRegion = region;
        }

        config.ForcePathStyle = options.ForcePathStyle ?? options.ServiceUrl is not null;
        try
        {
            return new AmazonS3Client(config);
        }
        catch (AmazonClientException error)
        {
            throw new ArgumentException(
                $"No S3 client can be made of the AWS configuration: {error.Message.TrimEnd('.')}. Set Region (or AWS_REGION, or a profile's region), or give the store a client.", nameof(options), error);
        }
    }

    private async Task<ListObjectsV2Response> ListPageAsync(ListObjectsV2Request request, string prefix, CancellationToken cancellationToken)
    {
        try
        {
            return await _bucket.SendAsync(token => _bucket.Client.ListObjectsV2Async(request, token), doubt: null, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception error) when (S3Faults.Of(error) != S3Fault.Other)
        {
            cancellationToken.ThrowIfCancellationRequested();
            throw S3Errors.Translate(_bucket, S3Action.List, prefix, error);
        }
    }

    private static DateTimeOffset Time(DateTime? time) => time is null ? default : new DateTimeOffset(time.Value.ToUniversalTime(), TimeSpan.Zero);
}
