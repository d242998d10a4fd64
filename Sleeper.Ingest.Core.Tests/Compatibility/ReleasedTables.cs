using Sleeper.Ingest.Core.ObjectStores;
using Sleeper.Ingest.Core.Partitioning;
using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.Schemas;
using Sleeper.Ingest.Core.StateStores;
using Sleeper.Ingest.Core.StateStores.OwnTables;
using Sleeper.Ingest.Core.StateStores.TransactionLog;
using Sleeper.Ingest.Core.Tests.Support;

namespace Sleeper.Ingest.Core.Tests.Compatibility;

/// <summary>
/// Writes the small tables that are kept of each released version: <c>Compatibility/&lt;version&gt;/&lt;table&gt;/</c> and what must be read in them,
/// <c>&lt;table&gt;.expected</c>. Once written they are never written again.
/// </summary>
internal static class ReleasedTables
{
    private static readonly Schema Events = Schema.Create().RowKey("key", FieldType.String).SortKey("time", FieldType.Long).Value("count", FieldType.Int, nullable: true).Build();

    private static readonly Schema AllTypes = new(
        [new Field("id", FieldType.Long), new Field("area", FieldType.ByteArray)],
        [new Field("time", FieldType.Int)],
        [
            new Field("text", FieldType.String, true), new Field("bytes", FieldType.ByteArray, true), new Field("number", FieldType.Long, true),
            new Field("list", FieldType.List(FieldType.String), true), new Field("map", FieldType.Map(FieldType.String, FieldType.Long), true),
            new Field("small", FieldType.Int), new Field("lists", FieldType.List(FieldType.Int)),
        ]);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>The folder of all versions.</summary>
    public static string Root => RepositoryFolder.Combine("Sleeper.Ingest.Core.Tests", "Compatibility");

    public static async Task WriteAsync(string folder)
    {
        Directory.CreateDirectory(folder);
        var store = new LocalObjectStore(folder);
        await WriteSmallAsync(store);
        await WriteTypesAsync(store);
        await WriteAgedAsync(store);
        await WriteSplitAsync(store);
        foreach (string name in (string[])["small", "types", "aged", "split"])
        {
            await File.WriteAllTextAsync(Path.Combine(folder, $"{name}.expected"), await DescribeAsync(await Table.OpenAsync(store, name, Token)), Token);
        }
    }

    /// <summary>All that a reader finds in a table: its state, then its rows.</summary>
    public static async Task<string> DescribeAsync(Table table)
    {
        var text = new System.Text.StringBuilder();
        var description = await table.DescribeAsync(Token);
        text.Append(System.Globalization.CultureInfo.InvariantCulture, $"commit {description.TransactionNumber}, rows {description.RowCount}, files {description.FileCount}\n");
        text.Append(table.Schema.ToJson()).Append('\n');
        foreach (var leaf in description.Leaves)
        {
            text.Append(System.Globalization.CultureInfo.InvariantCulture, $"leaf {leaf.PartitionId} {leaf.Region}: {leaf.RowCount} rows, {leaf.FileCount} files\n");
        }

        foreach (var commit in description.RecentCommits)
        {
            text.Append(System.Globalization.CultureInfo.InvariantCulture, $"number {commit.TransactionNumber}: {commit.IngestId}, {commit.RowCount} rows, {commit.FileCount} files\n");
        }

        await foreach (var row in table.ReadAsync(Token))
        {
            text.Append(RowText.Of(row)).Append('\n');
        }

        return text.ToString();
    }

    private static async Task WriteSmallAsync(IObjectStore store)
    {
        using var table = await OwnTable.CreateOrOpenAsync(store, "small", Events, PartitionTree.Single(Events), Options(), null, Token);
        for (int i = 0; i < 3; i++)
        {
            await IngestAsync(Factory(table).WithIngestId($"small-{i}"), Rows(Events, 20, i));
        }
    }

