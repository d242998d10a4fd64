using Sleeper.Ingest.Core.ObjectStores;
using Sleeper.Ingest.Core.StateStores.TransactionLog;
using Sleeper.Ingest.Core.Tests.Support;
using static Sleeper.Ingest.Core.Tests.Support.TableFixture;

namespace Sleeper.Ingest.Core.Tests.StateStores.OwnTables;

/// <summary>Sequences that have broken other systems, each played once on purpose.</summary>
public sealed class NamedSequenceTests
{
    private readonly InMemoryObjectStore _memory = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_thousand_lost_answers_are_a_thousand_commits_without_a_false_failure_or_a_double()
    {
        var lossy = new ScriptedObjectStore(_memory) { Fault = (verb, _) => verb == "put-if-absent" ? ScriptedFault.After : ScriptedFault.None };
        (await CreateAsync(_memory)).Dispose();
        using var one = await OpenAsync(lossy, 1);
        using var two = await OpenAsync(lossy, 2);
        for (int i = 0; i < 1_000; i++)
        {
            var result = await CommitAsync(i % 2 == 0 ? one.StateStore : two.StateStore, $"id-{i}");
            Assert.Equal((i + 1, false), (result.TransactionNumber, result.AlreadyCommitted));
        }

        var state = await one.StateStore.LoadStateAsync(Token);
        Assert.Equal((1_000L, 1_000), (state.TransactionNumber, state.References.Select(r => r.FileName).Distinct().Count()));
    }

    [Fact]
    public async Task A_split_between_the_reads_of_the_two_logs_leaves_no_reference_without_its_partition()
    {
        using var writer = await CreateAsync(_memory);
        await CommitAsync(writer.StateStore, "before");
        var store = new ScriptedObjectStore(_memory);
        using var reader = await OpenAsync(store, 2);
        bool split = false;
        store.Fault = (verb, path) =>
        {
            // The files log is read to its end; now a leaf is split and a commit made on a leaf that the reader does not know.
            if (!split && verb == "open" && path.StartsWith("events/log/partitions/", StringComparison.Ordinal))
            {
                split = true;
                SplitAndCommitAsync().GetAwaiter().GetResult();
            }

            return ScriptedFault.None;
        };
        var first = await reader.StateStore.LoadStateAsync(Token);
        Assert.True(split);
        Assert.Equal((1L, true), (first.TransactionNumber, first.References.All(r => first.Partitions.Contains(r.PartitionId))));
        var second = await reader.StateStore.LoadStateAsync(Token);
        Assert.Equal(["p0", "a1"], second.References.Select(r => r.PartitionId));
        Assert.All(second.References, r => Assert.True(second.Partitions.Contains(r.PartitionId)));

        async Task SplitAndCommitAsync()
        {
            var tree = await writer.StateStore.LoadPartitionsAsync(Token);
            var log = new ObjectStoreTransactionLog(_memory, writer.Paths, writer.TableId, LogKind.Partitions);
            Assert.True(await SplitAsync(log, writer.TableId, tree, "p0", "f", "a0", "a1"));
            var attempt = await writer.StateStore.BeginAttemptAsync("after", Token);
            await writer.StateStore.CommitAsync(attempt, Commit(attempt, partitionId: "a1") with { PlannedOnPartitions = 2 }, Token);
        }
    }
}
