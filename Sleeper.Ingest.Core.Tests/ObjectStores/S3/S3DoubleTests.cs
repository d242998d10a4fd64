using System.Text;
using Amazon.S3;
using Amazon.S3.Model;
using Sleeper.Ingest.Core.Tests.Emulators;

namespace Sleeper.Ingest.Core.Tests.ObjectStores.S3;

/// <summary>The double and the emulator answer alike to what the store depends on, asked by the SDK alone.</summary>
public sealed class S3DoubleTests
{
    private const int PartBytes = InProcessS3.MinPartBytes;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_double_answers_as_the_emulator_does()
    {
        var aws = await AwsEmulator.GetAsync();
        using var emulated = aws.NewS3Client();
        using var doubled = new InProcessS3().NewClient();
        string bucket = AwsEmulator.UniqueName("double");

        var expected = await AskAsync(emulated, bucket);
        var actual = await AskAsync(doubled, bucket);

        Assert.Equal(expected, actual);
        Assert.True(actual.Count >= 25, $"Only {actual.Count} answers were compared.");
    }

    /// <summary>A talk with a service: each answer as a line of what matters of it.</summary>
    private static async Task<List<string>> AskAsync(AmazonS3Client s3, string bucket)
    {
        var answers = new List<string>();
        async Task AskAsync(string what, Func<Task<string>> ask)
        {
            try
            {
                answers.Add($"{what}: {await ask()}");
            }
            catch (AmazonS3Exception error)
            {
                answers.Add($"{what}: {(int)error.StatusCode} {error.ErrorCode}");
            }
        }

        await AskAsync("no bucket", () => GetAsync(s3, "no-such-bucket-of-ours", "a"));
        await s3.PutBucketAsync(bucket, Token);
        await AskAsync("no key", () => GetAsync(s3, bucket, "a"));
        await AskAsync("no key, head", () => HeadAsync(s3, bucket, "a"));
        await AskAsync("delete nothing", () => DeleteAsync(s3, bucket, "a"));
        await AskAsync("put", () => PutAsync(s3, bucket, "a", "0123456789"));
        await AskAsync("put if absent, taken", () => PutAsync(s3, bucket, "a", "x", ifNoneMatch: "*"));
        await AskAsync("put if absent, free", () => PutAsync(s3, bucket, "b/ü 1%.txt", "", ifNoneMatch: "*"));
        await AskAsync("put in chunks", () => PutAsync(s3, bucket, "c", new string('c', 200_000), isChunked: true));
        await AskAsync("get", () => GetAsync(s3, bucket, "a"));
        await AskAsync("get, chunks", () => GetAsync(s3, bucket, "c"));
        await AskAsync("range", () => GetAsync(s3, bucket, "a", new ByteRange(2, 4)));
        await AskAsync("range over the end", () => GetAsync(s3, bucket, "a", new ByteRange(8, 100)));
        await AskAsync("range behind the end", () => GetAsync(s3, bucket, "a", new ByteRange(10, 12)));
        await AskAsync("range of nothing", () => GetAsync(s3, bucket, "b/ü 1%.txt", new ByteRange(0, 9)));
        await AskAsync("get if match, wrong", () => GetAsync(s3, bucket, "a", tag: "\"0123\""));
        await AskAsync("head", () => HeadAsync(s3, bucket, "a"));
        await AskAsync("list", () => ListAsync(s3, new ListObjectsV2Request { BucketName = bucket }));
        await AskAsync("list by one", () => ListAsync(s3, new ListObjectsV2Request { BucketName = bucket, MaxKeys = 1 }));
        await AskAsync("list after", () => ListAsync(s3, new ListObjectsV2Request { BucketName = bucket, StartAfter = "a" }));
        await AskAsync("list below", () => ListAsync(s3, new ListObjectsV2Request { BucketName = bucket, Prefix = "b/" }));

        string id = (await StartAsync(s3, bucket, "up")).UploadId;
        var first = await PartAsync(s3, bucket, id, 1, PartBytes);
        var second = await PartAsync(s3, bucket, id, 2, 10);
        await AskAsync("list uploads", async () => string.Join(' ', (await s3.ListMultipartUploadsAsync(bucket, Token)).MultipartUploads.Select(upload => upload.Key)));
        await AskAsync("wrong tag", () => CompleteAsync(s3, bucket, id, first, new PartETag(2, "\"0123\"") { ChecksumCRC32 = second.ChecksumCRC32 }));
        await AskAsync("complete", () => CompleteAsync(s3, bucket, id, first, second));
        await AskAsync("head of it", () => HeadAsync(s3, bucket, "up"));

        id = (await StartAsync(s3, bucket, "up")).UploadId;
        first = await PartAsync(s3, bucket, id, 1, 10);
        second = await PartAsync(s3, bucket, id, 2, 10);
        await s3.DeleteObjectAsync(bucket, "up", Token);
        await AskAsync("too small", () => CompleteAsync(s3, bucket, id, first, second));
        await PutAsync(s3, bucket, "up", "taken");
        await AskAsync("complete if absent, taken", () => CompleteAsync(s3, bucket, id, first));
        await AskAsync("abort", async () => (await s3.AbortMultipartUploadAsync(bucket, "up", id, Token)).HttpStatusCode.ToString());
        return answers;
    }

