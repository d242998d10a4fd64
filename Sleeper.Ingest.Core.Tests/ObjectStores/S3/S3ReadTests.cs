using System.Net;
using Sleeper.Ingest.Core.ObjectStores;
using Sleeper.Ingest.Core.Tests.Emulators;
using static Sleeper.Ingest.Core.Tests.ObjectStores.S3.S3TestBed;

namespace Sleeper.Ingest.Core.Tests.ObjectStores.S3;

/// <summary>Reads and listings, their requests and their faults.</summary>
public sealed class S3ReadTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(0, 1)]
    [InlineData(1, 1)]
    [InlineData(64 * 1024, 1)]
    [InlineData((64 * 1024) + 1, 2)]
    public async Task A_small_object_is_opened_and_read_in_one_request(int length, int requests)
    {
        var bed = new S3TestBed();
        byte[] content = Noise(length);
        await bed.Direct.PutAsync("a", content, Token);

        await using var reader = (await bed.Store.OpenAsync("a", Token))!;
        byte[] read = new byte[reader.LengthBytes];
        await reader.ReadAsync(0, read, Token);

        Assert.Equal(content, read);
        Assert.Equal(requests, bed.Http.Calls.Count);
    }

    [Fact]
    public async Task A_body_that_is_cut_is_asked_for_again()
    {
        var bed = new S3TestBed();
        byte[] content = Noise(300_000);
        await bed.Direct.PutAsync("a", content, Token);
        var cut = bed.Http.CutBody("GetObject", call: 2, times: 3);
        await using var reader = (await bed.Store.OpenAsync("a", Token))!;
        byte[] read = new byte[200_000];

        await reader.ReadAsync(50_000, read, Token);

        Assert.Equal(3, cut.StrikeCount);
        Assert.True(read.AsSpan().SequenceEqual(content.AsSpan(50_000, 200_000)));
    }

    [Fact]
    public async Task One_that_is_cut_each_time_is_an_error_and_not_the_end_of_the_object()
    {
        var bed = new S3TestBed();
        await bed.Direct.PutAsync("a", Noise(300_000), Token);
        await using var reader = (await bed.Store.OpenAsync("a", Token))!;
        bed.Http.CutBody("GetObject", times: int.MaxValue);

        var error = await Assert.ThrowsAsync<ObjectStoreException>(async () => await reader.ReadAsync(0, new byte[100_000], Token));

        Assert.True(error.IsRetryable);
    }

    [Fact]
    public async Task An_object_that_was_replaced_or_deleted_while_it_is_read_is_not_mixed()
    {
        var bed = new S3TestBed();
        await bed.Direct.PutAsync("a", Noise(300_000), Token);
        await using var reader = (await bed.Store.OpenAsync("a", Token))!;
        await bed.Direct.PutAsync("a", Noise(300_001), Token);
        Assert.Contains("replaced", (await Assert.ThrowsAsync<ObjectStoreException>(async () => await reader.ReadAsync(0, new byte[10], Token))).Message, StringComparison.Ordinal);

        await bed.Direct.DeleteAsync("a", Token);
        Assert.Contains("deleted", (await Assert.ThrowsAsync<ObjectStoreException>(async () => await reader.ReadAsync(0, new byte[10], Token))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_listing_of_many_pages_goes_on_over_throttling_and_leaves_out_what_is_no_path()
    {
        var bed = new S3TestBed(Quick with { KeyPrefix = "pre" }, pageSize: 7);
        string[] paths = [.. Enumerable.Range(0, 50).Select(i => $"t/{i:D3}"), "t/\U0001F600", "t/\uFFFD"];
        foreach (string path in paths)
        {
            await bed.Direct.PutAsync(path, Bytes("x"), Token);
        }

        using var client = bed.S3.NewClient();
        foreach (string key in (string[])["pre/t/", "pre/t/a//b", "pre/t/dot."])
        {
            await client.PutObjectAsync(new Amazon.S3.Model.PutObjectRequest { BucketName = BucketName, Key = key, ContentBody = "" }, Token);
        }

        var fault = bed.Http.Refuse(HttpStatusCode.ServiceUnavailable, "SlowDown", "ListObjectsV2", call: 3, times: 2);

        var listed = await bed.Store.ListAsync("t/", cancellationToken: Token).Select(info => info.Path).ToListAsync(Token);

        Assert.Equal(2, fault.StrikeCount);
        Assert.Equal([.. paths.Take(50), "t/\uFFFD", "t/\U0001F600"], listed); // by UTF-8, not by UTF-16
        Assert.Equal(["t/\uFFFD", "t/\U0001F600"], await bed.Store.ListAsync("t/", "t/049", Token).Select(info => info.Path).ToListAsync(Token));
        Assert.Equal(["t/\U0001F600"], await bed.Store.ListAsync("t/", "t/\uFFFD", Token).Select(info => info.Path).ToListAsync(Token));
    }

    [Fact]
    public async Task A_listing_that_is_cut_or_garbled_is_asked_for_again()
    {
        var bed = new S3TestBed();
        await bed.Direct.PutAsync("a", Bytes("x"), Token);
        var cut = bed.Http.CutBody("ListObjectsV2");
        var garbled = bed.Http.Add(new HttpFault(HttpFaultKind.HalfBody, "ListObjectsV2", 2, 1));

        Assert.Single(await bed.Store.ListAsync("", cancellationToken: Token).ToListAsync(Token));

        Assert.Equal((1, 1), (cut.StrikeCount, garbled.StrikeCount));
        Assert.Equal(3, bed.Count("ListObjectsV2"));
    }

    [Theory]
    [InlineData("GetObject")]
    [InlineData("HeadObject")]
    [InlineData("DeleteObject")]
    [InlineData("ListObjectsV2")]
    public async Task Reads_and_deletes_survive_lost_requests_and_answers(string operation)
    {
        var bed = new S3TestBed();
        await bed.Direct.PutAsync("a", Bytes("x"), Token);
        bed.Http.LoseRequest(operation);
        bed.Http.LoseReply(operation, call: 2);

        Assert.NotNull(await bed.Store.OpenAsync("a", Token));
        Assert.Equal(1, (await bed.Store.HeadAsync("a", Token))!.LengthBytes);
        Assert.Single(await bed.Store.ListAsync("", cancellationToken: Token).ToListAsync(Token));
        await bed.Store.DeleteAsync("a", Token);

        Assert.Equal(3, bed.Count(operation));
        Assert.Empty(bed.S3.Keys(BucketName));
    }
}
