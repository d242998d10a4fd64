using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;
using System.Security;
using System.Security.Cryptography;
using System.Text;
using System.Xml.Linq;
using Amazon.Runtime;
using Amazon.S3;

namespace Sleeper.Ingest.Core.Tests.Emulators;

/// <summary>S3 in this process, behind the SDK's HTTP client: as strict as the real one where the emulators are not, as fast as memory, and every request is counted.</summary>
/// <remarks>
/// <para>What it knows: buckets; put, get, head and delete of objects; conditions (If-None-Match: *, If-Match); ranges; listings (version 2) in pages and in the order of
/// UTF-8; uploads in parts with all their rules (order, ETags, 5 MiB for all parts but the last, checksums of parts where the upload has them); CRC-32, SHA-256 and
/// Content-MD5 of bodies, which it checks; user metadata. What it does not know it refuses with 501. Signatures are not checked, but must be there. Thread-safe.</para>
/// <para>The same tests run over it and over the emulator, so that one tells on the other.</para>
/// </remarks>
[SuppressMessage("Security", "CA5351", Justification = "ETags and Content-MD5 are MD5 by definition of the service.")]
internal sealed class InProcessS3 : HttpMessageHandler
{
    public const int MinPartBytes = 5 << 20;

    private readonly Lock _lock = new();
    private readonly Dictionary<string, InProcessBucket> _buckets = new(StringComparer.Ordinal);
    private readonly List<HttpCall> _calls = [];
    private readonly int _pageSize;
    private int _uploadCount;

    /// <param name="pageSize">The most keys of one page of a listing: S3's 1,000, or fewer for tests.</param>
    /// <param name="buckets">The buckets that are there.</param>
    public InProcessS3(int pageSize = 1_000, params IEnumerable<string> buckets)
    {
        _pageSize = pageSize;
        foreach (string bucket in buckets)
        {
            _buckets[bucket] = new InProcessBucket();
        }
    }

    /// <summary>Whether it honours If-None-Match. A service that does not, as some do, is no place for tables.</summary>
    public bool HonoursConditions { get; set; } = true;

    /// <summary>Whether ETags are MD5 of the content, as the service has them. Benchmarks leave that out: it costs more than the store that they measure.</summary>
    public bool HasMd5Tags { get; init; } = true;

    /// <summary>All requests so far, in order of arrival.</summary>
    public IReadOnlyList<HttpCall> Calls
    {
        get
        {
            lock (_lock)
            {
                return [.. _calls];
            }
        }
    }

    /// <summary>How many uploads are neither completed nor aborted.</summary>
    public int OpenUploadCount
    {
        get
        {
            lock (_lock)
            {
                return _buckets.Values.Sum(bucket => bucket.Uploads.Count);
            }
        }
    }

    /// <summary>The keys of a bucket.</summary>
    public IReadOnlyList<string> Keys(string bucket)
    {
        lock (_lock)
        {
            return [.. _buckets[bucket].Objects.Keys];
        }
    }

    /// <summary>Puts an object as an outsider: no request.</summary>
    public void Put(string bucket, string key, byte[] content)
    {
        lock (_lock)
        {
            _buckets[bucket].Objects[key] = new InProcessObject([content], TagOf(content), InProcessObject.ChecksumOf(content), new Dictionary<string, string>());
        }
    }

    /// <summary>A client of it.</summary>
    /// <param name="handler">What stands in between; null for nothing.</param>
    /// <param name="change">Changes the client's settings.</param>
    public AmazonS3Client NewClient(HttpMessageHandler? handler = null, Action<AmazonS3Config>? change = null)
    {
        var config = new AmazonS3Config
        {
            ServiceURL = "https://s3.in-process.test",
            AuthenticationRegion = "us-east-1",
            ForcePathStyle = true,
            MaxErrorRetry = 0,
            Timeout = Timeout.InfiniteTimeSpan,
            HttpClientFactory = new HandlerFactory(handler ?? this),
        };
        change?.Invoke(config);
        return new AmazonS3Client(new BasicAWSCredentials("testing", "testing-secret"), config);
    }

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var call = HttpCall.Of(request);
        HttpResponseMessage answer;
        try
        {
            byte[] body = request.Content is null ? [] : await ReadAsync(request.Content, cancellationToken);
            lock (_lock)
            {
                _calls.Add(call);
                CheckBody(request, body);
                answer = Answer(request, call, body);
            }
        }
        catch (S3Refusal refusal)
        {
            answer = refusal.ToAnswer(request.Method == HttpMethod.Head);
        }

