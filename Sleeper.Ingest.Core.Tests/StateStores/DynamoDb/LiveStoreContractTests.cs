using Sleeper.Ingest.Core.Partitioning;
using Sleeper.Ingest.Core.StateStores;
using Sleeper.Ingest.Core.StateStores.DynamoDb;
using Sleeper.Ingest.Core.Tests.Support;

namespace Sleeper.Ingest.Core.Tests.StateStores.DynamoDb;

/// <summary>What a state store promises, over DynamoDB as three servers have it: one in this process, and two emulators.</summary>
public sealed class LiveStoreContractTests
{
    public static TheoryData<string> Servers => LiveLogServer.Kinds;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(Servers))]
    public async Task Commits_are_read_by_everybody_in_order_and_an_id_commits_once(string kind)
    {
        using var server = await LiveLogServer.CreateAsync(kind);
        using var one = server.Open(1);
        using var two = server.Open(2);
        var early = await two.BeginAttemptAsync("a", Token);
        Assert.Equal(1, (await CommitAsync(server, one, "a", 10)).TransactionNumber);
        Assert.True((await two.CommitAsync(early, Commit(server, early, 10), Token)).AlreadyCommitted);
        Assert.Equal(2, (await CommitAsync(server, two, "b", 5)).TransactionNumber);
        Assert.Equal(3, (await CommitAsync(server, one, "c", 7)).TransactionNumber);
        Assert.NotNull((await one.BeginAttemptAsync("b", Token)).Committed);
        Assert.Equal(2, (await one.ResolveAsync("b", Token)).Committed!.TransactionNumber);
        Assert.Null((await one.ResolveAsync("d", Token)).Committed);
        var state = await two.LoadStateAsync(Token);
        Assert.Equal((3L, 3, 22L), (state.TransactionNumber, state.References.Count, state.References.Sum(r => r.RowCount)));
        Assert.Equal([3L, 2, 1], state.RecentCommits.Select(c => c.TransactionNumber));
    }

    [Theory]
    [MemberData(nameof(Servers))]
    public async Task Bodies_in_the_item_and_in_the_bucket_come_back_over_pages_of_a_mebibyte(string kind)
    {
        using var server = await LiveLogServer.CreateAsync(kind);
        using var writer = server.Open(1);
        int files = 0;
        foreach (int count in new[] { 600, 600, 600, 600, 600, 600, 1000, 600, 1 })
        {
            var attempt = await writer.BeginAttemptAsync($"id-{files}", Token);
            await writer.CommitAsync(attempt, Commit(server, attempt, 3, count), Token);
            files += count;
        }

        using var reader = server.Open(2);
        Assert.Equal((files, 9L), await reader.LoadStateAsync(Token) is var state ? (state.References.Count, state.TransactionNumber) : default);
        Assert.Equal(1000, (await reader.FindCommitAsync("id-3600", Token))!.Files.Count);
    }

    [Theory]
    [MemberData(nameof(Servers))]
    public async Task Many_stores_at_once_leave_a_log_without_gap_or_repeat(string kind)
    {
        const int Stores = 6;
        const int Commits = 4;
        using var server = await LiveLogServer.CreateAsync(kind);
        var stores = Enumerable.Range(1, Stores).Select(server.Open).ToList();
        var numbers = await Task.WhenAll(stores.Select((store, i) => Task.Run(
            async () =>
            {
                var mine = new List<long>();
                for (int c = 0; c < Commits; c++)
                {
                    mine.Add((await CommitAsync(server, store, $"{i}-{c}", 1)).TransactionNumber);
                }

                return mine;
            },
            Token)));
        Assert.Equal(Enumerable.Range(1, Stores * Commits).Select(n => (long)n), numbers.SelectMany(n => n).Order());
        using var reader = server.Open(99);
        Assert.Equal(Stores * Commits, (await reader.LoadStateAsync(Token)).References.Count);
        stores.ForEach(s => s.Dispose());
    }

    [Theory]
    [MemberData(nameof(Servers))]
    public async Task Of_many_that_initialise_partitions_all_get_the_tree_of_one(string kind)
    {
        using var server = await LiveLogServer.CreateAsync(kind);
        using var other = server.Open(1);
        var tree = await other.InitialisePartitionsAsync(PartitionTree.Single(TableFixture.TableSchema), Token);
        Assert.Equal(TableFixture.Tree("m").Leaves, tree.Leaves);
        Assert.Equal(1, tree.LogNumber);
    }

    private static IngestCommit Commit(LiveLogServer server, IngestAttempt attempt, long rows, int files = 1)
    {
        var data = Enumerable.Range(0, files).Select(i => server.Paths.DataFile("p0", attempt.FileNamePrefix, i)).Select(name => new DataFile(name, 1, [new FileReference(name, "p0", rows)]));
        return new IngestCommit([.. data], rows * files, 1);
    }

    private static async Task<CommitResult> CommitAsync(LiveLogServer server, DynamoDbStateStore store, string id, long rows)
    {
        var attempt = await store.BeginAttemptAsync(id, Token);
        return await store.CommitAsync(attempt, Commit(server, attempt, rows), Token);
    }
}
