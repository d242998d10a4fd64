using System.Globalization;
using Sleeper.Ingest.Core;
using Sleeper.Ingest.Core.ObjectStores;
using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.Schemas;
using Sleeper.Ingest.Core.StateStores;

namespace Sleeper.Ingest.TestWorker;

/// <summary>
/// Runs whole ingests into the table <c>--table</c> in the folder <c>--root</c>: <c>--count</c> of them (1 without) named <c>ID-0, ID-1, ...</c> after
/// <c>--id</c>, each of <c>--rows</c> rows (key, ingest, number). Options: <c>--budget</c> in MiB, <c>--spill</c> folder, <c>--durable false</c>,
/// <c>--filler N</c> for a fourth field of N random bytes, <c>--splits a,b</c> for a table of several leaves, <c>--workers N</c> (2 without),
/// <c>--wait true</c> for the start signal, <c>--hold true</c> to say "written" and wait before completing. Says "begun ID", then
/// "committed ID NUMBER OUTCOME", "unknown ID" or "failed TYPE RETRYABLE MESSAGE".
/// </summary>
internal static class IngestCommand
{
    private static readonly Schema Schema =
        Schema.Create().RowKey("key", FieldType.String).Value("ingest", FieldType.String).Value("number", FieldType.Int).Build();

    private static readonly Schema FilledSchema = Schema.Create().RowKey("key", FieldType.String).Value("ingest", FieldType.String)
        .Value("number", FieldType.Int).Value("filler", FieldType.ByteArray).Build();

    public static async Task<int> RunAsync(WorkerArguments arguments)
    {
        var store = StoreOf(arguments);
        if (arguments.Text("wait", "false") == "true")
        {
            await WorkerArguments.WaitForStartAsync();
        }

        for (var number = 0; number < arguments.Number("count", 1); number++)
        {
            var id = string.Create(CultureInfo.InvariantCulture, $"{arguments.Text("id")}-{number}");
            await Console.Out.WriteLineAsync($"begun {id}");
            await Console.Out.WriteLineAsync(await IngestAsync(store, arguments, id));
        }

        return 0;
    }

    /// <summary>Runs one ingest on a store of its own and returns what there is to say.</summary>
    public static Task<string> RunOneAsync(WorkerArguments arguments, string id) =>
        IngestAsync(StoreOf(arguments), arguments, id);

    /// <summary>Opens the writer of one ingest on a store of its own.</summary>
    public static ValueTask<IIngestWriter> OpenAsync(WorkerArguments arguments, string id, CancellationToken cancellationToken) =>
        OpenAsync(StoreOf(arguments), arguments, id, cancellationToken);

    /// <summary>The rows of an ingest.</summary>
    public static IEnumerable<Row> RowsOf(WorkerArguments arguments, string id) => Rows(id, arguments.Number("rows"), arguments.Number("filler", 0));

    private static async ValueTask<IIngestWriter> OpenAsync(LocalObjectStore store, WorkerArguments arguments, string id, CancellationToken cancellationToken)
    {
        var schema = arguments.Number("filler", 0) == 0 ? Schema : FilledSchema;
        var splits = arguments.Text("splits", "").Split(',', StringSplitOptions.RemoveEmptyEntries).Select(text => (FieldValue)text);
        return await IngestFactory.Create().UseObjectStore(store).WithTable(arguments.Text("table")).WithSchema(schema).WithSplitPoints(splits)
            .WithIngestId(id).WithMemoryBudget((long)arguments.Number("budget", 16) << 20).WithDegreeOfParallelism(arguments.Number("workers", 2))
            .WithSpillFolder(arguments.Text("spill")).OpenAsync(cancellationToken);
    }

    private static LocalObjectStore StoreOf(WorkerArguments arguments) =>
        new(arguments.Text("root"), new LocalObjectStoreOptions { Durable = arguments.Text("durable", "true") == "true" });

    private static async Task<string> IngestAsync(LocalObjectStore store, WorkerArguments arguments, string id)
    {
        try
        {
            await using var writer = await OpenAsync(store, arguments, id, CancellationToken.None);
            await writer.WriteAsync(RowsOf(arguments, id));
            if (arguments.Text("hold", "false") == "true")
            {
                await Console.Out.WriteLineAsync("written");
                await Console.In.ReadLineAsync();
            }

            var result = await writer.CompleteAsync();
            return string.Create(CultureInfo.InvariantCulture, $"committed {id} {result.CommitNumber} {result.Outcome}");
        }
        catch (CommitOutcomeUnknownException)
        {
            return $"unknown {id}";
        }
        catch (IngestException error)
        {
            return $"failed {error.GetType().Name} {error.IsRetryable} {error.Message.ReplaceLineEndings(" ")}";
        }
    }

    private static IEnumerable<Row> Rows(string id, int count, int filler)
    {
        var random = new Random(1);
        for (var i = 0; i < count; i++)
        {
            FieldValue key = ((char)('a' + (i * 7L % 26))).ToString(CultureInfo.InvariantCulture);
            if (filler == 0)
            {
                yield return new Row(Schema, key, id, i);
                continue;
            }

            var bytes = new byte[filler];
            random.NextBytes(bytes);
            yield return new Row(FilledSchema, key, id, i, bytes);
        }
    }
}