    private static async Task WriteTypesAsync(IObjectStore store)
    {
        var codecs = new[] { DataFileCodec.Zstd, DataFileCodec.Snappy, DataFileCodec.Gzip, DataFileCodec.None, DataFileCodec.Lz4Raw, DataFileCodec.Brotli };
        var tree = PartitionTree.FromSplitPoints(AllTypes, [long.MinValue / 2, 0L, 1000L], Ids("types"));
        using var table = await OwnTable.CreateOrOpenAsync(store, "types", AllTypes, tree, Options(), null, Token);
        for (int i = 0; i < codecs.Length; i++)
        {
            await IngestAsync(
                Factory(table).WithIngestId($"types-{i}").WithCompression(codecs[i])
                    .WithFileStrategy(i % 2 == 0 ? FileWritingStrategy.OneFilePerLeaf : FileWritingStrategy.OneReferencePerLeaf),
                new RandomRows(i).Rows(AllTypes, 30));
        }
    }

    /// <summary>Snapshots, trimmed entries, ENDs, a ledger that forgot, and an attempt that is under way.</summary>
    private static async Task WriteAgedAsync(IObjectStore store)
    {
        var tree = PartitionTree.FromSplitPoints(Events, ["m"], Ids("aged"));
        using var table = await OwnTable.CreateOrOpenAsync(store, "aged", Events, tree, Options(), null, Token);
        var factory = Factory(table);
        for (int i = 0; i < 14; i++)
        {
            await IngestAsync(factory.WithIngestId($"aged-{i}"), Rows(Events, 5, i));
            if (i == 6)
            {
                await table.MaintainAsync(new MaintenanceOptions { KeepLedger = TimeSpan.Zero, RemoveStaleSpillFiles = false }, Token);
            }
            else if (i == 8)
            {
                await table.StateStore.ResolveAsync("aged-no", Token);
                await table.StateStore.BeginAttemptAsync("aged-dead", Token);
                await table.MaintainAsync(new MaintenanceOptions { Grace = TimeSpan.Zero }, Token);
            }
        }

        await table.MaintainAsync(new MaintenanceOptions(), Token);
        await table.StateStore.BeginAttemptAsync("aged-running", Token);
    }

    private static async Task WriteSplitAsync(IObjectStore store)
    {
        var tree = PartitionTree.FromSplitPoints(Events, ["m"], Ids("split"));
        using var table = await OwnTable.CreateOrOpenAsync(store, "split", Events, tree, Options(), null, Token);
        var factory = Factory(table);
        await IngestAsync(factory.WithIngestId("before"), Rows(Events, 20, 1));
        var log = new ObjectStoreTransactionLog(store, table.Paths, table.TableId, LogKind.Partitions);
        await TableFixture.SplitAsync(
            log, table.TableId, await table.StateStore.LoadPartitionsAsync(Token), tree.Leaves[0].Id, "e", "split-left", "split-right");
        await IngestAsync(factory.WithIngestId("after"), Rows(Events, 20, 2));
    }

    private static IngestFactory Factory(OwnTable table) =>
        IngestFactory.Create().UseObjectStore(table.Store).UseStateStore(table.StateStore).WithTable(table.Name).WithSchema(table.Schema);

    private static async Task IngestAsync(IngestFactory factory, IEnumerable<Row> rows)
    {
        await using var ingest = await factory.OpenAsync(Token);
        await ingest.WriteAsync(rows, Token);
        await ingest.CompleteAsync(Token);
    }

    private static IEnumerable<Row> Rows(Schema schema, int count, int seed)
    {
        var random = new Random(seed);
        return Enumerable.Range(0, count).Select(i => new Row(
            schema, $"{(char)('a' + random.Next(26))}{random.Next(10)}", (long)seed, random.Next(4) == 0 ? FieldValue.Null : random.Next(100)));
    }

    private static Func<string> Ids(string prefix)
    {
        int next = 0;
        return () => $"{prefix}-{next++}";
    }

    private static StateStoreOptions Options() => TableFixture.Options(1, TimeProvider.System) with { SnapshotInterval = 4 };
}
