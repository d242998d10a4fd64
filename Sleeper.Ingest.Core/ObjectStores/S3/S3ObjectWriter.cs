using Amazon.S3;
using Amazon.S3.Model;

namespace Sleeper.Ingest.Core.ObjectStores.S3;

/// <summary>Writes one object: in one put if it is short, else as an upload in parts while it is being written.</summary>
/// <remarks>
/// <code>
/// Append -> part in hand -> (full) -> under way, several at once -> their ETags -> complete: the object appears
/// </code>
/// Memory: the part in hand is always there; each part under way beyond that is counted in the store's <see cref="PartMemory"/>. Who gets none waits until a part
/// of its own has arrived, so writers never wait for one another. An upload that does not complete is aborted when the writer is disposed; what a killed process
/// leaves is listed as unfinished. One caller at a time.
/// </remarks>
internal sealed class S3ObjectWriter(S3Bucket bucket, string path) : IObjectWriter
{
    private readonly S3Put _puts = new(bucket);
    private readonly List<Task> _underWay = [];
    private readonly List<PartETag> _parts = [];
    private readonly string _key = bucket.KeyOf(path);
    private readonly CancellationTokenSource _disposing = new();
    private PartBuffer? _inHand = new(bucket.Options.PartPool);
    private string? _uploadId;
    private string _mark = "";
    private int _partNumber = 1;
    private bool _hasFailed;
    private bool _isDisposed;

    public long LengthBytes { get; private set; }

    public async ValueTask AppendAsync(ReadOnlyMemory<byte> content, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        RequireOpen();
        try
        {
            while (content.Length > 0)
            {
                long room = PartSizes.Of(bucket.Options.PartSizeBytes, _partNumber) - _inHand!.LengthBytes;
                if (room == 0)
                {
                    await SendPartAsync(cancellationToken).ConfigureAwait(false);
                    continue;
                }

                int count = (int)Math.Min(content.Length, room);
                _inHand.Append(content.Span[..count]);
                content = content[count..];
                LengthBytes += count;
            }
        }
        catch (Exception)
        {
            _hasFailed = true;
            throw;
        }
    }

    public async ValueTask CompleteAsync(CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        RequireOpen();
        bool isOurs;
        try
        {
            isOurs = _uploadId is null
                ? await _puts.PutIfAbsentAsync(path, PutContent.Of(_inHand!), cancellationToken).ConfigureAwait(false)
                : await CompleteUploadAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (Exception)
        {
            _hasFailed = true;
            throw;
        }

        if (!isOurs)
        {
            _hasFailed = true;
            throw new ObjectExistsException(bucket.Name, path);
        }

        _uploadId = null;
        _inHand!.Dispose();
        _inHand = null;
    }

    public async ValueTask DisposeAsync()
    {
        if (_isDisposed)
        {
            return;
        }

        _isDisposed = true;
        // The parts first: one that arrives after the abort would stay, and their buffers are in use.
        await _disposing.CancelAsync().ConfigureAwait(false);
        foreach (var part in _underWay)
        {
            await part.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        _underWay.Clear();
        _inHand?.Dispose();
        _inHand = null;
        if (_uploadId is { } uploadId)
        {
            _uploadId = null;
            await S3Uploads.TryAbortAsync(bucket, path, uploadId).ConfigureAwait(false);
        }

        _disposing.Dispose();
    }

    private void RequireOpen()
    {
        if (_inHand is null)
        {
            throw new InvalidOperationException($"The object '{path}' in '{bucket.Name}' is complete or its writer disposed; it takes no more bytes.");
        }

        if (_hasFailed)
        {
            throw new InvalidOperationException($"An earlier write of the object '{path}' in '{bucket.Name}' failed; dispose the writer and begin again.");
        }
    }

    /// <summary>Sends the part in hand off and takes a new one in hand, once there is memory for it.</summary>
    private async Task SendPartAsync(CancellationToken cancellationToken)
    {
        if (_partNumber >= PartSizes.MaxPartCount)
        {
            throw new ObjectStoreException(
                bucket.Name, path, $"The object '{_key}' in the bucket '{bucket.BucketName}' has {LengthBytes:N0} bytes so far, more than {PartSizes.MaxPartCount:N0} parts hold: raise PartSizeBytes.");
        }

        if (_uploadId is null)
        {
            _mark = _puts.NewMark();
            _uploadId = await S3Uploads.StartAsync(bucket, path, _mark, cancellationToken).ConfigureAwait(false);
        }

        var part = _inHand!;
        _inHand = new PartBuffer(bucket.Options.PartPool);
        bool isCounted = bucket.PartMemory.TryTake(part.LengthBytes);
        _underWay.Add(UploadAsync(part, _partNumber++, isCounted));
        if (!isCounted)
        {
            await _underWay[^1].WaitAsync(cancellationToken).ConfigureAwait(false);
        }

        while (_underWay.Count >= bucket.Options.MaxPartsInFlight || (_underWay.Count > 0 && _underWay[0].IsCompleted))
        {
            var done = await Task.WhenAny(_underWay).WaitAsync(cancellationToken).ConfigureAwait(false);
            _underWay.Remove(done);
            await done.ConfigureAwait(false);
        }
    }

    private async Task UploadAsync(PartBuffer part, int number, bool isCounted)
    {
        long length = part.LengthBytes;
        try
        {
            var tag = await S3Uploads.PutPartAsync(bucket, path, _uploadId!, number, PutContent.Of(part), _disposing.Token).ConfigureAwait(false);
            lock (_parts)
            {
                _parts.Add(tag);
            }
        }
        finally
        {
            part.Dispose();
            if (isCounted)
            {
                bucket.PartMemory.Give(length);
            }
        }
    }

    private async Task<bool> CompleteUploadAsync(CancellationToken cancellationToken)
    {
        var last = _inHand!;
        _inHand = new PartBuffer(bucket.Options.PartPool);
        _underWay.Add(UploadAsync(last, _partNumber++, isCounted: false));
        await Task.WhenAll(_underWay).WaitAsync(cancellationToken).ConfigureAwait(false);
        _underWay.Clear();
        _parts.Sort(static (left, right) => Nullable.Compare(left.PartNumber, right.PartNumber));
        return await S3Uploads.CompleteAsync(bucket, _puts, path, _uploadId!, _mark, _parts, cancellationToken).ConfigureAwait(false);
    }
}
