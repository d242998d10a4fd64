using Sleeper.Ingest.Core.Committing;
using Sleeper.Ingest.Core.ObjectStores;
using Sleeper.Ingest.Core.StateStores;
using Sleeper.Ingest.Core.StateStores.OwnTables;
using Sleeper.Ingest.Core.Tests.Support;

namespace Sleeper.Ingest.Core.Tests.PowerLoss;

/// <summary>A table with two leaves on a simulated disk, and ingests of two files each.</summary>
internal static class PowerLossTable
{
    public const int FilesOfIngest = 2;

    private static readonly byte[] Rows = System.Text.Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat("a row of the batch\n", 60)));

    public static Task<OwnTable> OpenAsync(IFileSystem disk, int seed) => OwnTable.CreateOrOpenAsync(
        new LocalObjectStore("/store", new LocalObjectStoreOptions { Scheduler = new InlineScheduler() }, disk),
        TableFixture.Name,
        TableFixture.TableSchema,
        TableFixture.Tree("m"),
        TableFixture.Options(seed) with { SnapshotInterval = 2 });

    public static async Task<CommitResult> IngestAsync(OwnTable table, IngestAttempt attempt)
    {
        var objects = new List<string>();
        var files = new List<DataFile>();
        await using var barrier = await table.Store.OpenBarrierAsync();
        foreach (string partition in (string[])["p0", "p1"])
        {
            string name = TablePaths.DataFile(partition, attempt.FileNamePrefix, 0);
            objects.Add(table.Paths.InStore(name));
            await using var writer = await table.Store.CreateAsync(objects[^1]);
            await writer.AppendAsync(Rows);
            await writer.CompleteAsync();
            files.Add(new DataFile(name, Rows.Length, [new FileReference(name, partition, 60)]));
        }

        var outcome = await new FileCommitter(table.StateStore, table.Store).CommitAsync(attempt, new IngestCommit(files, 120, 1), objects, barrier, default);
        return outcome.Result!;
    }

    /// <summary>The file is in the table's state, and all its bytes are on the disk.</summary>
    public static async Task RequireAsync(OwnTable table, TableState state, string fileName, string what)
    {
        var bytes = await SmallObjects.ReadAsync(table.Store, table.Paths.InStore(fileName), default);
        if (!state.References.Any(r => r.FileName == fileName) || bytes is null || !bytes.Value.Span.SequenceEqual(Rows))
        {
            throw new LostRowsException($"{what}: '{fileName}' is not there or not whole.");
        }
    }
}
