using Sleeper.Ingest.Core.ObjectStores;
using Sleeper.Ingest.Core.Partitioning;
using Sleeper.Ingest.Core.Pipeline;
using Sleeper.Ingest.Core.Reading;
using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.Schemas;
using Sleeper.Ingest.Core.StateStores;
using Sleeper.Ingest.Core.StateStores.OwnTables;

namespace Sleeper.Ingest.Core.Tests.Support;

/// <summary>A table in memory that is treated like one of a deployed instance: rows are placed by Java's order and stand in the order that is said.</summary>
internal sealed class LiveIngest : IDisposable
{
    private readonly OwnTable _own;
    private readonly TableKeeper _keeper = new();

    private LiveIngest(OwnTable own, KeyOrder order)
    {
        _own = own;
        Order = order;
    }

    public KeyOrder Order { get; }

    public IObjectStore Store => _own.Store;

    public Schema Schema => _own.Schema;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public static async Task<LiveIngest> CreateAsync(Schema schema, PartitionTree tree, KeyOrder order) =>
        new(await OwnTable.CreateOrOpenAsync(new InMemoryObjectStore(), "default", schema, tree, TableFixture.Options(), null, Token), order);

    public async Task<IngestResult> IngestAsync(Func<IIngestWriter, Task> feed, Action<IngestFactory>? settings = null)
    {
        using var spill = new TemporaryFolder();
        var factory = IngestFactory.Create().UseObjectStore(Store).WithSchema(Schema).WithMemoryBudget(32 << 20).WithDegreeOfParallelism(2).WithSpillFolder(spill.Path);
        settings?.Invoke(factory);
        _keeper.Keep(_own.ToOpenTable() with { IsLive = true, Order = Order, IsUnchangedAsync = _ => Task.FromResult(true) });
        await using var writer = await IngestOpening.OpenAsync(factory.Build(), _keeper, Token);
        await feed(writer);
        return await writer.CompleteAsync(Token);
    }

    /// <summary>All rows, as a reader of the table gives them.</summary>
    public async Task<List<Row>> ReadAsync()
    {
        var state = await _own.StateStore.LoadStateAsync(Token);
        return await new TableReader(new ReadContext(Store, "default", _own.Paths.InStore, Schema, Order)).ReadAsync(state, KeyFilter.Everything, Token).ToListAsync(Token);
    }

    public Task<List<Row>> RowsOfFileAsync(IngestResult result, int file) => DataFileRows.ReadAsync(Store, "default/" + result.Files[file].FileName, Schema);

    public Task<byte[]> BytesOfFileAsync(IngestResult result, int file, string ending = ".parquet") =>
        TableFixture.ReadAsync(Store, Path.ChangeExtension("default/" + result.Files[file].FileName, ending));

    public void Dispose() => _own.Dispose();
}
