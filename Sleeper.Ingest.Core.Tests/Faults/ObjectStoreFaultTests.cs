using Sleeper.Ingest.Core.ObjectStores;
using Sleeper.Ingest.Core.Tests.Checking;
using Sleeper.Ingest.Core.Tests.Support;

namespace Sleeper.Ingest.Core.Tests.Faults;

/// <summary>Whole ingests in which one call of the object store after the other goes wrong: what the caller is told is what the table shows.</summary>
public sealed class ObjectStoreFaultTests
{
    [Theory]
    [InlineData("one leaf", true)]
    [InlineData("spilled", false)]
    [InlineData("from files", false)]
    public async Task A_call_that_fails_once_is_survived_or_leaves_nothing(string name, bool isInMemory)
    {
        var ingest = CanonicalIngest.Get(name);
        using var prepared = await FaultPlace.CreateAsync(ingest);
        var calls = await CountCallsAsync(prepared);
        Assert.InRange(calls.Count, 20, 300);
        int survived = 0;
        int failed = 0;
        foreach (int call in ingest == CanonicalIngest.Spilled ? FaultPoints.Some([.. calls.Select(c => ($"{c.Operation}", c.Path))]) : FaultPoints.All(calls.Count))
        {
            foreach (bool after in (bool[])[false, true])
            {
                using var place = isInMemory ? await FaultPlace.CreateAsync(ingest, isInMemory) : prepared.Copy();
                var store = new FaultyObjectStore(place.Store);
                var fault = store.Add(new StoreFault { Operations = StoreOperation.Any, Call = call, After = after });
                var end = await place.TellAsync(store);
                store.Heal();
                string context = $"call {call} of {calls.Count} {(after ? "after" : "before")} it took effect ({store.Calls[call - 1]}), told {end.Told}: {end.Error?.Message}";
                Assert.True(fault.StrikeCount == 1, context);
                Assert.Empty(Directory.EnumerateFileSystemEntries(place.SpillFolder));
                await place.AssertTruthAsync(end.Told, context, mayLeaveIntent: IsOfIntent(store.Calls[call - 1]));
                _ = end.Told == Told.Committed ? survived++ : failed++;
            }
        }

        Assert.True(survived > 0 && failed > 0, $"{survived} survived, {failed} failed.");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_store_that_goes_away_for_good_leaves_a_table_that_tells_the_truth_when_it_is_back(bool after)
    {
        int calls = (await CountCallsAsync(CanonicalIngest.ThreeLeaves)).Count;
        for (int call = 1; call <= calls; call++)
        {
            using var place = await FaultPlace.CreateAsync(CanonicalIngest.ThreeLeaves, isInMemory: true);
            var store = new FaultyObjectStore(place.Store);
            store.Add(new StoreFault { Operations = StoreOperation.Any, Call = call, Times = int.MaxValue, After = after });
            var end = await place.TellAsync(store);
            store.Heal();
            string context = $"from call {call} of {calls} on, {(after ? "after" : "before")}, told {end.Told}: {end.Error?.Message}";

            // Nothing could be removed, so files may be left; then an intent says whose they are.
            await place.AssertTruthAsync(end.Told, context, mayLeaveIntent: true, mayLeaveFiles: true);
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_cancellation_at_any_call_is_an_abort_or_a_commit(bool after)
    {
        int calls = (await CountCallsAsync(CanonicalIngest.ThreeLeaves)).Count;
        for (int call = 1; call <= calls; call++)
        {
            using var place = await FaultPlace.CreateAsync(CanonicalIngest.ThreeLeaves, isInMemory: true);
            var store = new FaultyObjectStore(place.Store);
            var (end, run) = await CancelAsync(place, store, call, after, new StateStoreClock());
            string context = $"cancelled at call {call} of {calls} ({store.Calls[call - 1]}), {(after ? "after" : "before")}, told {end.Told}: {end.Error?.Message}";
            Assert.Empty(run.Check(context));
            await place.AssertTruthAsync(end.Told, context, mayLeaveIntent: IsOfIntent(store.Calls[call - 1]));
        }
    }

    [Fact]
    public async Task Clearing_up_for_too_long_after_a_cancellation_is_noticed()
    {
        int firstAppend = 1 + (await CountCallsAsync(CanonicalIngest.ThreeLeaves)).ToList().FindIndex(call => call.Operation == StoreOperation.Append);
        using var place = await FaultPlace.CreateAsync(CanonicalIngest.ThreeLeaves);
        var clock = new StateStoreClock();
        var store = new FaultyObjectStore(place.Store);
        store.FailAfter(StoreOperation.Delete, error: path =>
        {
            clock.Pass(TimeSpan.FromSeconds(1.5));
            return new ObjectStoreException("slow", path, "Too slow.");
        });
        var (end, run) = await CancelAsync(place, store, firstAppend, after: true, clock);
        Assert.Equal(Told.Failed, end.Told);
        var expected = CanonicalIngest.ThreeLeaves.Expect(end.Told, run: run, isRunning: true);
        var violation = Assert.Single(await TableChecker.CheckAsync(Path.Combine(place.Root, "default"), expected));
        Assert.Equal("I18", violation.Id);
    }

    /// <summary>Runs the ingest and cancels it at a call; the time is that of the ingest's clock, which goes on only where something waits.</summary>
    private static async Task<(FaultEnd End, ObservedRun Run)> CancelAsync(FaultPlace place, FaultyObjectStore store, int call, bool after, StateStoreClock clock)
    {
        using var cancel = new CancellationTokenSource();
        DateTimeOffset cancelledAt = default;
        store.Add(new StoreFault
        {
            Operations = StoreOperation.Any,
            Call = call,
            After = after,
            Error = _ =>
            {
                cancelledAt = clock.GetUtcNow();
                cancel.Cancel();
                return new OperationCanceledException(cancel.Token);
            },
        });
        var end = await place.TellAsync(store, clock: clock, cancellationToken: cancel.Token);
        store.Heal();
        return (end, new ObservedRun { CancelledFor = clock.GetUtcNow() - cancelledAt });
    }

    /// <summary>An intent whose own making or removal failed may be left: it promises nothing and does no harm.</summary>
    private static bool IsOfIntent((StoreOperation Operation, string Path) call) => call.Path.Contains("/ingests/", StringComparison.Ordinal);

    /// <summary>The calls that an ingest makes.</summary>
    private static async Task<IReadOnlyList<(StoreOperation Operation, string Path)>> CountCallsAsync(CanonicalIngest ingest)
    {
        using var place = await FaultPlace.CreateAsync(ingest);
        return await CountCallsAsync(place);
    }

    private static async Task<IReadOnlyList<(StoreOperation Operation, string Path)>> CountCallsAsync(FaultPlace prepared)
    {
        using var place = prepared.Copy();
        var store = new FaultyObjectStore(place.Store);
        Assert.Equal(Told.Committed, (await place.TellAsync(store)).Told);
        Assert.Empty(await place.StraysAsync());
        return store.Calls;
    }
}