    private static async Task<string> GetAsync(AmazonS3Client s3, string bucket, string key, ByteRange? range = null, string? tag = null)
    {
        using var got = await s3.GetObjectAsync(new GetObjectRequest { BucketName = bucket, Key = key, ByteRange = range, EtagToMatch = tag }, Token);
        using var body = new MemoryStream();
        await got.ResponseStream.CopyToAsync(body, Token);
        string text = Encoding.UTF8.GetString(body.ToArray());
        return $"{got.HttpStatusCode} {got.ContentRange} {got.ETag} {text.Length} {text[..Math.Min(20, text.Length)]}";
    }

    private static async Task<string> HeadAsync(AmazonS3Client s3, string bucket, string key)
    {
        var head = await s3.GetObjectMetadataAsync(bucket, key, Token);
        return $"{head.ContentLength} {head.ETag} {head.Metadata["the-mark"]}";
    }

    private static async Task<string> DeleteAsync(AmazonS3Client s3, string bucket, string key) => (await s3.DeleteObjectAsync(bucket, key, Token)).HttpStatusCode.ToString();

    private static async Task<string> PutAsync(AmazonS3Client s3, string bucket, string key, string content, string? ifNoneMatch = null, bool isChunked = false)
    {
        var request = new PutObjectRequest { BucketName = bucket, Key = key, ContentBody = content, IfNoneMatch = ifNoneMatch, UseChunkEncoding = isChunked };
        request.Metadata["the-mark"] = "m";
        return (await s3.PutObjectAsync(request, Token)).ETag;
    }

    private static async Task<string> ListAsync(AmazonS3Client s3, ListObjectsV2Request request)
    {
        var pages = new List<string>();
        ListObjectsV2Response page;
        do
        {
            page = await s3.ListObjectsV2Async(request, Token);
            pages.Add(string.Join(' ', (page.S3Objects ?? []).Select(item => $"{item.Key}={item.Size} {item.ETag}")));
            request.ContinuationToken = page.NextContinuationToken;
        }
        while (page.IsTruncated == true);
        return string.Join(" | ", pages);
    }

    private static Task<InitiateMultipartUploadResponse> StartAsync(AmazonS3Client s3, string bucket, string key) =>
        s3.InitiateMultipartUploadAsync(new InitiateMultipartUploadRequest { BucketName = bucket, Key = key, ChecksumAlgorithm = ChecksumAlgorithm.CRC32 }, Token);

    private static async Task<PartETag> PartAsync(AmazonS3Client s3, string bucket, string id, int number, int length)
    {
        byte[] bytes = S3TestBed.Noise(length);
        string checksum = InProcessObject.ChecksumOf(bytes);
        var put = await s3.UploadPartAsync(
            new UploadPartRequest
            {
                BucketName = bucket,
                Key = "up",
                UploadId = id,
                PartNumber = number,
                PartSize = length,
                InputStream = new MemoryStream(bytes),
                ChecksumCRC32 = checksum,
                UseChunkEncoding = false,
            },
            Token);
        return new PartETag(number, put.ETag) { ChecksumCRC32 = checksum };
    }

    private static async Task<string> CompleteAsync(AmazonS3Client s3, string bucket, string id, params PartETag[] parts) =>
        (await s3.CompleteMultipartUploadAsync(
            new CompleteMultipartUploadRequest { BucketName = bucket, Key = "up", UploadId = id, PartETags = [.. parts], IfNoneMatch = "*" }, Token)).ETag;
}
