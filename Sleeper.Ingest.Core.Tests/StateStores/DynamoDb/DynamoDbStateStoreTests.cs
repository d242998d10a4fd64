using Sleeper.Ingest.Core.Tests.Support;

namespace Sleeper.Ingest.Core.Tests.StateStores.DynamoDb;

/// <summary>What a commit costs; what all state stores promise is in their contract.</summary>
public sealed class DynamoDbStateStoreTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

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
