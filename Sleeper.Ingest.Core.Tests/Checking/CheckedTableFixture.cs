using Sleeper.Ingest.Core.ObjectStores;
using Sleeper.Ingest.Core.Partitioning;
using Sleeper.Ingest.Core.StateStores;
using Sleeper.Ingest.Core.StateStores.OwnTables;
using Sleeper.Ingest.Core.Tests.Support;

namespace Sleeper.Ingest.Core.Tests.Checking;

/// <summary>A small table of five ingests with a snapshot after the fourth, made once; tests damage copies of it.</summary>
public sealed class CheckedTableFixture : IAsyncLifetime
{
    public const int Ingests = 5;
    private const int RowsPerIngest = 60;
    private readonly TemporaryFolder _folder = new();

    internal static StateStoreOptions Options { get; } = TableFixture.Options(1, TimeProvider.System) with { SnapshotInterval = 4 };

    private string Root => Path.Combine(_folder.Path, "store");

    public async ValueTask InitializeAsync()
    {
        Directory.CreateDirectory(Root);
        int next = 0;
        var tree = PartitionTree.FromSplitPoints(SmallIngest.Schema, [.. SmallIngest.SplitPoints], () => $"p{next++}");
        using var table = await OwnTable.CreateOrOpenAsync(Store(Root), "default", SmallIngest.Schema, tree, Options, null, CancellationToken.None);
        for (int i = 0; i < Ingests; i++)
        {
            await IngestAsync(table, i);
        }
    }

    public ValueTask DisposeAsync()
    {
        _folder.Dispose();
        return ValueTask.CompletedTask;
    }

    /// <summary>What was written: five ingests that are told to be committed, one that was refused and one that died before it wrote.</summary>
    internal static ExpectedTable Expect(int committed = Ingests, Told last = Told.Committed)
    {
        var expected = new ExpectedTable(ingestField: 1, numberField: 2);
        for (int i = 0; i < committed; i++)
        {
            expected.Add($"i-{i}", i == committed - 1 ? last : Told.Committed, SmallIngest.Rows($"i-{i}", RowsPerIngest));
        }

        expected.Add("refused", Told.Failed, SmallIngest.Rows("refused", RowsPerIngest));
        expected.Add("died", Told.Nothing, SmallIngest.Rows("died", RowsPerIngest));
        return expected;
    }

    internal static LocalObjectStore Store(string root) => new(root, new LocalObjectStoreOptions { Durable = false });

    internal static async Task IngestAsync(OwnTable table, int number)
    {
        await using var writer = await IngestFactory.Create().UseObjectStore(table.Store).UseStateStore(table.StateStore).WithTable(table.Name)
            .WithSchema(table.Schema).WithIngestId($"i-{number}")
            .WithFileStrategy(number == 1 ? FileWritingStrategy.OneReferencePerLeaf : FileWritingStrategy.OneFilePerLeaf).OpenAsync();
        await writer.WriteAsync(SmallIngest.Rows($"i-{number}", RowsPerIngest));
        await writer.CompleteAsync();
    }

    /// <summary>A copy of the table, in a folder of the caller's own.</summary>
    internal DamagedTable Copy() => new(Root);
}
