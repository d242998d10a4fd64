using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Reports;
using BenchmarkDotNet.Running;
using Sleeper.Ingest.Core;

namespace Sleeper.Ingest.Benchmarks.EndToEnd;

/// <summary>A figure of the plan for the benchmark's commits.</summary>
internal sealed class PlanColumn(string name, Func<IngestPlan, string> value) : IColumn
{
    public string Id => $"Plan.{name}";

    public string ColumnName => name;

    public bool AlwaysShow => true;

    public ColumnCategory Category => ColumnCategory.Custom;

    public int PriorityInCategory => 0;

    public bool IsNumeric => true;

    public UnitType UnitType => UnitType.Dimensionless;

    public string Legend => $"{name} of a commit, by IngestPlan";

    public string GetValue(Summary summary, BenchmarkCase benchmarkCase) =>
        value(BatchSizeBenchmarks.Plan((int)benchmarkCase.Parameters[nameof(BatchSizeBenchmarks.RowsPerCommit)]));

    public string GetValue(Summary summary, BenchmarkCase benchmarkCase, SummaryStyle style) => GetValue(summary, benchmarkCase);

    public bool IsDefault(Summary summary, BenchmarkCase benchmarkCase) => false;

    public bool IsAvailable(Summary summary) => true;
}
