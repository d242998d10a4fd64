using System.Runtime.CompilerServices;
using Amazon.S3;
using Amazon.S3.Model;

namespace Sleeper.Ingest.Core.ObjectStores.S3;

/// <summary>The requests of uploads in parts.</summary>
internal static class S3Uploads
{
    /// <summary>Starts one and returns its id. One that was started by an attempt whose answer was lost stays behind as unfinished.</summary>
    public static async Task<string> StartAsync(S3Bucket bucket, string path, string mark, CancellationToken cancellationToken)
    {
        var request = new InitiateMultipartUploadRequest
        {
            BucketName = bucket.BucketName,
            Key = bucket.KeyOf(path),
            ContentType = "application/octet-stream",
            ChecksumAlgorithm = bucket.Options.Checksums ? ChecksumAlgorithm.CRC32 : null,
        };
        S3Put.Mark(request.Metadata, mark);
        var started = await SendAsync(bucket, S3Action.StartUpload, path, token => bucket.Client.InitiateMultipartUploadAsync(request, token), cancellationToken).ConfigureAwait(false);
        return started.UploadId;
    }

    /// <summary>Uploads one part. Sending it again replaces it.</summary>
    public static async Task<PartETag> PutPartAsync(S3Bucket bucket, string path, string uploadId, int number, PutContent content, CancellationToken cancellationToken)
    {
        string? checksum = bucket.Options.Checksums ? content.Checksum : null;
        var sent = await SendAsync(
            bucket,
            S3Action.PutPart,
            path,
            async token =>
            {
                using var body = content.OpenStream();
                return await bucket.Client.UploadPartAsync(
                    new UploadPartRequest
                    {
                        BucketName = bucket.BucketName,
                        Key = bucket.KeyOf(path),
                        UploadId = uploadId,
                        PartNumber = number,
                        PartSize = content.LengthBytes,
                        InputStream = body,
                        ChecksumCRC32 = checksum,
                        DisableDefaultChecksumValidation = checksum is null,
                        DisablePayloadSigning = !bucket.SignsBodies,
                        UseChunkEncoding = false,
                    },
                    token).ConfigureAwait(false);
            },
            cancellationToken).ConfigureAwait(false);
        return new PartETag(number, sent.ETag) { ChecksumCRC32 = checksum };
    }

    /// <summary>Makes the object appear, unless one is there.</summary>
    /// <returns>True if the object at the path is this upload's.</returns>
    public static async Task<bool> CompleteAsync(
        S3Bucket bucket, S3Put puts, string path, string uploadId, string mark, List<PartETag> parts, CancellationToken cancellationToken)
    {
        for (int attempt = 1; ; attempt++)
        {
            Exception refusal;
            try
            {
                var request = new CompleteMultipartUploadRequest
                {
                    BucketName = bucket.BucketName,
                    Key = bucket.KeyOf(path),
                    UploadId = uploadId,
                    PartETags = parts,
                    IfNoneMatch = "*",
                };
                await bucket.SendAsync(token => bucket.Client.CompleteMultipartUploadAsync(request, token), doubt: null, cancellationToken).ConfigureAwait(false);
                return true;
            }
            catch (Exception error) when (S3Faults.Of(error) is S3Fault.ConditionFailed or S3Fault.Conflict or S3Fault.Missing)
            {
                refusal = error;
            }
            catch (Exception error) when (S3Faults.Of(error) != S3Fault.Other)
            {
                cancellationToken.ThrowIfCancellationRequested();
                throw S3Errors.Translate(bucket, S3Action.CompleteUpload, path, error);
            }

            // An attempt whose answer was lost may have completed it: then the path is taken by us, and the upload is gone.
            if (await puts.IsOursAsync(path, mark, cancellationToken).ConfigureAwait(false) is { } isOurs)
            {
                return isOurs;
            }

            if (S3Faults.Of(refusal) == S3Fault.Missing || attempt >= bucket.Options.MaxAttempts)
            {
                throw S3Errors.Translate(bucket, S3Action.CompleteUpload, path, refusal);
            }

            await bucket.WaitAsync(attempt, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Removes what was uploaded so far. Nothing happens if the upload is gone.</summary>
    public static async Task AbortAsync(S3Bucket bucket, string path, string uploadId, CancellationToken cancellationToken)
    {
        var request = new AbortMultipartUploadRequest { BucketName = bucket.BucketName, Key = bucket.KeyOf(path), UploadId = uploadId };
        try
        {
            await bucket.SendAsync(token => bucket.Client.AbortMultipartUploadAsync(request, token), doubt: null, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception error) when (S3Faults.Of(error) == S3Fault.Missing)
        {
            // Gone already.
        }
        catch (Exception error) when (S3Faults.Of(error) != S3Fault.Other)
        {
            cancellationToken.ThrowIfCancellationRequested();
            throw S3Errors.Translate(bucket, S3Action.AbortUpload, path, error);
        }
    }

    /// <summary>The same on the way out of an error, which a second one must not hide. What is left is listed as unfinished.</summary>
    public static async Task TryAbortAsync(S3Bucket bucket, string path, string uploadId)
    {
        try
        {
            await AbortAsync(bucket, path, uploadId, CancellationToken.None).ConfigureAwait(false);
        }
        catch (ObjectStoreException)
        {
            // A later maintenance finds the upload.
        }
    }

    /// <summary>Uploads that were neither completed nor aborted.</summary>
    public static async IAsyncEnumerable<MultipartUpload> ListAsync(S3Bucket bucket, string prefix, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        string? keyMarker = null;
        string? uploadMarker = null;
        while (true)
        {
            var request = new ListMultipartUploadsRequest
            {
                BucketName = bucket.BucketName,
                Prefix = bucket.PrefixOf(prefix),
                KeyMarker = keyMarker,
                UploadIdMarker = uploadMarker,
            };
            var page = await SendAsync(bucket, S3Action.ListUploads, prefix, token => bucket.Client.ListMultipartUploadsAsync(request, token), cancellationToken).ConfigureAwait(false);
            foreach (var upload in page.MultipartUploads ?? [])
            {
                yield return upload;
            }

            if (page.IsTruncated != true)
            {
                yield break;
            }

            (keyMarker, uploadMarker) = (page.NextKeyMarker, page.NextUploadIdMarker);
        }
    }

    private static async Task<T> SendAsync<T>(S3Bucket bucket, S3Action action, string path, Func<CancellationToken, Task<T>> send, CancellationToken cancellationToken)
    {
        try
        {
            return await bucket.SendAsync(send, doubt: null, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception error) when (S3Faults.Of(error) != S3Fault.Other)
        {
            cancellationToken.ThrowIfCancellationRequested();
            throw S3Errors.Translate(bucket, action, path, error);
        }
    }
}
