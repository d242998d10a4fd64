using Sleeper.Ingest.Core.ObjectStores;
using Sleeper.Ingest.Core.StateStores;
using Sleeper.Ingest.Core.StateStores.OwnTables;
using Sleeper.Ingest.Core.Tests.Checking;
using Sleeper.Ingest.Core.Tests.Support;

namespace Sleeper.Ingest.Core.Tests.Faults;

/// <summary>A whole ingest in which one call of the object store after the other goes wrong: what the caller is told is what the table shows.</summary>
public sealed class ObjectStoreFaultTests : IDisposable
{
    private readonly TemporaryFolder _spill = new();

    public void Dispose() => _spill.Dispose();

    [Theory]
    [InlineData("memory", false)]
    [InlineData("memory", true)]
    [InlineData("disk", false)]
    [InlineData("disk", true)]
    public async Task A_call_that_fails_once_is_survived_or_leaves_nothing(string kind, bool after)
    {
        int calls = await CountCallsAsync(kind);
        Assert.InRange(calls, 25, 300);
        int survived = 0;
        int failed = 0;
        for (int call = 1; call <= calls; call++)
        {
            using var place = new Place(kind);
            var store = new FaultyObjectStore(place.Store);
            var fault = store.Add(new StoreFault { Operations = StoreOperation.Any, Call = call, After = after });
            string context = $"call {call} of {calls} {(after ? "after" : "before")} it took effect";
            var end = await TellAsync(store);
            Assert.True(fault.StrikeCount == 1, context);
            context += $" ({store.Calls[call - 1]}), told {end.Told}: {end.Error?.Message}";
            await AssertTruthAsync(place, end.Told, context, mayLeaveIntent: IsOfIntent(store.Calls[call - 1]));
            _ = end.Told == Told.Committed ? survived++ : failed++;
        }

        Assert.True(survived > 0 && failed > 0, $"{survived} survived, {failed} failed.");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_store_that_goes_away_for_good_leaves_a_table_that_tells_the_truth_when_it_is_back(bool after)
    {
        int calls = await CountCallsAsync("memory");
        for (int call = 1; call <= calls; call++)
        {
            using var place = new Place("memory");
            var store = new FaultyObjectStore(place.Store);
            store.Add(new StoreFault { Operations = StoreOperation.Any, Call = call, Times = int.MaxValue, After = after });
            var end = await TellAsync(store);
            string context = $"from call {call} of {calls} on, {(after ? "after" : "before")}, told {end.Told}: {end.Error?.Message}";

            // Nothing could be removed, so files may be left; then an intent says whose they are.
            await AssertTruthAsync(place, end.Told, context, mayLeaveIntent: true, mayLeaveFiles: true);
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_cancellation_at_any_call_is_an_abort_or_a_commit(bool after)
    {
        int calls = await CountCallsAsync("memory");
        for (int call = 1; call <= calls; call++)
        {
            using var place = new Place("memory");
            var store = new FaultyObjectStore(place.Store);
            var (end, run) = await CancelAsync(store, call, after, new StateStoreClock());
            string context = $"cancelled at call {call} of {calls} ({store.Calls[call - 1]}), {(after ? "after" : "before")}, told {end.Told}: {end.Error?.Message}";
            bool mayLeaveIntent = IsOfIntent(store.Calls[call - 1]);
            if (await SmallIngest.HasPartitionsAsync(place.Store))
            {
                await place.AssertSoundAsync(Expect(end.Told, run, isRunning: mayLeaveIntent), context);
            }

            await AssertTruthAsync(place, end.Told, context, mayLeaveIntent);
        }
    }

    [Fact]
    public async Task Clearing_up_for_too_long_after_a_cancellation_is_noticed()
    {
        using var place = new Place("disk");
        var clock = new StateStoreClock();
        var store = new FaultyObjectStore(place.Store);
        store.Add(new StoreFault { Operations = StoreOperation.Delete, After = true, Error = path =>
        {
            clock.Pass(TimeSpan.FromSeconds(1.5));
            return new ObjectStoreException("slow", path, "Too slow.");
        } });
        int firstAppend = await CountCallsAsync("disk", StoreOperation.Append);
        var (end, run) = await CancelAsync(store, firstAppend, after: true, clock);
        Assert.Equal(Told.Failed, end.Told);
        var violation = Assert.Single(await TableChecker.CheckAsync(place.TableFolder, Expect(end.Told, run, isRunning: true)));
        Assert.Equal("I18", violation.Id);
    }

    /// <summary>Runs the ingest and cancels it at a call; the time is that of the ingest's clock, which goes on only where something waits.</summary>
    private async Task<(End End, ObservedRun Run)> CancelAsync(FaultyObjectStore store, int call, bool after, StateStoreClock clock)
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
        var end = await TellAsync(store, cancel.Token, clock);
        return (end, new ObservedRun { CancelledFor = clock.GetUtcNow() - cancelledAt });
    }

    /// <summary>Runs the ingest and notes what its caller is told.</summary>
    private async Task<End> TellAsync(FaultyObjectStore store, CancellationToken cancellationToken = default, StateStoreClock? clock = null)
    {
        try
        {
            var result = await SmallIngest.RunAsync(store, _spill.Path, cancellationToken, clock);
            Assert.Equal(SmallIngest.RowCount, result.RowCount);
            return new End(Told.Committed, null);
        }
        catch (CommitOutcomeUnknownException error)
        {
            return new End(Told.Unknown, error);
        }
        catch (Exception error) when (error is IngestException or OperationCanceledException or IOException)
        {
            return new End(Told.Failed, error);
        }
        finally
        {
            store.Heal();
            Assert.Empty(Directory.EnumerateFileSystemEntries(_spill.Path));
        }
    }

    private async Task AssertTruthAsync(Place place, Told told, string context, bool mayLeaveIntent, bool mayLeaveFiles = false)
    {
        var store = place.Store;
        int copies = (await SmallIngest.CopiesAsync(store)).GetValueOrDefault(SmallIngest.Id);
        var strays = await SmallIngest.StrayObjectsAsync(store);
        if (told == Told.Unknown)
        {
            bool isCommitted = await SmallIngest.ResolveAsync(store);
            Assert.True(copies == (isCommitted ? 1 : 0), $"{context}: resolved as {isCommitted}, but there were {copies} copies.");
            Assert.Equal(isCommitted, await SmallIngest.ResolveAsync(store));
            copies = (await SmallIngest.CopiesAsync(store)).GetValueOrDefault(SmallIngest.Id);
            Assert.True(copies == (isCommitted ? 1 : 0), $"{context}: resolved as {isCommitted}, and now there are {copies} copies.");
        }
        else
        {
            Assert.True(copies == (told == Told.Committed ? 1 : 0), $"{context}: {copies} copies.");
            Assert.True(mayLeaveFiles || !strays.Exists(IsFile), $"{context}: left {string.Join(", ", strays)}");
            Assert.True(mayLeaveIntent || strays.Count == 0, $"{context}: left {string.Join(", ", strays)}");
        }

        // Files are never left without the intent that says whose they are.
        Assert.True(!strays.Exists(IsFile) || strays.Exists(path => path.Contains("/ingests/", StringComparison.Ordinal)), $"{context}: left {string.Join(", ", strays)}");
        var retry = await SmallIngest.RunAsync(store, _spill.Path);
        Assert.True(retry.Outcome == (copies == 1 ? IngestOutcome.AlreadyCommitted : IngestOutcome.Committed), $"{context}: the retry was {retry.Outcome}.");
        Assert.True((await SmallIngest.CopiesAsync(store)).GetValueOrDefault(SmallIngest.Id) == 1, $"{context}: after the retry there is not one copy.");
        await AssertSoundAsync(place, context);
    }

    /// <summary>After a maintenance an independent reader finds the ingest and nothing else.</summary>
    private static async Task AssertSoundAsync(Place place, string context)
    {
        var report = await (await Table.OpenAsync(place.Store, "default")).MaintainAsync(new MaintenanceOptions { Grace = TimeSpan.Zero, RemoveStaleSpillFiles = false });
        Assert.True(report.Left.Count == 0, $"{context}: the maintenance left {string.Join(", ", report.Left)}");
        await place.AssertSoundAsync(Expect(Told.Committed), context);
    }

    private static ExpectedTable Expect(Told told, ObservedRun? run = null, bool isRunning = false)
    {
        var expected = new ExpectedTable(ingestField: 1, numberField: 2);
        expected.Add(new ExpectedIngest(SmallIngest.Id, told, ExpectedIngest.DigestsOf(SmallIngest.Rows(), 2), isRunning) { Run = run });
        return expected;
    }

    /// <summary>An intent whose own making or removal failed may be left: it promises nothing and does no harm.</summary>
    private static bool IsOfIntent((StoreOperation Operation, string Path) call) => call.Path.Contains("/ingests/", StringComparison.Ordinal);

    private static bool IsFile(string path) => path.Contains("/data/", StringComparison.Ordinal);

    /// <summary>How many calls an ingest makes; until the first one of some operations, if they are given.</summary>
    private async Task<int> CountCallsAsync(string kind, StoreOperation until = StoreOperation.None)
    {
        using var place = new Place(kind);
        var store = new FaultyObjectStore(place.Store);
        await SmallIngest.RunAsync(store, _spill.Path);
        Assert.Empty(await SmallIngest.StrayObjectsAsync(place.Store));
        return until == StoreOperation.None ? store.Calls.Count : 1 + store.Calls.ToList().FindIndex(call => (call.Operation & until) != 0);
    }

    private sealed record End(Told Told, Exception? Error);

    private sealed class Place : IDisposable
    {
        private readonly TemporaryFolder? _folder;

        public Place(string kind)
        {
            _folder = kind == "disk" ? new TemporaryFolder() : null;
            Store = _folder is null ? new InMemoryObjectStore() : new LocalObjectStore(_folder.Path, new LocalObjectStoreOptions { Durable = false });
        }

        public IObjectStore Store { get; }

        /// <summary>The table's folder, of a place on disk.</summary>
        public string TableFolder => Path.Combine(_folder!.Path, "default");

        public Task AssertSoundAsync(ExpectedTable expected, string context) => _folder is null
            ? TableChecker.AssertSoundAsync(Store, "default", expected, context)
            : TableChecker.AssertSoundAsync(TableFolder, expected, context);

        public void Dispose() => _folder?.Dispose();
    }
}
