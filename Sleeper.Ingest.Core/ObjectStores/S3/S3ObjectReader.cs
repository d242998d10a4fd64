using System.Globalization;
using System.Net;
using Amazon.S3.Model;

namespace Sleeper.Ingest.Core.ObjectStores.S3;

/// <summary>Reads ranges of one object as it was when it was opened: if it is replaced meanwhile, reads fail instead of mixing two objects.</summary>
internal sealed class S3ObjectReader : IObjectReader
{
    /// <summary>
    /// Opening reads as much of the beginning, in the request that finds out the length: log entries, intents and most snapshots then need no other. It takes a
    /// millisecond of a request that takes twenty.
    /// </summary>
    private const int FirstReadBytes = 64 * 1024;

    private readonly S3Bucket _bucket;
    private readonly string _path;
    private readonly string? _tag;
    private readonly ReadOnlyMemory<byte> _whole;

    private S3ObjectReader(S3Bucket bucket, string path, long lengthBytes, string? tag, ReadOnlyMemory<byte> whole)
    {
        _bucket = bucket;
        _path = path;
        LengthBytes = lengthBytes;
        _tag = tag;
        _whole = whole;
    }

    public long LengthBytes { get; }

    /// <summary>Opens an object; null if there is none.</summary>
    public static async ValueTask<S3ObjectReader?> OpenAsync(S3Bucket bucket, string path, CancellationToken cancellationToken)
    {
        var request = new GetObjectRequest { BucketName = bucket.BucketName, Key = bucket.KeyOf(path), ByteRange = new ByteRange(0, FirstReadBytes - 1) };
        try
        {
            return await bucket.SendAsync(
                async token =>
                {
                    using var answer = await bucket.Client.GetObjectAsync(request, token).ConfigureAwait(false);
                    long length = LengthOf(answer);
                    byte[] whole = new byte[length <= FirstReadBytes ? length : 0];
                    await answer.ResponseStream.ReadExactlyAsync(whole, token).ConfigureAwait(false);
                    return new S3ObjectReader(bucket, path, length, answer.ETag, whole);
                },
                doubt: null,
                cancellationToken).ConfigureAwait(false);
        }
        catch (Exception error) when (S3Faults.Of(error) == S3Fault.Missing)
        {
            return null;
        }
        catch (Exception error) when (S3Faults.Of(error) == S3Fault.OutOfRange)
        {
            return new S3ObjectReader(bucket, path, 0, null, default); // the first byte is beyond the end: there are none
        }
        catch (Exception error) when (S3Faults.Of(error) != S3Fault.Other)
        {
            cancellationToken.ThrowIfCancellationRequested();
            throw S3Errors.Translate(bucket, S3Action.Get, path, error);
        }
    }

    public async ValueTask ReadAsync(long offset, Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        cancellationToken.ThrowIfCancellationRequested();
        if (offset > LengthBytes - buffer.Length)
        {
            throw new EndOfStreamException($"The object '{_path}' in '{_bucket.Name}' has {LengthBytes} bytes; {buffer.Length} from byte {offset} on were asked for.");
        }

        if (_whole.Length == LengthBytes)
        {
            _whole.Slice((int)offset, buffer.Length).CopyTo(buffer);
        }
        else if (buffer.Length > 0)
        {
            await ReadRangeAsync(offset, buffer, cancellationToken).ConfigureAwait(false);
        }
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private async Task ReadRangeAsync(long offset, Memory<byte> buffer, CancellationToken cancellationToken)
    {
        var request = new GetObjectRequest
        {
            BucketName = _bucket.BucketName,
            Key = _bucket.KeyOf(_path),
            ByteRange = new ByteRange(offset, offset + buffer.Length - 1),
            EtagToMatch = _tag,
        };
        try
        {
            await _bucket.SendAsync(
                async token =>
                {
                    using var answer = await _bucket.Client.GetObjectAsync(request, token).ConfigureAwait(false);
                    RequirePart(answer, offset);
                    await answer.ResponseStream.ReadExactlyAsync(buffer, token).ConfigureAwait(false);
                    return true;
                },
                doubt: null,
                cancellationToken).ConfigureAwait(false);
        }
        catch (Exception error) when (S3Faults.Of(error) is S3Fault.Missing or S3Fault.ConditionFailed or S3Fault.OutOfRange)
        {
            throw new ObjectStoreException(
                _bucket.Name, _path, $"The object '{request.Key}' in the bucket '{_bucket.BucketName}' was deleted or replaced while it was being read. Open it again.", error)
            {
                IsRetryable = true,
            };
        }
        catch (Exception error) when (S3Faults.Of(error) != S3Fault.Other)
        {
            cancellationToken.ThrowIfCancellationRequested();
            throw S3Errors.Translate(_bucket, S3Action.Get, _path, error);
        }
    }

    /// <summary>The object's whole length: behind the slash of "bytes 0-99/1234", or that of the body where the service gave all of it.</summary>
    private static long LengthOf(GetObjectResponse answer)
    {
        string? range = answer.ContentRange;
        return range is not null && long.TryParse(range.AsSpan(range.LastIndexOf('/') + 1), NumberStyles.None, CultureInfo.InvariantCulture, out long length)
            ? length
            : answer.ContentLength;
    }

    private void RequirePart(GetObjectResponse answer, long offset)
    {
        if (answer.HttpStatusCode != HttpStatusCode.PartialContent && offset != 0)
        {
            throw new ObjectStoreException(
                _bucket.Name, _path, $"The bucket '{_bucket.BucketName}' gave the whole object '{_bucket.KeyOf(_path)}' where a part of it was asked for. Use a service that gives ranges of bytes.");
        }
    }
}
