using Sleeper.Ingest.Core.StateStores;
using Sleeper.Ingest.Core.Tests.Support;

namespace Sleeper.Ingest.Core.Tests.StateStores;

/// <summary>What every state store promises, over all places that tables can be in.</summary>
public sealed class StateStoreContractTests
{
    public static TheoryData<string> Kinds => StateStorePlace.Kinds;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Committed_files_are_in_the_state_with_their_history(string kind)
    {
        using var place = await StateStorePlace.CreateAsync(kind);
        var store = await place.OpenAsync(1);
        var first = await place.CommitAsync(store, "one", 10);
        var second = await place.CommitAsync(store, "two", 5);
        Assert.Equal((1, 10, false), (first.TransactionNumber, first.RowCount, first.AlreadyCommitted));
        Assert.Equal(2, second.TransactionNumber);

        var state = await (await place.OpenAsync(2)).LoadStateAsync(Token);
        Assert.Equal(2, state.TransactionNumber);
        Assert.Equal([.. first.Files[0].References, .. second.Files[0].References], state.References);
        Assert.Equal([(2L, 5L, 1), (1L, 10L, 1)], state.RecentCommits.Select(c => (c.TransactionNumber, c.RowCount, c.FileCount)));
        Assert.Equal(TableFixture.Tree("m").Leaves, state.Partitions.Leaves);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task An_id_commits_once_and_who_comes_later_gets_the_first_result(string kind)
    {
        using var place = await StateStorePlace.CreateAsync(kind);
        var (one, two) = (await place.OpenAsync(1), await place.OpenAsync(2));
        var open = await two.BeginAttemptAsync("id", Token);
        var other = await two.BeginAttemptAsync("id", Token);
        var first = await place.CommitAsync(one, "id");

        var late = await two.CommitAsync(open, place.Commit(open), Token);
        Assert.Equal((true, first.TransactionNumber, first.RowCount), (late.AlreadyCommitted, late.TransactionNumber, late.RowCount));
        Assert.Equal(first.Files[0].References, late.Files[0].References);
        Assert.Contains("11 rows", (await Assert.ThrowsAsync<CommitFailedException>(() => two.CommitAsync(other, place.Commit(other, 11), Token))).Message);
        Assert.Equal(first.Files[0].References, (await two.BeginAttemptAsync("id", Token)).Committed!.Files[0].References);
        Assert.Equal(1, (await two.FindCommitAsync("id", Token))!.TransactionNumber);
        Assert.Equal(1, (await two.ResolveAsync("id", Token)).Committed!.TransactionNumber);
        Assert.Null(await two.FindCommitAsync("no", Token));
        Assert.Equal(1, (await one.LoadStateAsync(Token)).TransactionNumber);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task What_is_abandoned_cancelled_or_on_no_partition_is_not_committed_and_may_come_again(string kind)
    {
        using var place = await StateStorePlace.CreateAsync(kind);
        var store = await place.OpenAsync(1);
        await store.AbandonAsync(await store.BeginAttemptAsync("id", Token), Token);
        var attempt = await store.BeginAttemptAsync("id", Token);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => store.CommitAsync(attempt, place.Commit(attempt), new CancellationToken(true)));
        attempt = await store.BeginAttemptAsync("id", Token);
        Assert.Contains("'gone'", (await Assert.ThrowsAsync<CommitFailedException>(() => store.CommitAsync(attempt, place.Commit(attempt, partitionId: "gone"), Token))).Message);
        attempt = await store.BeginAttemptAsync("id", Token);
        await Assert.ThrowsAsync<ArgumentException>(() => store.CommitAsync(attempt, new IngestCommit([], 0, 1), Token));
        Assert.Null(await store.FindCommitAsync("id", Token));
        Assert.Equal(0, (await store.LoadStateAsync(Token)).TransactionNumber);

        Assert.Equal(1, (await place.CommitAsync(store, "id")).TransactionNumber);
    }

    /// <summary>An own table says so for ever, by an entry; a live log has no such entries, and a "no" says that there is none.</summary>
    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task After_a_no_a_new_attempt_commits_once(string kind)
    {
        using var place = await StateStorePlace.CreateAsync(kind);
        var (one, two) = (await place.OpenAsync(1), await place.OpenAsync(2));
        var early = await one.BeginAttemptAsync("id", Token);
        Assert.Null((await two.ResolveAsync("id", Token)).Committed);
        if (!place.IsLive)
        {
            await Assert.ThrowsAsync<CommitFailedException>(() => one.CommitAsync(early, place.Commit(early), Token));
        }

        var result = await place.CommitAsync(two, "id");
        Assert.False(result.AlreadyCommitted);
        Assert.Equal(result.TransactionNumber, (await one.ResolveAsync("id", Token)).Committed!.TransactionNumber);
        Assert.Single((await one.LoadStateAsync(Token)).References);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Stores_that_race_take_each_number_once_and_commit_each_id_once(string kind)
    {
        const int Ids = 6;
        using var place = await StateStorePlace.CreateAsync(kind);
        IStateStore[] stores = [await place.OpenAsync(1), await place.OpenAsync(2), await place.OpenAsync(3)];
        var results = await Task.WhenAll(stores.Select((store, s) => Task.Run(
            async () =>
            {
                var mine = new List<(string Id, CommitResult Result)>();
                foreach (string id in Enumerable.Range(0, Ids).Select(i => i % 2 == 0 ? $"shared-{i}" : $"{s}-{i}"))
                {
                    mine.Add((id, await place.CommitAsync(store, id)));
                }

                return mine;
            },
            Token)));

        var all = results.SelectMany(r => r).ToList();
        var fresh = all.Where(r => !r.Result.AlreadyCommitted).ToList();
        Assert.Equal(Enumerable.Range(1, fresh.Count).Select(n => (long)n), fresh.Select(r => r.Result.TransactionNumber).Order());
        Assert.Equal(all.Select(r => r.Id).Distinct().Order(), fresh.Select(r => r.Id).Order());
        Assert.All(all.GroupBy(r => r.Id), g => Assert.Single(g.Select(r => r.Result.TransactionNumber).Distinct()));
        var state = await (await place.OpenAsync(9)).LoadStateAsync(Token);
        Assert.Equal((fresh.Count, (long)fresh.Count), (state.References.Select(r => r.FileName).Distinct().Count(), state.TransactionNumber));
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Partitions_are_initialised_once_and_all_get_the_tree_of_the_first(string kind)
    {
        using var place = await StateStorePlace.CreateAsync(kind);
        var store = await place.OpenAsync(1);
        var tree = await store.InitialisePartitionsAsync(TableFixture.Tree("x", "y"), Token);
        Assert.Equal(TableFixture.Tree("m").Leaves, tree.Leaves);
        Assert.Equal(1, tree.LogNumber);
        Assert.Equal(tree.Leaves, (await (await place.OpenAsync(2)).LoadPartitionsAsync(Token)).Leaves);
    }
}
