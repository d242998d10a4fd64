using System.Net;
using Amazon.Runtime;
using Amazon.S3;
using Sleeper.Ingest.Core.ObjectStores;
using Sleeper.Ingest.Core.ObjectStores.S3;
using Sleeper.Ingest.Core.Tests.Emulators;
using static Sleeper.Ingest.Core.Tests.ObjectStores.S3.S3TestBed;

namespace Sleeper.Ingest.Core.Tests.ObjectStores.S3;

/// <summary>What the store says when the service says no.</summary>
public sealed class S3ErrorTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public static TheoryData<string, string, string, string> Denials => new()
    {
        { "PutObject", "put", "write the object 'pre/a/b'", "s3:PutObject on arn:aws:s3:::the-bucket/pre/a/b" },
        { "PutObject", "put-if-absent", "write the object 'pre/a/b'", "s3:PutObject on arn:aws:s3:::the-bucket/pre/a/b" },
        { "GetObject", "open", "read the object 'pre/a/b'", "s3:GetObject on arn:aws:s3:::the-bucket/pre/a/b; and s3:ListBucket on arn:aws:s3:::the-bucket" },
        { "HeadObject", "head", "look at the object 'pre/a/b'", "s3:GetObject on arn:aws:s3:::the-bucket/pre/a/b; and s3:ListBucket on arn:aws:s3:::the-bucket" },
        { "DeleteObject", "delete", "delete the object 'pre/a/b'", "s3:DeleteObject on arn:aws:s3:::the-bucket/pre/a/b" },
        { "ListObjectsV2", "list", "list objects below 'pre/a/b'", "s3:ListBucket on arn:aws:s3:::the-bucket" },
        { "ListMultipartUploads", "list unfinished", "list unfinished uploads below 'pre/a/b'", "s3:ListBucketMultipartUploads on arn:aws:s3:::the-bucket" },
        { "CreateMultipartUpload", "write", "start the upload of the object 'pre/a/b'", "s3:PutObject on arn:aws:s3:::the-bucket/pre/a/b" },
        { "UploadPart", "write", "upload a part of the object 'pre/a/b'", "s3:PutObject on arn:aws:s3:::the-bucket/pre/a/b" },
        { "CompleteMultipartUpload", "write", "complete the upload of the object 'pre/a/b'", "s3:PutObject on arn:aws:s3:::the-bucket/pre/a/b" },
        { "AbortMultipartUpload", "abort", "abort the upload of the object 'pre/a/b'", "s3:AbortMultipartUpload on arn:aws:s3:::the-bucket/pre/a/b" },
    };

    [Theory]
    [MemberData(nameof(Denials))]
    public async Task A_missing_permission_is_named_with_its_resource_at_once(string operation, string what, string words, string permission)
    {
        var bed = new S3TestBed(Quick with { KeyPrefix = "pre" });
        bed.Http.Refuse(HttpStatusCode.Forbidden, "AccessDenied", operation, times: int.MaxValue);

        var error = await Assert.ThrowsAsync<ObjectStoreException>(() => DoAsync(bed, what));

        Assert.StartsWith($"Could not {words} in the bucket 'the-bucket': 403 ", error.Message, StringComparison.Ordinal);
        Assert.Contains($"Allow {permission}", error.Message, StringComparison.Ordinal);
        Assert.False(error.IsRetryable);
        Assert.Equal(("s3://the-bucket/pre", "a/b"), (error.Store, error.Path));
        Assert.Equal(1, bed.Count(operation));
        Assert.Equal(what.StartsWith("put", StringComparison.Ordinal), error.HadNoEffect);
    }

    [Fact]
    public async Task After_an_attempt_without_an_answer_a_refusal_does_not_say_that_nothing_happened()
    {
        var bed = new S3TestBed();
        bed.Http.LoseReply("PutObject");
        bed.Http.Refuse(HttpStatusCode.Forbidden, "AccessDenied", "PutObject", times: int.MaxValue);

        var error = await Assert.ThrowsAsync<ObjectStoreException>(() => bed.Store.PutIfAbsentAsync("a", Bytes("x"), Token));

        Assert.False(error.HadNoEffect);
        Assert.Equal("x", await bed.ReadTextAsync("a"));
    }

    [Fact]
    public async Task Nor_does_one_of_a_client_that_sends_again_by_itself()
    {
        var bed = new S3TestBed(sdkRetries: 1);
        bed.Http.Refuse(HttpStatusCode.Forbidden, "AccessDenied", "PutObject");

        Assert.False((await Assert.ThrowsAsync<ObjectStoreException>(() => bed.Store.PutIfAbsentAsync("a", Bytes("x"), Token))).HadNoEffect);
    }

    [Theory]
    [InlineData(HttpStatusCode.NotFound, "NoSuchBucket", "There is no such bucket at this endpoint")]
    [InlineData(HttpStatusCode.BadRequest, "ExpiredToken", "have expired: renew them")]
    [InlineData(HttpStatusCode.Forbidden, "InvalidAccessKeyId", "The credentials are wrong")]
    [InlineData(HttpStatusCode.Forbidden, "SignatureDoesNotMatch", "The credentials are wrong")]
    [InlineData(HttpStatusCode.BadRequest, "AuthorizationHeaderMalformed", "set Region")]
    [InlineData(HttpStatusCode.NotImplemented, "NotImplemented", "conditional puts")]
    public async Task Other_refusals_say_what_to_do(HttpStatusCode status, string code, string remedy)
    {
        var bed = new S3TestBed();
        bed.Http.Refuse(status, code, times: int.MaxValue);

        var error = await Assert.ThrowsAsync<ObjectStoreException>(() => bed.Store.PutIfAbsentAsync("a", Bytes("x"), Token));

        Assert.Contains(remedy, error.Message, StringComparison.Ordinal);
        Assert.Contains(code, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_missing_bucket_is_no_missing_object()
    {
        var s3 = new InProcessS3();
        using var store = new S3ObjectStore(s3.NewClient(), "nowhere", Quick);

        var error = await Assert.ThrowsAsync<ObjectStoreException>(async () => await store.OpenAsync("a", Token));

        Assert.Contains("no such bucket", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_service_that_cannot_be_reached_is_named_as_such()
    {
        var config = new AmazonS3Config { ServiceURL = "http://127.0.0.1:9", AuthenticationRegion = "us-east-1", ForcePathStyle = true, MaxErrorRetry = 0 };
        using var client = new AmazonS3Client(new BasicAWSCredentials("a", "b"), config);
        using var store = new S3ObjectStore(client, "bucket", Quick with { MaxAttempts = 2 });

        var error = await Assert.ThrowsAsync<ObjectStoreException>(async () => await store.HeadAsync("a", Token));

        Assert.True(error.IsRetryable);
        Assert.Contains("'a' in the bucket 'bucket'", error.Message, StringComparison.Ordinal);
        Assert.Contains("refused", error.Message, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public void Settings_out_of_range_are_all_named()
    {
        using var client = new InProcessS3().NewClient();
        var options = new S3ObjectStoreOptions { PartSizeBytes = 1, MaxPartsInFlight = 0, MaxAttempts = 0, AttemptTimeout = TimeSpan.Zero, ServiceUrl = "nonsense" };

        string message = Assert.Throws<ArgumentException>(() => new S3ObjectStore(client, "bucket", options)).Message;

        Assert.All((string[])["PartSizeBytes is 1", "MaxPartsInFlight is 0", "MaxAttempts is 0", "AttemptTimeout", "'nonsense'"], fault => Assert.Contains(fault, message, StringComparison.Ordinal));
    }

    [Fact]
    public void Directory_buckets_and_prefixes_that_lead_elsewhere_are_refused()
    {
        using var client = new InProcessS3().NewClient();

        Assert.Contains("no order", Assert.Throws<ArgumentException>(() => new S3ObjectStore(client, "x--use1-az4--x-s3")).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => new S3ObjectStore(client, "bucket", new S3ObjectStoreOptions { KeyPrefix = "/a" }));
        Assert.Throws<ArgumentException>(() => new S3ObjectStore(client, "bucket", new S3ObjectStoreOptions { KeyPrefix = "a/../b" }));
    }

    [Fact]
    public async Task A_key_that_is_too_long_with_its_prefix_is_refused_before_it_is_sent()
    {
        var bed = new S3TestBed(Quick with { KeyPrefix = string.Join('/', Enumerable.Repeat(new string('p', 200), 4)) });
        string path = string.Join('/', Enumerable.Repeat(new string('a', 200), 2));

        Assert.Contains("KeyPrefix", (await Assert.ThrowsAsync<ArgumentException>(() => bed.Store.PutAsync(path, Bytes("x"), Token))).Message, StringComparison.Ordinal);
        Assert.Empty(bed.Http.Calls);
    }

    private static async Task DoAsync(S3TestBed bed, string what)
    {
        const string Path = "a/b";
        switch (what)
        {
            case "put":
                await bed.Store.PutAsync(Path, Bytes("x"), Token);
                break;
            case "put-if-absent":
                await bed.Store.PutIfAbsentAsync(Path, Bytes("x"), Token);
                break;
            case "open":
                await bed.Store.OpenAsync(Path, Token);
                break;
            case "head":
                await bed.Store.HeadAsync(Path, Token);
                break;
            case "delete":
                await bed.Store.DeleteAsync(Path, Token);
                break;
            case "list":
                await bed.Store.ListAsync(Path, cancellationToken: Token).ToListAsync(Token);
                break;
            case "list unfinished":
                await bed.Store.ListUnfinishedAsync(Path, Token).ToListAsync(Token);
                break;
            case "abort":
                await bed.Store.RemoveUnfinishedAsync(new UnfinishedObject($"{Path}?uploadId=1", 0, default), Token);
                break;
            default:
                await bed.WriteAsync(Path, Noise(9 << 20));
                break;
        }
    }
}
