using Amazon.S3.Model;

namespace Sleeper.Ingest.Core.ObjectStores.S3;

/// <summary>Puts of whole objects, and finding out whose an object is.</summary>
/// <remarks>
/// <para>Put-if-absent is <c>If-None-Match: *</c>. 412 says that the object is there; 409 says that somebody else was putting it at that moment, and nothing about what is there.</para>
/// <para>An attempt whose answer was lost may have put the object: then the next one meets our own. So each write that may find its path taken bears a mark of its own as
/// metadata, and after a refusal that may be our own doing the object's mark is read. One that bears it is ours.</para>
/// </remarks>
internal sealed class S3Put(S3Bucket bucket)
{
    private const string MarkName = "sleeper-write";

    /// <summary>Marks one write: for its metadata, and to know it again.</summary>
    public string NewMark() => $"{bucket.Options.Random():x16}{bucket.Options.Random():x16}";

    public static void Mark(MetadataCollection metadata, string mark) => metadata[MarkName] = mark;

    /// <summary>Puts an object unless one is there.</summary>
    /// <param name="path">The object.</param>
    /// <param name="content">Its bytes.</param>
    /// <param name="cancellationToken">Gives up; whether the object is there is not known then.</param>
    /// <returns>True if this call put it.</returns>
    public async Task<bool> PutIfAbsentAsync(string path, PutContent content, CancellationToken cancellationToken)
    {
        string mark = NewMark();
        var doubt = bucket.NewDoubt();
        for (int attempt = 1; ; attempt++)
        {
            try
            {
                await SendAsync(path, content, mark, doubt, cancellationToken).ConfigureAwait(false);
                return true;
            }
            catch (Exception error) when (S3Faults.Of(error) is S3Fault.ConditionFailed && !doubt.IsInDoubt)
            {
                return false;
            }
            catch (Exception error) when (S3Faults.Of(error) is S3Fault.ConditionFailed or S3Fault.Conflict)
            {
                if (await IsOursAsync(path, mark, cancellationToken).ConfigureAwait(false) is { } isOurs)
                {
                    return isOurs;
                }

                // Nothing is there: the other put failed, or its object was deleted meanwhile. The same bytes again.
                if (attempt >= bucket.Options.MaxAttempts)
                {
                    throw S3Errors.Translate(bucket, S3Action.Put, path, error);
                }
            }
            catch (Exception error) when (S3Faults.Of(error) != S3Fault.Other)
            {
                cancellationToken.ThrowIfCancellationRequested();
                throw S3Errors.Translate(bucket, S3Action.Put, path, error, hadNoEffect: !doubt.IsInDoubt);
            }

            await bucket.WaitAsync(attempt, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Puts an object, in place of the one that may be there.</summary>
    public async Task PutAsync(string path, PutContent content, CancellationToken cancellationToken)
    {
        var doubt = bucket.NewDoubt();
        for (int attempt = 1; ; attempt++)
        {
            try
            {
                await SendAsync(path, content, mark: null, doubt, cancellationToken).ConfigureAwait(false);
                return;
            }
            catch (Exception error) when (S3Faults.Of(error) != S3Fault.Other)
            {
                cancellationToken.ThrowIfCancellationRequested();
                if (S3Faults.Of(error) != S3Fault.Conflict || attempt >= bucket.Options.MaxAttempts)
                {
                    throw S3Errors.Translate(bucket, S3Action.Put, path, error, hadNoEffect: !doubt.IsInDoubt);
                }
            }

            await bucket.WaitAsync(attempt, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Whether the object at a path bears a mark; null if there is none.</summary>
    public async Task<bool?> IsOursAsync(string path, string mark, CancellationToken cancellationToken)
    {
        try
        {
            var request = new GetObjectMetadataRequest { BucketName = bucket.BucketName, Key = bucket.KeyOf(path) };
            var found = await bucket.SendAsync(token => bucket.Client.GetObjectMetadataAsync(request, token), doubt: null, cancellationToken).ConfigureAwait(false);
            return found.Metadata[MarkName] == mark;
        }
        catch (Exception error) when (S3Faults.Of(error) == S3Fault.Missing)
        {
            return null;
        }
        catch (Exception error) when (S3Faults.Of(error) != S3Fault.Other)
        {
            cancellationToken.ThrowIfCancellationRequested();
            throw S3Errors.Translate(bucket, S3Action.Head, path, error);
        }
    }

    private Task<PutObjectResponse> SendAsync(string path, PutContent content, string? mark, S3Doubt doubt, CancellationToken cancellationToken)
    {
        string key = bucket.KeyOf(path);
        string? checksum = bucket.Options.Checksums ? content.Checksum : null;
        return bucket.SendAsync(
            async token =>
            {
                using var body = content.OpenStream();
                var request = new PutObjectRequest
                {
                    BucketName = bucket.BucketName,
                    Key = key,
                    InputStream = body,
                    ContentType = "application/octet-stream",
                    ChecksumCRC32 = checksum,
                    DisableDefaultChecksumValidation = checksum is null,
                    DisablePayloadSigning = !bucket.SignsBodies,
                    UseChunkEncoding = false,
                };
                if (mark is not null)
                {
                    request.IfNoneMatch = "*";
                    Mark(request.Metadata, mark);
                }

                return await bucket.Client.PutObjectAsync(request, token).ConfigureAwait(false);
            },
            doubt,
            cancellationToken);
    }
}
