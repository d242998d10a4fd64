using System.Collections.Concurrent;
using System.Globalization;
using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.Schemas;
using Sleeper.Ingest.Core.Tests.Checking;

namespace Sleeper.Ingest.Core.Tests.Support;

/// <summary>An ingest of the worker's command <c>ingest</c> with a filler: key, ingest, number and so many random bytes.</summary>
internal sealed record WorkerIngest(string Id, int RowCount, int Filler)
{
    private const int NumberField = 2;

    private static readonly ConcurrentDictionary<WorkerIngest, IReadOnlyDictionary<int, string>> Digests = new();

    /// <summary>Of an ingest that failed no row is there, so nobody needs to know its rows.</summary>
    private static readonly Dictionary<int, string> NoDigests = [];

    public static Schema Schema { get; } = Schema.Create().RowKey("key", FieldType.String).Value("ingest", FieldType.String)
        .Value("number", FieldType.Int).Value("filler", FieldType.ByteArray).Build();

    /// <summary>What the worker writes.</summary>
    public IEnumerable<Row> Rows()
    {
        var random = new Random(1);
        for (int i = 0; i < RowCount; i++)
        {
            byte[] bytes = new byte[Filler];
            random.NextBytes(bytes);
            yield return new Row(Schema, ((char)('a' + (i * 7 % 26))).ToString(CultureInfo.InvariantCulture), Id, i, bytes);
        }
    }

    /// <summary>A table that holds this ingest or, if it was told to have failed, does not.</summary>
    public ExpectedTable Expect(Told told, bool isRunning = false)
    {
        var expected = new ExpectedTable(ingestField: 1, NumberField);
        AddTo(expected, told, isRunning: isRunning);
        return expected;
    }

    public void AddTo(ExpectedTable expected, Told told, ObservedRun? run = null, bool isRunning = false) =>
        expected.Add(new ExpectedIngest(Id, told, told == Told.Failed ? NoDigests : Digests.GetOrAdd(this, static ingest => ingest.ComputeDigests()), isRunning) { Run = run });

    private IReadOnlyDictionary<int, string> ComputeDigests() => ExpectedIngest.DigestsOf(Rows(), NumberField);
}
