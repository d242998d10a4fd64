using System.Globalization;
using Sleeper.Ingest.Core.Pipeline;

namespace Sleeper.Ingest.Core;

/// <summary>What an ingest will take, before any row is there: files, requests, dollars, memory, spill; of all of it, of a commit and of a leaf.</summary>
/// <remarks>
/// <para>Counts are those of a table that exists, in an object store, and of one factory that opens its writers one after the other while nobody else
/// commits: opening once, then for each commit its data files and sketches, an intent, an entry of the log, and a look at each log; every 256th commit a
/// snapshot. Files and requests are exact where every commit reaches every leaf, otherwise as many as even chance gives.</para>
/// <para>Memory and spill come from the rules by which an ingest goes through its budget; how far spilled rows can be packed is not known before they are
/// there, so their bytes are a limit. Does no I/O.</para>
/// </remarks>
/// <example>
/// <code>
/// var rows = new IngestWorkload { RowCount = 1_000_000_000, RowBytes = 40, LeafCount = 128, RowsPerCommit = 10_000_000 };
/// var plan = IngestPlan.Make(rows, new IngestOptions { MemoryBudgetBytes = 1L &lt;&lt; 30 });
/// Console.WriteLine(plan);
/// </code>
/// </example>
public sealed record IngestPlan
{
    private IngestPlan()
    {
    }

    /// <summary>What was asked.</summary>
    public required IngestWorkload Workload { get; init; }

    /// <summary>What requests and time were taken to cost.</summary>
    public required IngestPrices Prices { get; init; }

    /// <summary>Commits.</summary>
    public required long CommitCount { get; init; }

    /// <summary>Leaves that a commit has rows for.</summary>
    public required int LeavesPerCommit { get; init; }

    /// <summary>All rows. Its memory is that of one commit: the next one begins when it has ended.</summary>
    public required IngestEstimate Whole { get; init; }

    /// <summary>One commit of <see cref="IngestWorkload.RowsPerCommit"/> rows, its share of the opening and of the snapshots left out.</summary>
    public required IngestEstimate PerCommit { get; init; }

    /// <summary>One leaf's share of all rows; its memory is its share of a commit's rows.</summary>
    public required IngestEstimate PerLeaf { get; init; }

    /// <summary>How long ingesting all rows takes; null if <see cref="IngestWorkload.IngestedRowsPerSecond"/> is.</summary>
    public TimeSpan? Duration { get; init; }

    /// <summary>
    /// From the coming of a commit's first row until its rows are visible: filling the commit at <see cref="IngestWorkload.ArrivingRowsPerSecond"/>, and ingesting
    /// it. Null if the speed of neither is known.
    /// </summary>
    public TimeSpan? DelayUntilVisible { get; init; }

    /// <summary>Estimates an ingest.</summary>
    /// <param name="workload">The rows.</param>
    /// <param name="options">Settings: budget, workers and file strategy count. They need no place for the table. Default: those of a new factory.</param>
    /// <param name="prices">Default: those of <see cref="IngestPrices"/>.</param>
    /// <exception cref="ArgumentException">Figures make no sense, or the budget is too small for workers and leaves: all of them are named.</exception>
    public static IngestPlan Make(IngestWorkload workload, IngestOptions? options = null, IngestPrices? prices = null)
    {
        ArgumentNullException.ThrowIfNull(workload);
        string[] faults = [.. workload.Faults()];
        if (faults.Length > 0)
        {
            throw new ArgumentException($"An ingest with these figures cannot be planned: {string.Join("; ", faults)}.", nameof(workload));
        }

        return new PlanMaker(workload, options ?? new IngestOptions(), prices ?? new IngestPrices()).Make();
    }

    /// <summary>The plan as a table of a few lines.</summary>
    public override string ToString()
    {
        string text = string.Create(
            CultureInfo.InvariantCulture,
            $"{Workload.RowCount:N0} rows of {Workload.RowBytes:N1} bytes into {Workload.LeafCount:N0} leaves, {CommitCount:N0} commits of {LeavesPerCommit:N0} leaves each\n"
            + $"{"",-10}{"rows",16}{"files",14}{"bytes a file",16}{"requests",14}{"dollars",12}{"memory MiB",12}{"spilled MiB",13}\n{Line("all", Whole)}{Line("a commit", PerCommit)}{Line("a leaf", PerLeaf)}");
        return DelayUntilVisible is { } delay
            ? text + string.Create(CultureInfo.InvariantCulture, $"rows are visible after {delay.TotalSeconds:N1} s\n")
            : text;

        static string Line(string name, IngestEstimate of) => string.Create(
            CultureInfo.InvariantCulture,
            $"{name,-10}{of.RowCount,16:N0}{of.FileCount,14:N0}{of.BytesPerFile,16:N0}{of.Requests.Total,14:N0}{of.Dollars,12:N4}{of.MemoryBytes / 1048576.0,12:N1}{of.SpilledBytes / 1048576.0,13:N1}\n");
    }

