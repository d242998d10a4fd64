using BenchmarkDotNet.Configs;

namespace Sleeper.Ingest.Benchmarks.EndToEnd;

/// <summary>Adds what <see cref="Core.IngestPlan"/> says of a commit's size to the table of results.</summary>
[AttributeUsage(AttributeTargets.Class)]
internal sealed class PlanColumnsAttribute : Attribute, IConfigSource
{
    public IConfig Config { get; } = ManualConfig.CreateEmpty()
        .AddColumn(new PlanColumn("Files", plan => plan.PerCommit.FileCount.ToString("N0", System.Globalization.CultureInfo.InvariantCulture)))
        .AddColumn(new PlanColumn("Requests", plan => plan.PerCommit.Requests.Total.ToString("N0", System.Globalization.CultureInfo.InvariantCulture)))
        .AddColumn(new PlanColumn("$/M rows", plan => plan.Whole.DollarsPerMillionRows.ToString("0.#####", System.Globalization.CultureInfo.InvariantCulture)));
}
