using Sleeper.Ingest.Core.Rows;

namespace Sleeper.Ingest.Core.Tests.Checking;

/// <summary>What was written to a table and what the callers were told, kept outside of it.</summary>
/// <param name="ingestField">The position of the field that names a row's ingest.</param>
/// <param name="numberField">The position of the int field that numbers the rows of an ingest.</param>
internal sealed class ExpectedTable(int ingestField, int numberField)
{
    private readonly Dictionary<string, ExpectedIngest> _ingests = new(StringComparer.Ordinal);

    public int IngestField { get; } = ingestField;

    public int NumberField { get; } = numberField;

    public IReadOnlyDictionary<string, ExpectedIngest> Ingests => _ingests;

    /// <summary>Notes an ingest. What is told later about the same id replaces it.</summary>
    public void Add(string id, Told told, IEnumerable<Row> rows, bool isRunning = false) =>
        Add(new ExpectedIngest(id, told, ExpectedIngest.DigestsOf(rows, NumberField), isRunning));

    public void Add(ExpectedIngest ingest) => _ingests[ingest.Id] = ingest;
}
