using Microsoft.Extensions.Logging.Abstractions;
using Sleeper.Ingest.Core.ObjectStores;
using Sleeper.Ingest.Core.Pipeline;
using Sleeper.Ingest.Core.StateStores.OwnTables;
using Sleeper.Ingest.Core.Tests.Support;

namespace Sleeper.Ingest.Core.Tests.Pipeline;

public sealed class HeartbeatTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task It_beats_every_five_minutes_survives_failures_and_is_over_when_it_is_disposed()
    {
        var clock = new ManualClock();
        var store = new ScriptedObjectStore(new InMemoryObjectStore());
        using var table = await TableFixture.CreateAsync(store);
        var attempt = await table.StateStore.BeginAttemptAsync("id", Token);
        int before = Beats();
        var target = new IngestTarget
        {
            IngestId = "id",
            Schema = table.Schema,
            Store = store,
            StateStore = table.StateStore,
            PathInStore = table.Paths.InStore,
            NameDataFile = TablePaths.DataFile,
            Clock = clock,
            Logger = NullLogger.Instance,
        };
        await using (new Heartbeat(target, attempt))
        {
            clock.Advance(Heartbeat.Interval - TimeSpan.FromSeconds(1));
            Assert.Equal(before, Beats());
            clock.Advance(TimeSpan.FromSeconds(2));
            await UntilAsync(before + 1);
            store.Fault = (verb, _) => verb == "put" ? ScriptedFault.Before : ScriptedFault.None;
            clock.Advance(Heartbeat.Interval);
            await UntilAsync(before + 2);
            store.Fault = (_, _) => ScriptedFault.None;
            clock.Advance(Heartbeat.Interval);
            await UntilAsync(before + 3);
        }

        clock.Advance(Heartbeat.Interval * 10);
        Assert.Equal(before + 3, Beats());

        int Beats() => store.Calls.Count(c => c.StartsWith("put events/ingests/", StringComparison.Ordinal));

        async Task UntilAsync(int count)
        {
            while (Beats() < count)
            {
                await Task.Delay(1, Token);
            }
        }
    }
}
