using System.Text;
using Sleeper.Ingest.Core.Partitioning;
using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.StateStores;
using Sleeper.Ingest.Core.StateStores.TransactionLog.Transactions;
using Sleeper.Ingest.Core.Tests.Support;

namespace Sleeper.Ingest.Core.Tests.StateStores.DynamoDb;

/// <summary>Another program changes the table between our open and our commit.</summary>
public sealed class ChangedLiveTableTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Files_cleared_compacted_or_collected_meanwhile_do_no_harm()
    {
        var table = await LiveTable.CreateAsync();
        using var store = table.Open();
        await store.LoadPartitionsAsync(Token);
        var first = await table.CommitAsync(store, "first");
        var attempt = await store.BeginAttemptAsync("id", Token);
        table.PutOutside(
            LiveTable.FilesLog, 2, "ASSIGN_JOB_IDS", $$"""{"requests":[{"jobId":"c","partitionId":"p0","filenames":["{{first.Files[0].FileName}}"]}]}""");
        table.PutOutside(
            LiveTable.FilesLog, 3, "REPLACE_FILE_REFERENCES",
            $$"""{"jobs":[{"jobId":"c","inputFiles":["{{first.Files[0].FileName}}"],"newReference":{"filename":"{{table.Paths.DataPrefix}}p0/c.parquet","partitionId":"p0","numberOfRows":10} }]}""");
        table.PutOutside(LiveTable.FilesLog, 4, "DELETE_FILES", $$"""{"filenames":["{{first.Files[0].FileName}}"]}""");
        table.PutOutside(LiveTable.FilesLog, 5, "CLEAR_FILES", "{}");
        Assert.Equal(6, (await store.CommitAsync(attempt, table.Commit(attempt), Token)).TransactionNumber);
        Assert.Single((await store.LoadStateAsync(Token)).References);

        // The entry still says that the first ingest is committed, though none of its files is left.
        using var other = table.Open(2);
        Assert.Equal(1, (await other.FindCommitAsync("first", Token))!.TransactionNumber);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Partitions_initialised_anew_fail_the_commit_also_where_ids_are_the_same(bool sameIds)
    {
        var table = await LiveTable.CreateAsync();
        using var store = table.Open();
        await store.LoadPartitionsAsync(Token);
        var attempt = await store.BeginAttemptAsync("id", Token);
        var anew = sameIds ? TableFixture.Tree("c") : PartitionTree.Single(TableFixture.TableSchema);
        table.PutOutside(LiveTable.PartitionsLog, 2, "INITIALISE_PARTITIONS", """{"partitions":[]}""");
        table.PutOutside(LiveTable.PartitionsLog, 3, "INITIALISE_PARTITIONS", Encoding.UTF8.GetString(new InitialisePartitions([.. anew.All]).ToBytes()));
        var error = await Assert.ThrowsAsync<CommitFailedException>(() => store.CommitAsync(attempt, table.Commit(attempt), Token));
        Assert.Contains("'p0'", error.Message, StringComparison.Ordinal);
        Assert.Empty(table.Numbers());
        Assert.Equal(anew.All.OrderBy(p => p.Id), (await store.LoadPartitionsAsync(Token)).All.OrderBy(p => p.Id));
    }

    [Fact]
    public async Task Partitions_that_were_cleared_fail_the_commit()
    {
        var table = await LiveTable.CreateAsync();
        using var store = table.Open();
        var attempt = await store.BeginAttemptAsync("id", Token);
        table.PutOutside(LiveTable.PartitionsLog, 2, "INITIALISE_PARTITIONS", """{"partitions":[]}""");
        Assert.Contains("without partitions", (await Assert.ThrowsAsync<CommitFailedException>(() => store.CommitAsync(attempt, table.Commit(attempt), Token))).Message);
        Assert.Empty(table.Numbers());
        await Assert.ThrowsAsync<InvalidOperationException>(() => store.LoadPartitionsAsync(Token));

        // They may be initialised again, at the next number.
        Assert.Equal(3, (await store.InitialisePartitionsAsync(table.Tree, Token)).LogNumber);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    public async Task A_table_that_was_deleted_takes_no_commit(int commits)
    {
        var table = await LiveTable.CreateAsync();
        using var store = table.Open();
        await store.LoadPartitionsAsync(Token);
        for (int i = 0; i < commits; i++)
        {
            await table.CommitAsync(store, $"id-{i}");
        }

        var attempt = await store.BeginAttemptAsync("id", Token);
        table.DynamoDb.Remove(LiveTable.FilesLog, _ => true);
        table.DynamoDb.Remove(LiveTable.PartitionsLog, _ => true);
        Assert.Contains("deleted", (await Assert.ThrowsAsync<CommitFailedException>(() => store.CommitAsync(attempt, table.Commit(attempt), Token))).Message);
        Assert.Empty(table.Numbers());
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(5)]
    public async Task A_table_that_was_made_anew_under_the_same_id_takes_no_commit_of_the_old_one(int newCommits)
    {
        var table = await LiveTable.CreateAsync();
        using var store = table.Open();
        await store.LoadPartitionsAsync(Token);
        await table.CommitAsync(store, "old-1");
        await table.CommitAsync(store, "old-2");
        var attempt = await store.BeginAttemptAsync("id", Token);
        table.DynamoDb.Remove(LiveTable.FilesLog, _ => true);
        table.DynamoDb.Remove(LiveTable.PartitionsLog, _ => true);
        using (var other = table.Open(7))
        {
            await other.InitialisePartitionsAsync(PartitionTree.Single(TableFixture.TableSchema), Token);
            for (int i = 0; i < newCommits; i++)
            {
                var theirs = await other.BeginAttemptAsync($"new-{i}", Token);
                await other.CommitAsync(theirs, table.Commit(theirs, partitionId: "root"), Token);
            }
        }

        await Assert.ThrowsAsync<CommitFailedException>(() => store.CommitAsync(attempt, table.Commit(attempt), Token));
        Assert.Equal(Enumerable.Range(1, newCommits).Select(n => (long)n), table.Numbers());
    }

    [Fact]
    public async Task A_reference_to_a_partition_that_is_not_there_is_not_read_and_is_warned_of()
    {
        var table = await LiveTable.CreateAsync();
        table.PutOutside(LiveTable.FilesLog, 1, "ADD_FILES", """{"files":[{"filename":"f","references":[{"partitionId":"gone","numberOfRows":5}]}]}""");
        var warnings = new List<string>();
        using var store = table.Open(settings: new Core.StateStores.DynamoDb.LiveStoreSettings { Warned = warnings.Add });
        Assert.Empty((await store.LoadStateAsync(Token)).References);
        Assert.Contains("'gone'", Assert.Single(warnings), StringComparison.Ordinal);
    }

    /// <summary>Java's readers skip such an entry and do not count it, so while it is the last one nobody can add another.</summary>
    [Fact]
    public async Task Hazard_H3_an_entry_in_the_wrong_log_is_skipped_by_readers_and_stops_writers_while_it_is_the_last()
    {
        var table = await LiveTable.CreateAsync();
        table.PutOutside(LiveTable.FilesLog, 1, "INITIALISE_PARTITIONS", """{"partitions":[]}""");
        using var store = table.Open();
        Assert.Empty((await store.LoadStateAsync(Token)).References);
        var error = await Assert.ThrowsAsync<TableDamagedException>(() => table.CommitAsync(store, "id"));
        Assert.Contains("entry 1 of the files log", error.Message, StringComparison.Ordinal);
        Assert.Equal([1L], table.Numbers());

        table.DynamoDb.Remove(LiveTable.PartitionsLog, _ => true);
        table.PutOutside(LiveTable.PartitionsLog, 1, "CLEAR_FILES", "{}");
        using var late = table.Open(2);
        await Assert.ThrowsAsync<InvalidOperationException>(() => late.LoadPartitionsAsync(Token));
        await Assert.ThrowsAsync<TableDamagedException>(() => late.InitialisePartitionsAsync(table.Tree, Token));
        Assert.Equal([1L], table.Numbers(LiveTable.PartitionsLog));
    }

    [Fact]
    public async Task Partitions_are_initialised_once_and_not_while_there_are_files()
    {
        var table = new LiveTable();
        var trees = await Task.WhenAll(Enumerable.Range(1, 4).Select(async i =>
        {
            using var store = table.Open(i);
            return await store.InitialisePartitionsAsync(TableFixture.Tree($"m{i}"), Token);
        }));
        Assert.Single(trees.Select(t => t.Leaves[0].Region.Ranges[0].Max).Distinct());
        Assert.Equal([1L], table.Numbers(LiveTable.PartitionsLog));

        using var late = table.Open(9);
        await table.CommitAsync(late, "id");
        table.PutOutside(LiveTable.PartitionsLog, 2, "INITIALISE_PARTITIONS", """{"partitions":[]}""");
        Assert.Contains("1 files", (await Assert.ThrowsAsync<InvalidOperationException>(() => late.InitialisePartitionsAsync(table.Tree, Token))).Message);
        Assert.Throws<ArgumentException>(() => new PartitionTree([new Partition("root", null, [], new Region([new KeyRange("key", "b", FieldValue.Null)]), -1)]) is var tree
            ? late.InitialisePartitionsAsync(tree, Token).GetAwaiter().GetResult() : null);
    }
}
