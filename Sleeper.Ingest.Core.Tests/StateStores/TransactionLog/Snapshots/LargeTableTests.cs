using Sleeper.Ingest.Core.StateStores.OwnTables;
using Sleeper.Ingest.Core.StateStores.TransactionLog;
using Sleeper.Ingest.Core.StateStores.TransactionLog.Transactions;
using Sleeper.Ingest.Core.Tests.Support;

namespace Sleeper.Ingest.Core.Tests.StateStores.TransactionLog.Snapshots;

/// <summary>A table of 100,000 entries and files costs no more requests than one of a hundred.</summary>
public sealed class LargeTableTests
{
    private const int Entries = 100_000;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_log_of_100000_entries_opens_with_five_requests_commits_with_three_and_is_read_with_three()
    {
        var bed = new SnapshotBed();
        var properties = new TableProperties(SnapshotBed.TableId, TableFixture.Name, TableFixture.TableSchema, new Dictionary<string, string>());
        await bed.Store.PutAsync(bed.Paths.Properties, properties.ToBytes(), Token);
        await bed.PutTreeAsync(TableFixture.Tree("m"));
        for (int i = 0; i < Entries; i++)
        {
            var file = new AddFiles.File($"data/partition_p0/{i:x32}-0123456789abcdef-0.parquet", [new ReferenceBody(null, "p0", 10, null, false, true)]);
            await bed.PutAsync(new AddFiles([file]), h => h with { IngestId = $"id-{i}", AttemptId = "0123456789abcdef", RowCount = 10, FileCount = 1 });
            if (i + 1 is Entries / 2 or Entries)
            {
                using var maker = bed.Open(interval: 1000);
                Assert.Equal(i + 1, await maker.PutDueSnapshotAsync(dryRun: false, Token));
            }
        }

        var counted = new ScriptedObjectStore(bed.Store);
        using var opened = await TableFixture.OpenAsync(counted, 2);
        int opening = counted.Calls.Count;
        Assert.Equal(10, (await opened.StateStore.FindCommitAsync("id-77777", Token))!.RowCount);
        int before = counted.Calls.Count;
        Assert.Equal(Entries + 1, (await TableFixture.CommitAsync(opened.StateStore, "new")).TransactionNumber);
        string[] commit = [.. counted.Calls.Skip(before)];
        before = counted.Calls.Count;
        Assert.Equal(Entries + 1, (await opened.StateStore.LoadStateAsync(Token)).References.Count);
        Assert.True(opening <= 6, $"{opening}");
        Assert.Equal(["open", "put", "put-if-absent", "delete"], commit.Select(c => c.Split(' ')[0]).Where(v => v is not ("barrier" or "flush")));
        Assert.True(counted.Calls.Count - before <= 4, string.Join('\n', counted.Calls.Skip(before)));
    }

    [Fact]
    public async Task A_writer_takes_no_more_memory_on_100000_files_than_on_none()
    {
        const int Commits = 100;
        const int FilesOfCommit = 1000;
        long empty = await AllocatedByWriterAsync(0);
        long large = await AllocatedByWriterAsync(Commits);
        Assert.True(large < empty + (64 * 1024), $"To open and commit once {empty:N0} bytes were allocated on an empty table and {large:N0} on {Commits * FilesOfCommit:N0} files.");

        static async Task<long> AllocatedByWriterAsync(int commits)
        {
            var bed = new SnapshotBed();
            var properties = new TableProperties(SnapshotBed.TableId, TableFixture.Name, TableFixture.TableSchema, new Dictionary<string, string>());
            await bed.Store.PutAsync(bed.Paths.Properties, properties.ToBytes(), Token);
            await bed.PutTreeAsync(TableFixture.Tree("m"));
            for (int i = 0; i < commits; i++)
            {
                var files = Enumerable.Range(0, FilesOfCommit).Select(f =>
                    new AddFiles.File($"data/partition_p0/{i:x32}-0123456789abcdef-{f}.parquet", [new ReferenceBody(null, "p0", 10, null, false, true)]));
                await bed.PutAsync(
                    new AddFiles([.. files]), h => h with { IngestId = $"id-{i}", AttemptId = "0123456789abcdef", RowCount = 10 * FilesOfCommit, FileCount = FilesOfCommit });
            }

            if (commits > 0)
            {
                using var maker = bed.Open(interval: commits);
                Assert.Equal(commits, await maker.PutDueSnapshotAsync(dryRun: false, Token));
            }

            // Everything is in memory, so all of it happens on this thread. The first time compiles.
            long allocated = 0;
            for (int i = 0; i < 2; i++)
            {
                long before = GC.GetAllocatedBytesForCurrentThread();
                using var opened = await TableFixture.OpenAsync(bed.Store, i);
                Assert.Equal(commits + i + 1, (await TableFixture.CommitAsync(opened.StateStore, $"new-{i}")).TransactionNumber);
                allocated = GC.GetAllocatedBytesForCurrentThread() - before;
            }

            return allocated;
        }
    }
}
