using System.Net;
using Sleeper.Ingest.Core.ObjectStores.S3;
using Sleeper.Ingest.Core.Tests.Checking;
using Sleeper.Ingest.Core.Tests.Emulators;
using Sleeper.Ingest.Core.Tests.ObjectStores.S3;
using Sleeper.Ingest.Core.Tests.Support;

namespace Sleeper.Ingest.Core.Tests.Faults;

/// <summary>Whole ingests into a bucket in which one request after the other goes wrong: what the caller is told is what the table shows.</summary>
public sealed class BucketFaultTests
{
    private static readonly CanonicalIngest Ingest = CanonicalIngest.OneLeaf;

    private static readonly string[] Names = ["lost request", "lost answer", "500", "500 after the effect", "503", "400 throttling", "cut body", "damaged body"];

    public static TheoryData<string> Faults => [.. Names];

    /// <summary>With the store's own attempts each of them is survived, at each request: two of the eight at each one, all with SLEEPER_SOAK set.</summary>
    [Theory]
    [MemberData(nameof(Faults))]
    public async Task A_request_that_goes_wrong_once_is_sent_again(string name)
    {
        var calls = await CountAsync();
        bool isSoak = Environment.GetEnvironmentVariable("SLEEPER_SOAK") is not null;
        foreach (int call in FaultPoints.All(calls.Count).Where(call => isSoak || (call + Array.IndexOf(Names, name)) % 4 == 0))
        {
            var bed = new S3TestBed();
            using var place = await FaultPlace.CreateAsync(Ingest, bed.Direct);
            var fault = bed.Http.Add(NewFault(name, call, times: 1));

            var end = await place.TellAsync(bed.Store);

            string context = $"{name} at request {call} of {calls.Count} ({bed.Http.Calls[call - 1]}), told {end.Told}: {end.Error}";
            Assert.True(fault.StrikeCount == 1 && end.Told == Told.Committed, context);
            if (call % 16 == 0)
            {
                await place.AssertTruthAsync(end.Told, context, mayLeaveIntent: false);
            }
            else
            {
                Assert.Equal(1, (await SmallIngest.CopiesAsync(bed.Direct))[CanonicalIngest.Id]);
                Assert.Empty(await place.StraysAsync());
            }
        }
    }

    /// <summary>With one attempt the caller hears of them: committed, failed with everything removed, or unknown with everything kept.</summary>
    [Theory]
    [InlineData("lost request")]
    [InlineData("lost answer")]
    public async Task Without_another_attempt_the_end_is_told_truly(string name)
    {
        var once = S3TestBed.Quick with { MaxAttempts = 1 };
        var calls = await CountAsync();
        var told = new Dictionary<Told, int>();
        foreach (int call in FaultPoints.Some([.. calls.Select(c => (c.Operation, c.Resource))]))
        {
            var bed = new S3TestBed(once);
            using var place = await FaultPlace.CreateAsync(Ingest, bed.Direct);
            bed.Http.Add(NewFault(name, call, times: 1));

            var end = await place.TellAsync(bed.Store);

            var struck = bed.Http.Calls[call - 1];
            string context = $"{name} at request {call} of {calls.Count} ({struck}), told {end.Told}: {end.Error?.Message}";
            await place.AssertTruthAsync(end.Told, context, mayLeaveIntent: struck.Resource.Contains("/ingests/", StringComparison.Ordinal));
            told[end.Told] = told.GetValueOrDefault(end.Told) + 1;
        }

        Assert.True(told.GetValueOrDefault(Told.Committed) > 0 && told.GetValueOrDefault(Told.Failed) > 0, string.Join(", ", told));
    }

    [Theory]
    [InlineData("500")]
    [InlineData("500 after the effect")]
    public async Task A_service_that_goes_away_for_good_leaves_a_table_that_tells_the_truth_when_it_is_back(string name)
    {
        var calls = await CountAsync();
        foreach (int call in FaultPoints.Some([.. calls.Select(c => (c.Operation, c.Resource))]))
        {
            var bed = new S3TestBed(S3TestBed.Quick with { MaxAttempts = 1 });
            using var place = await FaultPlace.CreateAsync(Ingest, bed.Direct);
            bed.Http.Add(NewFault(name, call, times: int.MaxValue));

            var end = await place.TellAsync(bed.Store);

            await place.AssertTruthAsync(end.Told, $"{name} from request {call} of {calls.Count} on, told {end.Told}: {end.Error?.Message}", mayLeaveIntent: true, mayLeaveFiles: true);
        }
    }

    /// <summary>A refusal is certain: it fails at once, with everything removed, and says which permission is missing.</summary>
    [Fact]
    public async Task A_put_that_is_not_allowed_fails_the_ingest_with_the_permission_that_is_missing()
    {
        var calls = await CountAsync();
        foreach (var call in calls.Where(call => call.Operation == "PutObject").Distinct())
        {
            string[] parts = call.Resource.Split('/');
            string folder = string.Join('/', parts.Take(parts[1] == "ingests" ? 2 : 3)); // the names below depend on the table's id
            var bed = new S3TestBed();
            using var place = await FaultPlace.CreateAsync(Ingest, bed.Direct);
            bed.Http.Add(new HttpFault(HttpFaultKind.Refuse, "PutObject", 1, int.MaxValue)
            {
                Status = HttpStatusCode.Forbidden,
                Code = "AccessDenied",
                Where = c => c.Resource.StartsWith(folder, StringComparison.Ordinal),
            });

            var end = await place.TellAsync(bed.Store);

            Assert.True(end.Told == Told.Failed, $"{folder}: {end.Told} {end.Error}");
            Assert.Contains($"Allow s3:PutObject on arn:aws:s3:::{S3TestBed.BucketName}/{folder}", end.Error!.Message, StringComparison.Ordinal);
            await place.AssertTruthAsync(end.Told, folder, mayLeaveIntent: false);
        }
    }

    private static async Task<IReadOnlyList<HttpCall>> CountAsync()
    {
        var bed = new S3TestBed();
        using var place = await FaultPlace.CreateAsync(Ingest, bed.Direct);
        Assert.Equal(Told.Committed, (await place.TellAsync(bed.Store)).Told);
        Assert.InRange(bed.Http.Calls.Count, 10, 60);
        return bed.Http.Calls;
    }

    private static HttpFault NewFault(string name, int call, int times) => name switch
    {
        "lost request" => new HttpFault(HttpFaultKind.LoseRequest, null, call, times),
        "lost answer" => new HttpFault(HttpFaultKind.LoseReply, null, call, times),
        "500" => new HttpFault(HttpFaultKind.Refuse, null, call, times),
        "500 after the effect" => new HttpFault(HttpFaultKind.RefuseAfter, null, call, times),
        "503" => new HttpFault(HttpFaultKind.Refuse, null, call, times) { Status = HttpStatusCode.ServiceUnavailable, Code = "SlowDown" },
        "400 throttling" => new HttpFault(HttpFaultKind.Refuse, null, call, times) { Status = HttpStatusCode.BadRequest, Code = "ThrottlingException" },
        "cut body" => new HttpFault(HttpFaultKind.CutBody, null, call, times),
        "damaged body" => new HttpFault(HttpFaultKind.DamageRequest, null, call, times),
        _ => throw new ArgumentException(name, nameof(name)),
    };
}