        answer.RequestMessage = request;
        answer.Headers.TryAddWithoutValidation("x-amz-request-id", "in-process");
        return answer;
    }

    private static async Task<byte[]> ReadAsync(HttpContent content, CancellationToken cancellationToken)
    {
        byte[] bytes = new byte[content.Headers.ContentLength ?? throw new NotSupportedException("A body without Content-Length.")];
        using var target = new MemoryStream(bytes);
        await content.CopyToAsync(target, cancellationToken);
        if (target.Position != bytes.Length)
        {
            throw new HttpRequestException($"The body ended after {target.Position} of {bytes.Length} bytes.");
        }

        return content.Headers.ContentEncoding.Contains("aws-chunked") ? TakeChunks(bytes) : bytes;
    }

    /// <summary>The content of a body in chunks: each has its length in hexadecimal (and perhaps a signature) in a line before it; behind the last one come trailers.</summary>
    private static byte[] TakeChunks(byte[] body)
    {
        using var content = new MemoryStream();
        int at = 0;
        while (true)
        {
            int end = at + body.AsSpan(at).IndexOf("\r\n"u8);
            string line = Encoding.ASCII.GetString(body, at, end - at);
            int length = int.Parse(line.Split(';')[0], NumberStyles.HexNumber, CultureInfo.InvariantCulture);
            at = end + 2;
            if (length == 0)
            {
                break;
            }

            content.Write(body, at, length);
            at += length + 2;
        }

        const string Trailer = "x-amz-checksum-crc32:";
        string trailers = Encoding.ASCII.GetString(body, at, body.Length - at);
        return !trailers.Contains(Trailer, StringComparison.Ordinal) || trailers.Contains($"{Trailer}{InProcessObject.ChecksumOf(content.ToArray())}", StringComparison.Ordinal)
            ? content.ToArray()
            : throw new S3Refusal(HttpStatusCode.BadRequest, "BadDigest", "The CRC32 you specified did not match the calculated checksum.");
    }

    private static void CheckBody(HttpRequestMessage request, byte[] body)
    {
        if (request.Headers.Authorization is null && !request.Headers.Contains("Authorization"))
        {
            throw new S3Refusal(HttpStatusCode.Forbidden, "AccessDenied", "There is no signature.");
        }

        string sha = Header(request, "X-Amz-Content-SHA256") ?? "";
        if (sha.Length == 64 && sha != Convert.ToHexStringLower(SHA256.HashData(body)))
        {
            throw new S3Refusal(HttpStatusCode.BadRequest, "XAmzContentSHA256Mismatch", "The provided 'x-amz-content-sha256' header does not match what was computed.");
        }

        if (Header(request, "x-amz-checksum-crc32") is { } crc && crc != InProcessObject.ChecksumOf(body))
        {
            throw new S3Refusal(HttpStatusCode.BadRequest, "BadDigest", "The CRC32 you specified did not match the calculated checksum.");
        }

        if (request.Content?.Headers.ContentMD5 is { } md5 && !md5.AsSpan().SequenceEqual(MD5.HashData(body)))
        {
            throw new S3Refusal(HttpStatusCode.BadRequest, "BadDigest", "The Content-MD5 you specified did not match what we received.");
        }
    }

    private HttpResponseMessage Answer(HttpRequestMessage request, HttpCall call, byte[] body)
    {
        if (call.Operation == "CreateBucket")
        {
            return _buckets.TryAdd(call.Container, new InProcessBucket()) ? Ok() : throw new S3Refusal(HttpStatusCode.Conflict, "BucketAlreadyOwnedByYou", "It is there.");
        }

        if (!_buckets.TryGetValue(call.Container, out var bucket))
        {
            throw new S3Refusal(HttpStatusCode.NotFound, "NoSuchBucket", "The specified bucket does not exist");
        }

        return call.Operation switch
        {
            "PutObject" => Put(bucket, call.Resource, body, request),
            "GetObject" => Get(bucket.Find(call.Resource), request),
            "HeadObject" => Describe(bucket.Find(call.Resource), request, Ok()),
            "DeleteObject" => Delete(bucket, call.Resource),
            "ListObjectsV2" => List(bucket, call),
            "CreateMultipartUpload" => StartUpload(bucket, call, request),
            "UploadPart" => PutPart(bucket.FindUpload(call), call, body, request),
            "CompleteMultipartUpload" => CompleteUpload(bucket, call, body, request),
            "AbortMultipartUpload" => AbortUpload(bucket, call),
            "ListMultipartUploads" => ListUploads(bucket, call),
            _ => throw new S3Refusal(HttpStatusCode.NotImplemented, "NotImplemented", $"The double does not know {request.Method} {request.RequestUri}."),
        };
    }

    private HttpResponseMessage Put(InProcessBucket bucket, string key, byte[] body, HttpRequestMessage request)
    {
        RequireCondition(bucket, key, request);
        string? checksum = Header(request, "x-amz-checksum-crc32");
        var put = new InProcessObject([body], TagOf(body), checksum, Metadata(request));
        bucket.Objects[key] = put;
        return Describe(put, request, Ok(), withContent: false);
    }

    private string TagOf(byte[] body) => HasMd5Tags ? $"\"{Convert.ToHexStringLower(MD5.HashData(body))}\"" : $"\"{Core.Buffers.Crc32.Compute(body):x8}\"";

    private void RequireCondition(InProcessBucket bucket, string key, HttpRequestMessage request)
    {
        if (Header(request, "If-None-Match") is { } condition)
        {
            if (condition != "*")
            {
                throw new S3Refusal(HttpStatusCode.NotImplemented, "NotImplemented", "If-None-Match of a put takes * only.");
            }

            if (HonoursConditions && bucket.Objects.ContainsKey(key))
            {
                throw new S3Refusal(HttpStatusCode.PreconditionFailed, "PreconditionFailed", "At least one of the pre-conditions you specified did not hold");
            }
        }
    }

    private static HttpResponseMessage Get(InProcessObject found, HttpRequestMessage request)
    {
        RequireTag(found, request);
        if (request.Headers.Range?.Ranges.SingleOrDefault() is not { } range)
        {
            var whole = Ok(found.Open(0, found.LengthBytes), found.LengthBytes);
            return Describe(found, request, whole);
        }

        long first = range.From ?? Math.Max(0, found.LengthBytes - range.To!.Value);
        long last = range.From is null ? found.LengthBytes - 1 : Math.Min(range.To ?? long.MaxValue, found.LengthBytes - 1);
        if (first >= found.LengthBytes)
        {
            throw new S3Refusal(HttpStatusCode.RequestedRangeNotSatisfiable, "InvalidRange", "The requested range is not satisfiable");
        }

        var part = Ok(found.Open(first, last - first + 1), last - first + 1);
        part.StatusCode = HttpStatusCode.PartialContent;
        part.Content.Headers.ContentRange = new System.Net.Http.Headers.ContentRangeHeaderValue(first, last, found.LengthBytes);
        return Describe(found, request, part, withChecksum: false);
    }

    private static void RequireTag(InProcessObject found, HttpRequestMessage request)
    {
        if (Header(request, "If-Match") is { } tag && tag.Trim('"') != found.Tag.Trim('"'))
        {
            throw new S3Refusal(HttpStatusCode.PreconditionFailed, "PreconditionFailed", "At least one of the pre-conditions you specified did not hold");
        }
    }

    private static HttpResponseMessage Delete(InProcessBucket bucket, string key)
    {
        bucket.Objects.Remove(key);
        return new HttpResponseMessage(HttpStatusCode.NoContent) { Content = new ByteArrayContent([]) };
    }

    private HttpResponseMessage List(InProcessBucket bucket, HttpCall call)
    {
        string prefix = call.Query("prefix") ?? "";
        string after = call.Query("continuation-token") ?? call.Query("start-after") ?? "";
        int most = Math.Min(_pageSize, int.Parse(call.Query("max-keys") ?? "1000", CultureInfo.InvariantCulture));
        var found = bucket.Objects.Where(o => o.Key.StartsWith(prefix, StringComparison.Ordinal) && InProcessBucket.Order.Compare(o.Key, after) > 0).Take(most + 1).ToList();
        bool isTruncated = found.Count > most;
        var page = found.Take(most).ToList();
        var text = new StringBuilder();
        foreach (var (key, item) in page)
        {
            text.Append(CultureInfo.InvariantCulture, $"<Contents><Key>{Escape(key)}</Key><LastModified>{Time(item.LastModified)}</LastModified><ETag>{Escape(item.Tag)}</ETag>")
                .Append(CultureInfo.InvariantCulture, $"<Size>{item.LengthBytes}</Size><StorageClass>STANDARD</StorageClass></Contents>");
        }

        string next = isTruncated ? $"<NextContinuationToken>{Escape(page[^1].Key)}</NextContinuationToken>" : "";
        return Xml($"<ListBucketResult><Name>{call.Container}</Name><KeyCount>{page.Count}</KeyCount><IsTruncated>{(isTruncated ? "true" : "false")}</IsTruncated>{next}{text}</ListBucketResult>");
    }

    private HttpResponseMessage StartUpload(InProcessBucket bucket, HttpCall call, HttpRequestMessage request)
    {
        string id = string.Create(CultureInfo.InvariantCulture, $"upload-{++_uploadCount}");
        bucket.Uploads[id] = new InProcessUpload(id, call.Resource, Header(request, "x-amz-checksum-algorithm") == "CRC32", Metadata(request));
        return Xml($"<InitiateMultipartUploadResult><Bucket>{call.Container}</Bucket><Key>{Escape(call.Resource)}</Key><UploadId>{id}</UploadId></InitiateMultipartUploadResult>");
    }

    private HttpResponseMessage PutPart(InProcessUpload upload, HttpCall call, byte[] body, HttpRequestMessage request)
    {
        int number = int.Parse(call.Query("partNumber")!, CultureInfo.InvariantCulture);
        if (number is < 1 or > 10_000)
        {
            throw new S3Refusal(HttpStatusCode.BadRequest, "InvalidArgument", "Part number must be an integer between 1 and 10000, inclusive");
        }

        string? checksum = Header(request, "x-amz-checksum-crc32");
        if (upload.HasChecksums != (checksum is not null))
        {
            throw new S3Refusal(HttpStatusCode.BadRequest, "InvalidRequest", "Checksum Type mismatch occurred between the upload and the part.");
        }

        string tag = TagOf(body);
        upload.Parts[number] = new InProcessPart(body, tag, checksum);
        var answer = Ok();
        answer.Headers.TryAddWithoutValidation("ETag", tag);
        return answer;
    }

    private HttpResponseMessage CompleteUpload(InProcessBucket bucket, HttpCall call, byte[] body, HttpRequestMessage request)
    {
        var upload = bucket.FindUpload(call);
        var wanted = XDocument.Parse(Encoding.UTF8.GetString(body)).Root!.Elements().Where(e => e.Name.LocalName == "Part").Select(InProcessUpload.Wanted).ToList();
        var parts = upload.Take(wanted);
        RequireCondition(bucket, upload.Key, request);
        byte[] digests = [.. parts.SelectMany(part => Convert.FromHexString(part.Tag.Trim('"')))];
        string tag = string.Create(CultureInfo.InvariantCulture, $"\"{Convert.ToHexStringLower(MD5.HashData(digests))}-{parts.Count}\"");
        bucket.Objects[upload.Key] = new InProcessObject([.. parts.Select(part => part.Body)], tag, null, upload.Metadata);
        bucket.Uploads.Remove(upload.Id);
        return Xml($"<CompleteMultipartUploadResult><Bucket>{call.Container}</Bucket><Key>{Escape(upload.Key)}</Key><ETag>{Escape(tag)}</ETag></CompleteMultipartUploadResult>");
    }

    private static HttpResponseMessage AbortUpload(InProcessBucket bucket, HttpCall call)
    {
        bucket.Uploads.Remove(bucket.FindUpload(call).Id);
        return new HttpResponseMessage(HttpStatusCode.NoContent) { Content = new ByteArrayContent([]) };
    }

    private static HttpResponseMessage ListUploads(InProcessBucket bucket, HttpCall call)
    {
        string prefix = call.Query("prefix") ?? "";
        var text = new StringBuilder();
        foreach (var upload in bucket.Uploads.Values.Where(u => u.Key.StartsWith(prefix, StringComparison.Ordinal)))
        {
            text.Append(CultureInfo.InvariantCulture, $"<Upload><Key>{Escape(upload.Key)}</Key><UploadId>{upload.Id}</UploadId><Initiated>{Time(upload.Initiated)}</Initiated></Upload>");
        }

        return Xml($"<ListMultipartUploadsResult><Bucket>{call.Container}</Bucket><IsTruncated>false</IsTruncated>{text}</ListMultipartUploadsResult>");
    }

    private static HttpResponseMessage Describe(InProcessObject item, HttpRequestMessage request, HttpResponseMessage answer, bool withContent = true, bool withChecksum = true)
    {
        answer.Headers.TryAddWithoutValidation("ETag", item.Tag);
        if (withContent)
        {
            answer.Content.Headers.ContentLength ??= item.LengthBytes;
            answer.Content.Headers.LastModified = item.LastModified;
            foreach (var (name, value) in item.Metadata)
            {
                answer.Headers.TryAddWithoutValidation(name, value);
            }
        }

        if (withChecksum && item.Checksum is not null && (!withContent || Header(request, "x-amz-checksum-mode") == "ENABLED"))
        {
            answer.Headers.TryAddWithoutValidation("x-amz-checksum-crc32", item.Checksum);
        }

        if (request.Method == HttpMethod.Head)
        {
            long length = item.LengthBytes;
            var (modified, content) = (answer.Content.Headers.LastModified, new StreamContent(Stream.Null));
            answer.Content = content;
            content.Headers.ContentLength = length;
            content.Headers.LastModified = modified;
        }

        return answer;
    }

    private static Dictionary<string, string> Metadata(HttpRequestMessage request) => request.Headers
        .Where(h => h.Key.StartsWith("x-amz-meta-", StringComparison.OrdinalIgnoreCase)).ToDictionary(h => h.Key.ToLowerInvariant(), h => h.Value.Single(), StringComparer.Ordinal);

    private static string? Header(HttpRequestMessage request, string name) => request.Headers.TryGetValues(name, out var values) ? string.Join(",", values) : null;

    private static HttpResponseMessage Ok() => new(HttpStatusCode.OK) { Content = new ByteArrayContent([]) };

    private static HttpResponseMessage Ok(Stream body, long length)
    {
        var content = new StreamContent(body);
        content.Headers.ContentLength = length;
        return new HttpResponseMessage(HttpStatusCode.OK) { Content = content };
    }

    private static HttpResponseMessage Xml(string text) => new(HttpStatusCode.OK) { Content = new StringContent($"<?xml version=\"1.0\" encoding=\"UTF-8\"?>{text}", Encoding.UTF8, "application/xml") };

    private static string Escape(string text) => SecurityElement.Escape(text);

    private static string Time(DateTimeOffset time) => time.ToString("yyyy-MM-ddTHH:mm:ss.fffZ", CultureInfo.InvariantCulture);
}
