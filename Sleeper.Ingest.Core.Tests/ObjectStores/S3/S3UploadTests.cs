using System.Net;
using Amazon.S3.Model;
using Sleeper.Ingest.Core.ObjectStores;
using Sleeper.Ingest.Core.ObjectStores.S3;
using Sleeper.Ingest.Core.Tests.Emulators;
using static Sleeper.Ingest.Core.Tests.ObjectStores.S3.S3TestBed;

namespace Sleeper.Ingest.Core.Tests.ObjectStores.S3;

/// <summary>Objects that go up in parts while they are written.</summary>
public sealed class S3UploadTests
{
    private const int PartBytes = S3ObjectStoreOptions.MinPartSizeBytes;

    private static readonly S3ObjectStoreOptions SmallParts = Quick with { PartSizeBytes = PartBytes, MaxPartsInFlight = 2, MaxBufferedBytes = 2 * PartBytes };

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(0, 0)]
    [InlineData(1, 0)]
    [InlineData(PartBytes, 0)] // exactly one part needs no upload
    [InlineData(PartBytes + 1, 2)]
    [InlineData(3 * PartBytes, 3)]
    [InlineData((3 * PartBytes) + 17, 4)]
    public async Task A_short_object_is_one_put_and_a_longer_one_has_parts(int length, int parts)
    {
        var bed = new S3TestBed(SmallParts);
        byte[] content = Noise(length);

        await bed.WriteAsync("a", content, piece: 777_777);

        Assert.Equal(parts, bed.Count("UploadPart"));
        Assert.Equal(parts == 0 ? 1 : 0, bed.Count("PutObject"));
        Assert.Equal(parts == 0 ? 1 : parts + 2, bed.Http.Calls.Count);
        await bed.AssertContentAsync("a", content);
        Assert.Equal(0, bed.S3.OpenUploadCount);
    }

    [Fact]
    public async Task Parts_go_up_while_the_object_is_written_and_never_more_of_them_than_allowed()
    {
        var bed = new S3TestBed(SmallParts);
        var held = bed.Http.Hold("UploadPart", times: int.MaxValue);
        await using var writer = await bed.Store.CreateAsync("a", Token);
        byte[] piece = Noise(PartBytes);

        await writer.AppendAsync(piece, Token);
        Assert.Empty(bed.Http.Calls);
        await writer.AppendAsync(piece, Token); // sends the first part
        await held.Struck;
        var third = writer.AppendAsync(piece, Token).AsTask(); // a second one is under way: no more than two may be
        Assert.False(third.IsCompleted);
        Assert.Equal(2, bed.Count("UploadPart"));
        Assert.Equal(2 * PartBytes, bed.Store.PartBytes);
        held.Release();
        await third;
        await writer.CompleteAsync(Token);

        Assert.Equal(0, bed.Store.PartBytes);
        Assert.Equal(3L * PartBytes, (await bed.Direct.HeadAsync("a", Token))!.LengthBytes);
    }

    [Fact]
    public async Task Without_memory_for_more_a_writer_waits_for_its_own_part_only()
    {
        var bed = new S3TestBed(SmallParts with { MaxBufferedBytes = 0 });
        byte[] content = Noise(3 * PartBytes);

        await Task.WhenAll(Enumerable.Range(0, 4).Select(w => bed.WriteAsync($"a{w}", content)));

        Assert.Equal(12, bed.Count("UploadPart"));
        await bed.AssertContentAsync("a3", content);
    }

    [Theory]
    [InlineData("CreateMultipartUpload")]
    [InlineData("UploadPart")]
    [InlineData("CompleteMultipartUpload")]
    public async Task A_step_that_fails_or_whose_answer_is_lost_is_tried_again_by_itself(string operation)
    {
        byte[] content = Noise((2 * PartBytes) + 5);
        foreach (bool isAfter in (bool[])[false, true])
        {
            var bed = new S3TestBed(SmallParts);
            var fault = isAfter ? bed.Http.LoseReply(operation) : bed.Http.Refuse(HttpStatusCode.InternalServerError, "InternalError", operation);

            await bed.WriteAsync("a", content);

            Assert.Equal(1, fault.StrikeCount);
            Assert.Equal(operation == "UploadPart" ? 4 : 3, bed.Count("UploadPart"));
            await bed.AssertContentAsync("a", content);
        }
    }

    [Fact]
    public async Task An_error_in_a_good_answer_to_complete_is_an_error()
    {
        var bed = new S3TestBed(SmallParts);
        var fault = bed.Http.Refuse(HttpStatusCode.OK, "InternalError", "CompleteMultipartUpload");

        await bed.WriteAsync("a", Noise(PartBytes + 1));

        Assert.Equal(1, fault.StrikeCount);
        Assert.Equal(2, bed.Count("CompleteMultipartUpload"));
        Assert.Equal(PartBytes + 1, (await bed.Direct.HeadAsync("a", Token))!.LengthBytes);
    }

    [Theory]
    [InlineData("CreateMultipartUpload")]
    [InlineData("UploadPart")]
    [InlineData("CompleteMultipartUpload")]
    public async Task What_cannot_be_completed_is_aborted(string operation)
    {
        var bed = new S3TestBed(SmallParts);
        bed.Http.Refuse(HttpStatusCode.Forbidden, "AccessDenied", operation, times: int.MaxValue);

        await Assert.ThrowsAsync<ObjectStoreException>(() => bed.WriteAsync("a", Noise((3 * PartBytes) + 5)));

        Assert.Equal(0, bed.S3.OpenUploadCount);
        Assert.Empty(bed.S3.Keys(BucketName));
        Assert.Equal(0, bed.Store.PartBytes);
    }

    [Fact]
    public async Task A_writer_that_failed_takes_no_more()
    {
        var bed = new S3TestBed(SmallParts);
        bed.Http.Refuse(HttpStatusCode.Forbidden, "AccessDenied", "CreateMultipartUpload");
        await using var writer = await bed.Store.CreateAsync("a", Token);
        await Assert.ThrowsAsync<ObjectStoreException>(async () => await writer.AppendAsync(Noise(PartBytes + 1), Token));

        await Assert.ThrowsAsync<InvalidOperationException>(async () => await writer.AppendAsync(Noise(1), Token));
        await Assert.ThrowsAsync<InvalidOperationException>(async () => await writer.CompleteAsync(Token));
    }

    [Fact]
    public async Task Disposing_in_the_middle_stops_the_parts_under_way()
    {
        var bed = new S3TestBed(SmallParts);
        bed.Http.Hold("UploadPart", times: int.MaxValue);
        var writer = await bed.Store.CreateAsync("a", Token);
        await writer.AppendAsync(Noise(PartBytes + 1), Token);

        await writer.DisposeAsync();
        await writer.DisposeAsync();

        Assert.Equal(0, bed.S3.OpenUploadCount);
        Assert.Equal(0, bed.Store.PartBytes);
        Assert.Empty(bed.S3.Keys(BucketName));
    }

    [Fact]
    public async Task A_taken_path_is_refused_when_the_upload_completes()
    {
        var bed = new S3TestBed(SmallParts);
        await bed.Direct.PutAsync("a", Bytes("first"), Token);

        await Assert.ThrowsAsync<ObjectExistsException>(() => bed.WriteAsync("a", Noise(PartBytes + 1)));

        Assert.Equal("first", await bed.ReadTextAsync("a"));
        Assert.Equal(0, bed.S3.OpenUploadCount);
    }

    [Fact]
    public async Task An_upload_that_was_left_behind_is_listed_and_removed_and_ends_a_writer_that_still_runs()
    {
        var bed = new S3TestBed(SmallParts with { KeyPrefix = "pre" });
        await using var writer = await bed.Store.CreateAsync("t/a", Token);
        await writer.AppendAsync(Noise(PartBytes + 1), Token);

        var unfinished = Assert.Single(await bed.Direct.ListUnfinishedAsync("t/", Token).ToListAsync(Token));
        Assert.Empty(await bed.Direct.ListUnfinishedAsync("other/", Token).ToListAsync(Token));
        Assert.StartsWith("t/a?uploadId=", unfinished.Name, StringComparison.Ordinal);
        Assert.InRange(DateTimeOffset.UtcNow - unfinished.LastModified, TimeSpan.FromMinutes(-1), TimeSpan.FromMinutes(1));
        await bed.Direct.RemoveUnfinishedAsync(unfinished, Token);
        await bed.Direct.RemoveUnfinishedAsync(unfinished, Token);

        await Assert.ThrowsAsync<ObjectStoreException>(async () => await writer.CompleteAsync(Token));
        Assert.Empty(bed.S3.Keys(BucketName));
        await Assert.ThrowsAsync<ArgumentException>(() => bed.Direct.RemoveUnfinishedAsync(unfinished with { Name = "t/a" }, Token));
    }

    [Fact]
    public void Ten_thousand_parts_hold_the_largest_object_and_each_is_one_that_S3_takes()
    {
        const long LargestObject = 5L << 40;
        long total = 0;
        for (int number = 1; number <= PartSizes.MaxPartCount; number++)
        {
            long size = PartSizes.Of(new S3ObjectStoreOptions().PartSizeBytes, number);
            Assert.InRange(size, S3ObjectStoreOptions.MinPartSizeBytes, 5L << 30);
            total += size;
        }

        Assert.True(total >= LargestObject, $"{total}");
        Assert.Equal(8 << 20, PartSizes.Of(8 << 20, 1_000));
        Assert.Equal(16 << 20, PartSizes.Of(8 << 20, 1_001));
    }
}
