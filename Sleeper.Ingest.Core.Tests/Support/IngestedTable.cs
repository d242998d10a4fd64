using Sleeper.Ingest.Core.ObjectStores;
using Sleeper.Ingest.Core.Parquet;
using Sleeper.Ingest.Core.Partitioning;
using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.Schemas;

namespace Sleeper.Ingest.Core.Tests.Support;

/// <summary>A new own table after one ingest, and what lies in it.</summary>
internal sealed class IngestedTable
{
    private IngestedTable(IObjectStore store, Schema schema, IngestResult result)
    {
        Store = store;
        Schema = schema;
        Result = result;
    }

    public IObjectStore Store { get; }

    public Schema Schema { get; }

    public IngestResult Result { get; }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public static Task<IngestedTable> IngestAsync(
        Schema schema, IEnumerable<Row> rows, Action<IngestFactory>? settings = null, PartitionTree? tree = null, IObjectStore? store = null) =>
        IngestAsync(schema, writer => writer.WriteAsync(rows, Token), settings, tree, store);

    /// <summary>Opens a writer on an empty store, lets it be fed, completes it.</summary>
    public static async Task<IngestedTable> IngestAsync(
        Schema schema, Func<IIngestWriter, Task> feed, Action<IngestFactory>? settings = null, PartitionTree? tree = null, IObjectStore? store = null)
    {
        using var spill = new TemporaryFolder();
        store ??= new InMemoryObjectStore();
        var factory = IngestFactory.Create().UseObjectStore(store).WithSchema(schema).WithSpillFolder(spill.Path)
            .WithMemoryBudget(32 << 20).WithDegreeOfParallelism(2);
        if (tree is not null)
        {
            factory.WithPartitions(tree);
        }

        settings?.Invoke(factory);
        await using var writer = await factory.OpenAsync(Token);
        await feed(writer);
        return new IngestedTable(store, schema, await writer.CompleteAsync(Token));
    }

    /// <summary>The paths of all objects under <c>default/data/</c>.</summary>
    public static Task<List<string>> DataObjectsAsync(IObjectStore store) => TableFixture.ObjectsAsync(store, "default/data/");

    public string PathOf(int file = 0) => "default/" + Result.Files[file].FileName;

    public Task<List<Row>> RowsAsync(int file = 0) => DataFileRows.ReadAsync(Store, PathOf(file), Schema);

    public async Task<List<Row>> AllRowsAsync()
    {
        var rows = new List<Row>();
        for (int file = 0; file < Result.Files.Count; file++)
        {
            rows.AddRange(await RowsAsync(file));
        }

        return rows;
    }

    public Task<byte[]> BytesAsync(int file = 0) => TableFixture.ReadAsync(Store, PathOf(file));

    /// <summary>The Parquet file, opened; its bytes are in memory.</summary>
    public async Task<DataFileParts> PartsAsync(int file = 0) => await DataFileParts.OpenAsync(await BytesAsync(file));
}
