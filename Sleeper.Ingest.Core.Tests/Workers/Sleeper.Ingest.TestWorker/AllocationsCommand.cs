using Sleeper.Ingest.Core;
using Sleeper.Ingest.Core.ObjectStores;
using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.Schemas;

namespace Sleeper.Ingest.TestWorker;

/// <summary>
/// Takes rows into an ingest in the folder <c>--root</c>, as objects, then from Parquet files: when all is under way, <c>--rows</c> of them, then twice as many. Says
/// "typed BYTES" and "parquet BYTES": what the second lot allocated more than the first. In a process of its own since the heap counts for all threads.
/// </summary>
internal static class AllocationsCommand
{
    private static readonly byte[] Filler = new byte[20];

    private static readonly Schema Schema = Schema.Create().RowKey("key", FieldType.Long).Value("number", FieldType.Int).Value("filler", FieldType.ByteArray).Build();

    private static readonly RowMapping<int> Mapping = RowMapping.For<int>(Schema)
        .Long("key", i => (long)((uint)i * 0x9E37_79B1)).Int("number", i => i).Bytes("filler", _ => Filler).Build();

    public static async Task<int> RunAsync(WorkerArguments arguments)
    {
        int rows = arguments.Number("rows");
        var store = new LocalObjectStore(arguments.Text("root"), new LocalObjectStoreOptions { Durable = false });
        foreach (int count in (int[])[rows, 2 * rows])
        {
            await ParquetFiles.WriteAsync(store, $"{count}.parquet", Enumerable.Range(0, count), Mapping);
        }

        await Console.Out.WriteLineAsync($"typed {await MoreOfTwiceAsync(store, "typed", rows, (writer, count) => writer.WriteAsync(Enumerable.Range(0, count), Mapping))}");
        await Console.Out.WriteLineAsync($"parquet {await MoreOfTwiceAsync(store, "parquet", rows, (writer, count) => writer.WriteParquetAsync(store, $"{count}.parquet"))}");
        return 0;
    }

    private static async Task<long> MoreOfTwiceAsync(LocalObjectStore store, string table, int rows, Func<IIngestWriter, int, Task> writeAsync)
    {
        await using var writer = await IngestFactory.Create().UseObjectStore(store).WithTable(table).WithSchema(Schema)
            .WithSplitPoints([.. Enumerable.Range(1, 7).Select(i => (FieldValue)(i * 500_000_000L))]).WithMemoryBudget(128 << 20).WithDegreeOfParallelism(2).OpenAsync();
        await writeAsync(writer, 2 * rows);
        long start = GC.GetTotalAllocatedBytes(precise: true);
        await writeAsync(writer, rows);
        long middle = GC.GetTotalAllocatedBytes(precise: true);
        await writeAsync(writer, 2 * rows);
        return GC.GetTotalAllocatedBytes(precise: true) - middle - (middle - start);
    }
}
