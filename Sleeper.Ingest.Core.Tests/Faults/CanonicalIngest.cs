using System.Globalization;
using Sleeper.Ingest.Core.ObjectStores;
using Sleeper.Ingest.Core.Pipeline;
using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.Schemas;
using Sleeper.Ingest.Core.Spilling;
using Sleeper.Ingest.Core.StateStores.OwnTables;
using Sleeper.Ingest.Core.Tests.Checking;
using Sleeper.Ingest.Core.Tests.Support;

namespace Sleeper.Ingest.Core.Tests.Faults;

/// <summary>An ingest that is run again and again under faults, and what its store holds before it.</summary>
internal sealed record CanonicalIngest
{
    public const string Id = SmallIngest.Id;

    private const int InputFiles = 2;
    private const int EarlierIngests = 1;

    private IReadOnlyDictionary<int, string>? _digests;

    /// <summary>Makes a table of one leaf, and holds its rows in memory.</summary>
    public static CanonicalIngest OneLeaf { get; } = new() { Name = "one leaf", Rows = () => SmallIngest.Rows() };

    /// <summary>The same with three leaves.</summary>
    public static CanonicalIngest ThreeLeaves { get; } = OneLeaf with { Name = "three leaves", SplitPoints = SmallIngest.SplitPoints };

    /// <summary>Makes a table of four leaves, and spills: a dozen workers set so much of the least budget aside that 4 MB of rows do not fit.</summary>
    public static CanonicalIngest Spilled { get; } = new()
    {
        Name = "spilled",
        Schema = WorkerIngest.Schema,
        SplitPoints = ["g", "m", "s"],
        Workers = 12,
        RowCount = 200,
        Rows = () => new WorkerIngest(Id, 200, Filler: 20_000).Rows(),
        RowsAgain = () => new WorkerIngest(Id, 200, Filler: 1).Rows(),
    };

    /// <summary>Reads Parquet files, into a table that has files of an earlier ingest, and what an attempt under the same id left that died.</summary>
    public static CanonicalIngest FromFiles { get; } = ThreeLeaves with { Name = "from files", IsFromFiles = true };

    public required string Name { get; init; }

    /// <summary>Field 1 names the ingest, field 2 the row.</summary>
    public Schema Schema { get; init; } = SmallIngest.Schema;

    public IReadOnlyList<FieldValue> SplitPoints { get; init; } = [];

    public int RowCount { get; init; } = SmallIngest.RowCount;

    public required Func<IEnumerable<Row>> Rows { get; init; }

    /// <summary>The rows of a second run; null if they are the same.</summary>
    public Func<IEnumerable<Row>>? RowsAgain { get; init; }

    public int Workers { get; init; } = 2;

    /// <summary>True if the rows are in Parquet files beside the table.</summary>
    public bool IsFromFiles { get; init; }

    public static CanonicalIngest Get(string name) =>
        ((CanonicalIngest[])[OneLeaf, ThreeLeaves, Spilled, FromFiles]).Single(ingest => ingest.Name == name);

    /// <summary>Puts what must be there before the ingest.</summary>
    public async Task PrepareAsync(IObjectStore store, string spillFolder)
    {
        if (!IsFromFiles)
        {
            return;
        }

        var rows = Rows().ToList();
        for (int i = 0; i < InputFiles; i++)
        {
            await store.PutAsync(InputFile(i), SmallDataFile.Write(Schema, [.. rows.Where((_, n) => n % InputFiles == i)]));
        }

        for (int i = 0; i < EarlierIngests; i++)
        {
            await using var writer = await Factory(store, spillFolder).WithIngestId(EarlierId(i)).OpenAsync();
            await writer.WriteAsync(SmallIngest.Rows(EarlierId(i)));
            await writer.CompleteAsync();
        }

        using var own = await OwnTable.OpenAsync(store, "default", TableFixture.Options());
        var leaf = (await own.StateStore.LoadStateAsync()).Partitions.Leaves[0];
        var dead = await own.StateStore.BeginAttemptAsync(Id);
        await store.PutAsync(own.Paths.InStore(TablePaths.DataFile(leaf.Id, dead.FileNamePrefix, 0)), new byte[100]);
    }

    /// <summary>Runs it to its commit.</summary>
    public async Task<IngestResult> RunAsync(
        IObjectStore store, string spillFolder, ISpillFileSystem? spillFiles = null, TimeProvider? clock = null, bool isAgain = false,
        CancellationToken cancellationToken = default)
    {
        var options = Factory(store, spillFolder).WithIngestId(Id).UseClock(clock ?? new StateStoreClock()).Build();
        await using var writer = await IngestOpening.OpenAsync(options with { SpillFiles = spillFiles }, new TableKeeper(), cancellationToken);
        if (IsFromFiles)
        {
            for (int i = 0; i < InputFiles; i++)
            {
                await writer.WriteParquetAsync(store, InputFile(i), cancellationToken);
            }
        }
        else
        {
            await writer.WriteAsync(isAgain && RowsAgain is not null ? RowsAgain() : Rows(), cancellationToken);
        }

        return await writer.CompleteAsync(cancellationToken);
    }

    /// <summary>A table after the ingest.</summary>
    /// <param name="told">What its caller was told.</param>
    /// <param name="isAgain">True if it was the second run that committed.</param>
    /// <param name="run">What was seen of it.</param>
    /// <param name="isRunning">True if nobody has cleared up after it.</param>
    public ExpectedTable Expect(Told told, bool isAgain = false, ObservedRun? run = null, bool isRunning = false)
    {
        var expected = new ExpectedTable(ingestField: 1, numberField: 2);
        for (int i = 0; IsFromFiles && i < EarlierIngests; i++)
        {
            expected.Add(EarlierId(i), Told.Committed, SmallIngest.Rows(EarlierId(i)));
        }

        var digests = isAgain && RowsAgain is not null ? ExpectedIngest.DigestsOf(RowsAgain(), expected.NumberField)
            : _digests ??= ExpectedIngest.DigestsOf(Rows(), expected.NumberField);
        expected.Add(new ExpectedIngest(Id, told, digests, isRunning) { Run = run });
        return expected;
    }

    private IngestFactory Factory(IObjectStore store, string spillFolder) => IngestFactory.Create().UseObjectStore(store).WithSchema(Schema)
        .WithSplitPoints(SplitPoints).WithMemoryBudget(16 << 20).WithDegreeOfParallelism(Workers).WithSpillFolder(spillFolder);

    private static string InputFile(int number) => string.Create(CultureInfo.InvariantCulture, $"input/{number}.parquet");

    private static string EarlierId(int number) => string.Create(CultureInfo.InvariantCulture, $"earlier-{number}");
}
