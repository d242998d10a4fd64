using Sleeper.Ingest.Core.StateStores;
using Sleeper.Ingest.Core.Tests.Support;

namespace Sleeper.Ingest.Core.Tests.StateStores.DynamoDb;

public sealed class DynamoDbStateStoreTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Committed_files_are_in_the_state()
    {
        var table = await LiveTable.CreateAsync();
        using var store = table.Open();
        var first = await table.CommitAsync(store, "one", 10);
        var second = await table.CommitAsync(store, "two", 5);
        Assert.Equal((1, 10, false), (first.TransactionNumber, first.RowCount, first.AlreadyCommitted));
        Assert.Equal(2, second.TransactionNumber);

        using var reader = table.Open(2);
        var state = await reader.LoadStateAsync(Token);
        Assert.Equal(2, state.TransactionNumber);
        Assert.Equal([.. first.Files[0].References, .. second.Files[0].References], state.References);
        Assert.Equal([(2L, 5L, 1), (1L, 10L, 1)], state.RecentCommits.Select(c => (c.TransactionNumber, c.RowCount, c.FileCount)));
        Assert.Equal(table.Tree.Leaves, state.Partitions.Leaves);
    }

    [Fact]
    public async Task An_id_commits_once_and_later_attempts_get_the_first_result()
    {
        var table = await LiveTable.CreateAsync();
        using var one = table.Open(1);
        using var two = table.Open(2);
        var open = await two.BeginAttemptAsync("id", Token);
        var first = await table.CommitAsync(one, "id");
        var late = await two.CommitAsync(open, table.Commit(open), Token);
        Assert.True(late.AlreadyCommitted);
        Assert.Equal((first.TransactionNumber, first.RowCount), (late.TransactionNumber, late.RowCount));
        Assert.Equal(first.Files[0].References, late.Files[0].References);
        Assert.NotNull((await two.BeginAttemptAsync("id", Token)).Committed);
        Assert.Equal([1L], table.Numbers());
    }

    [Fact]
    public async Task The_same_id_with_another_number_of_rows_is_a_loud_error()
    {
        var table = await LiveTable.CreateAsync();
        using var store = table.Open();
        var one = await store.BeginAttemptAsync("id", Token);
        var two = await store.BeginAttemptAsync("id", Token);
        await store.CommitAsync(one, table.Commit(one, 10), Token);
        Assert.Contains("11 rows", (await Assert.ThrowsAsync<CommitFailedException>(() => store.CommitAsync(two, table.Commit(two, 11), Token))).Message);
    }

    [Fact]
    public async Task A_commit_without_contention_is_two_queries_and_a_put()
    {
        var table = await LiveTable.CreateAsync();
        using var store = table.Open();
        await store.LoadPartitionsAsync(Token);
        var attempt = await store.BeginAttemptAsync("id", Token);
        table.DynamoDb.ForgetCalls();
        await store.CommitAsync(attempt, table.Commit(attempt), Token);
        Assert.Equal(["Query", "Query", "PutItem"], table.DynamoDb.Calls.Select(c => c.Operation));
    }
}
