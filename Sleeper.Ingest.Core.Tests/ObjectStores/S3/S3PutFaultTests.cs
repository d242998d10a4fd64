using System.Net;
using Sleeper.Ingest.Core.ObjectStores;
using Sleeper.Ingest.Core.ObjectStores.S3;
using Sleeper.Ingest.Core.Tests.Emulators;
using Sleeper.Ingest.Core.Tests.Support;
using static Sleeper.Ingest.Core.Tests.ObjectStores.S3.S3TestBed;

namespace Sleeper.Ingest.Core.Tests.ObjectStores.S3;

/// <summary>Puts whose requests and answers go wrong: who is told that the object is theirs is right.</summary>
public sealed class S3PutFaultTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    public async Task A_put_if_absent_whose_answer_is_lost_knows_its_object_again(int sdkRetries)
    {
        var bed = new S3TestBed(sdkRetries: sdkRetries);
        bed.Http.LoseReply("PutObject");

        Assert.True(await bed.Store.PutIfAbsentAsync("a", Bytes("ours"), Token));

        Assert.Equal("ours", await bed.ReadTextAsync("a"));
        Assert.Equal(2, bed.Count("PutObject"));
        Assert.Equal(1, bed.Count("HeadObject"));
    }

    [Fact]
    public async Task One_whose_request_is_lost_while_another_takes_the_path_knows_that_too()
    {
        var bed = new S3TestBed();
        var lost = bed.Http.LoseRequest("PutObject");
        var held = bed.Http.Hold("PutObject", call: 2);
        var put = bed.Store.PutIfAbsentAsync("a", Bytes("same bytes"), Token);
        await lost.Struck;
        await held.Struck;
        await bed.Direct.PutIfAbsentAsync("a", Bytes("same bytes"), Token);
        held.Release();

        Assert.False(await put);
    }

    [Fact]
    public async Task A_refusal_on_the_first_attempt_needs_no_look()
    {
        var bed = new S3TestBed();
        await bed.Direct.PutAsync("a", Bytes("first"), Token);

        Assert.False(await bed.Store.PutIfAbsentAsync("a", Bytes("second"), Token));

        Assert.Equal(["PutObject a"], bed.Http.Calls.Select(call => call.ToString()));
    }

    [Fact]
    public async Task A_thousand_lost_answers_make_no_false_answer()
    {
        var bed = new S3TestBed();
        bed.Http.Add(new HttpFault(HttpFaultKind.LoseReply, "PutObject", 1, int.MaxValue) { Where = new EverySecond().Strikes });
        for (int i = 0; i < 1_000; i++)
        {
            string path = $"log/{i}";
            bool[] won = await Task.WhenAll(Enumerable.Range(0, 2).Select(w => bed.Store.PutIfAbsentAsync(path, Bytes($"{w}"), Token)));

            Assert.Single(won, isOurs => isOurs);
            Assert.Equal($"{Array.IndexOf(won, true)}", await bed.ReadTextAsync(path));
        }

        Assert.True(bed.Http.Calls.Count(call => call.Operation == "HeadObject") >= 900);
    }

    [Fact]
    public async Task A_conflict_is_no_answer()
    {
        var bed = new S3TestBed();
        bed.Http.Refuse(HttpStatusCode.Conflict, "ConditionalRequestConflict", "PutObject", times: 3);

        Assert.True(await bed.Store.PutIfAbsentAsync("a", Bytes("x"), Token));

        Assert.Equal(4, bed.Count("PutObject"));
        Assert.Equal(3, bed.Count("HeadObject")); // it was read back before each
    }

    [Fact]
    public async Task A_conflict_with_an_object_that_is_there_afterwards_is_lost()
    {
        var bed = new S3TestBed();
        bed.Http.Refuse(HttpStatusCode.Conflict, "ConditionalRequestConflict", "PutObject");
        await bed.Direct.PutAsync("a", Bytes("others"), Token);

        Assert.False(await bed.Store.PutIfAbsentAsync("a", Bytes("x"), Token));
    }

    [Fact]
    public async Task Conflicts_without_end_are_an_error_of_unknown_effect()
    {
        var bed = new S3TestBed();
        bed.Http.Refuse(HttpStatusCode.Conflict, "ConditionalRequestConflict", "PutObject", times: int.MaxValue);

        var error = await Assert.ThrowsAsync<ObjectStoreException>(() => bed.Store.PutIfAbsentAsync("a", Bytes("x"), Token));

        Assert.True(error.IsRetryable);
        Assert.False(error.HadNoEffect);
        Assert.Equal(Quick.MaxAttempts, bed.Count("PutObject"));
    }

    [Theory]
    [InlineData(HttpStatusCode.InternalServerError, "InternalError")]
    [InlineData(HttpStatusCode.BadGateway, "")]
    [InlineData(HttpStatusCode.ServiceUnavailable, "SlowDown")]
    [InlineData(HttpStatusCode.ServiceUnavailable, "ServiceUnavailable")]
    [InlineData(HttpStatusCode.TooManyRequests, "TooManyRequests")]
    [InlineData(HttpStatusCode.BadRequest, "ThrottlingException")]
    [InlineData(HttpStatusCode.BadRequest, "RequestTimeout")]
    [InlineData(HttpStatusCode.BadRequest, "BadDigest")]
    public async Task An_error_of_the_service_is_met_with_another_attempt(HttpStatusCode status, string code)
    {
        var bed = new S3TestBed();
        var before = bed.Http.Refuse(status, code, times: Quick.MaxAttempts - 1);
        Assert.True(await bed.Store.PutIfAbsentAsync("a", Bytes("x"), Token));
        Assert.Equal(Quick.MaxAttempts - 1, before.StrikeCount);

        bed.Http.Heal();
        bed.Http.RefuseAfter(status, code, "PutObject");
        Assert.True(await bed.Store.PutIfAbsentAsync("b", Bytes("x"), Token));

        bed.Http.Refuse(status, code, times: int.MaxValue);
        var error = await Assert.ThrowsAsync<ObjectStoreException>(() => bed.Store.PutIfAbsentAsync("c", Bytes("x"), Token));
        Assert.True(error.IsRetryable);
        Assert.False(error.HadNoEffect);
        Assert.Contains("'c'", error.Message, StringComparison.Ordinal);
        Assert.Contains($"{(int)status} {code}", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Bytes_that_are_damaged_on_their_way_up_are_refused_and_sent_again()
    {
        var bed = new S3TestBed();
        byte[] content = Noise(100_000);
        var put = bed.Http.DamageRequest("PutObject");
        await bed.Store.PutAsync("a", content, Token);
        Assert.Equal(1, put.StrikeCount);
        Assert.Equal(content, await bed.ReadAsync("a"));

        byte[] large = Noise(12 << 20);
        var part = bed.Http.DamageRequest("UploadPart", call: 2);
        await bed.WriteAsync("b", large);
        Assert.Equal(1, part.StrikeCount);
        Assert.Equal(3, bed.Count("UploadPart"));
        await bed.AssertContentAsync("b", large);
    }

    [Fact]
    public async Task An_attempt_without_an_answer_is_given_up_in_time_and_what_lands_later_does_no_harm()
    {
        var clock = new ManualClock();
        var bed = new S3TestBed(Quick with { Clock = clock, AttemptTimeout = TimeSpan.FromSeconds(7) });
        var slow = bed.Http.Hold("PutObject");
        var put = bed.Store.PutIfAbsentAsync("a", Bytes("ours"), Token);
        await slow.Struck;

        clock.Advance(TimeSpan.FromSeconds(6));
        Assert.False(put.IsCompleted);
        clock.Advance(TimeSpan.FromSeconds(2));
        while (!put.IsCompleted)
        {
            clock.Advance(TimeSpan.FromMilliseconds(1)); // waits of no length still need the clock
            await Task.Yield();
        }

        Assert.True(await put);
        Assert.Equal(2, bed.Count("PutObject"));
    }

    [Fact]
    public async Task A_call_that_waits_for_an_answer_can_be_cancelled()
    {
        var bed = new S3TestBed();
        using var cancel = CancellationTokenSource.CreateLinkedTokenSource(Token);
        var slow = bed.Http.Hold("PutObject");
        var put = bed.Store.PutIfAbsentAsync("a", Bytes("x"), cancel.Token);
        await slow.Struck;
        await cancel.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => put);
    }

    [Fact]
    public async Task A_wrong_clock_is_put_right_and_the_request_sent_again()
    {
        var s3 = new InProcessS3(buckets: BucketName);
        var http = new FaultyHttp(s3);
        http.Add(new HttpFault(HttpFaultKind.Refuse, "PutObject", 1, 1)
        {
            Status = HttpStatusCode.Forbidden,
            Code = "RequestTimeTooSkewed",
            ServerTime = DateTimeOffset.UtcNow.AddHours(3),
        });
        var dates = new DateRecorder(http);
        using var store = new S3ObjectStore(s3.NewClient(dates, config => config.ServiceURL = "https://skewed.in-process.test"), BucketName, Quick);

        Assert.True(await store.PutIfAbsentAsync("a", Bytes("x"), Token));

        Assert.Equal(2, dates.Seen.Count);
        Assert.InRange(dates.Seen[1] - dates.Seen[0], TimeSpan.FromHours(2.9), TimeSpan.FromHours(3.1));
    }

    /// <summary>The first request for each key.</summary>
    private sealed class EverySecond
    {
        private readonly HashSet<string> _seen = [];

        public bool Strikes(HttpCall call) => _seen.Add(call.Resource);
    }

    private sealed class DateRecorder(HttpMessageHandler inner) : DelegatingHandler(inner)
    {
        public List<DateTimeOffset> Seen { get; } = [];

        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            string date = request.Headers.GetValues("X-Amz-Date").Single();
            Seen.Add(DateTimeOffset.ParseExact(date, "yyyyMMdd'T'HHmmss'Z'", System.Globalization.CultureInfo.InvariantCulture, System.Globalization.DateTimeStyles.AssumeUniversal));
            return base.SendAsync(request, cancellationToken);
        }
    }
}