    /// <summary>The arithmetic of one plan.</summary>
    private sealed class PlanMaker(IngestWorkload workload, IngestOptions options, IngestPrices prices)
    {
        private readonly bool _isOneFile = options.FileStrategy == FileWritingStrategy.OneReferencePerLeaf;

        public IngestPlan Make()
        {
            long rowsPerCommit = Math.Min(workload.RowCount, workload.RowsPerCommit);
            long fullCommits = workload.RowCount / rowsPerCommit;
            long restRows = workload.RowCount % rowsPerCommit;
            long commits = fullCommits + (restRows > 0 ? 1 : 0);
            var commit = EstimateCommit(rowsPerCommit);
            var rest = restRows > 0 ? EstimateCommit(restRows) : None;
            var requests = (commit.Requests * fullCommits) + rest.Requests + TableRequests.ToOpen + TableRequests.OfSnapshots(commits);
            var whole = new IngestEstimate(
                workload.RowCount,
                (commit.FileCount * fullCommits) + rest.FileCount,
                (commit.ObjectCount * fullCommits) + rest.ObjectCount + TableRequests.SnapshotObjects(commits),
                (commit.Bytes * fullCommits) + rest.Bytes,
                requests,
                prices.Of(requests) + CostOfTime(workload.RowCount),
                Math.Max(commit.MemoryBytes, rest.MemoryBytes),
                (commit.SpilledBytes * fullCommits) + rest.SpilledBytes);
            return new IngestPlan
            {
                Workload = workload,
                Prices = prices,
                CommitCount = commits,
                LeavesPerCommit = LeavesHit(rowsPerCommit),
                Whole = whole,
                PerCommit = commit,
                PerLeaf = ShareOf(whole, commit),
                Duration = TimeFor(workload.RowCount, workload.IngestedRowsPerSecond),
                DelayUntilVisible = Delay(rowsPerCommit),
            };
        }

        private static IngestEstimate None => new(0, 0, 0, 0, default, 0, 0, 0);

        private IngestEstimate EstimateCommit(long rows)
        {
            int leaves = LeavesHit(rows);
            long files = _isOneFile ? 1 : leaves;
            long bytes = (long)(rows * workload.RowBytes * workload.CompressedShare);
            var requests = TableRequests.OfCommit(files, PutsOf(bytes / files));
            var plan = MemoryPlan.Make(options.MemoryBudgetBytes, options.DegreeOfParallelism, workload.LeafCount, oneBucket: false, int.MaxValue);
            var memory = MemoryForecast.Make(plan, rows, workload.RowBytes, Math.Min(plan.BucketCount, leaves));
            return new IngestEstimate(
                rows, files, TableRequests.ObjectsOfCommit(files), bytes, requests, prices.Of(requests) + CostOfTime(rows), memory.PeakBytes, memory.SpilledBytes);
        }

        private IngestEstimate ShareOf(IngestEstimate whole, IngestEstimate commit)
        {
            long leaves = Math.Min(workload.LeafCount, workload.RowCount);
            var requests = new StoreRequests(whole.Requests.Puts / leaves, whole.Requests.Gets / leaves, whole.Requests.Lists / leaves, whole.Requests.Deletes / leaves);
            long heldBytes = (long)Math.Min(commit.MemoryBytes, commit.RowCount * workload.RowBytes);
            return new IngestEstimate(
                whole.RowCount / leaves, _isOneFile ? whole.FileCount : Math.Max(1, whole.FileCount / leaves), whole.ObjectCount / leaves, whole.Bytes / leaves, requests,
                whole.Dollars / leaves, heldBytes / Math.Max(1, LeavesHit(commit.RowCount)), whole.SpilledBytes / leaves);
        }

        /// <summary>So many leaves even chance gives rows to: all of them but for commits of few rows.</summary>
        private int LeavesHit(long rows) =>
            (int)Math.Clamp(Math.Round(workload.LeafCount * -double.ExpM1(rows * double.LogP1(-1.0 / workload.LeafCount))), 1, Math.Min(rows, workload.LeafCount));

        private long PutsOf(long objectBytes) =>
            workload.UploadPartBytes is not { } part || objectBytes <= part ? 1 : 2 + ((objectBytes + part - 1) / part);

        private decimal CostOfTime(long rows) => TimeFor(rows, workload.IngestedRowsPerSecond) is { } time ? prices.Of(time) : 0;

        private TimeSpan? Delay(long rows)
        {
            var filling = TimeFor(rows, workload.ArrivingRowsPerSecond);
            var ingesting = TimeFor(rows, workload.IngestedRowsPerSecond);
            return filling is null && ingesting is null ? null : (filling ?? TimeSpan.Zero) + (ingesting ?? TimeSpan.Zero);
        }

        private static TimeSpan? TimeFor(long rows, double? rowsPerSecond) => rowsPerSecond is { } speed ? TimeSpan.FromSeconds(rows / speed) : null;
    }
}
