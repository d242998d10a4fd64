namespace Sleeper.Ingest.Core.Tests.Checking;

/// <summary>What was seen of an ingest from outside while it ran.</summary>
internal sealed record ObservedRun
{
    /// <summary>
    /// What a process may take beside the budget: the runtime and libraries as they are loaded (50 MiB), the collected heap with what the caller's rows
    /// leave in it, compression. Measured as 110 to 140 MiB for budgets from 16 to 64 MiB, where the youngest generation has 4 MiB.
    /// </summary>
    public const long AllowanceBytes = 160L << 20;

    /// <summary>The longest time from a cancellation to the return of the call.</summary>
    public static readonly TimeSpan CancellationLimit = TimeSpan.FromSeconds(1);

    /// <summary>The memory that the ingest may take.</summary>
    public long BudgetBytes { get; init; }

    /// <summary>The most that its process had resident; 0 if nobody looked.</summary>
    public long PeakBytes { get; init; }

    /// <summary>The time from its cancellation until its call returned; null if it was not cancelled.</summary>
    public TimeSpan? CancelledFor { get; init; }

    public IEnumerable<Violation> Check(string ingest)
    {
        if (PeakBytes > BudgetBytes + AllowanceBytes)
        {
            yield return new Violation(
                "I16", $"{ingest}: {PeakBytes >> 20} MiB were resident, with a budget of {BudgetBytes >> 20} MiB and an allowance of {AllowanceBytes >> 20} MiB.");
        }

        if (CancelledFor > CancellationLimit)
        {
            yield return new Violation("I18", $"{ingest}: it returned {CancelledFor.Value.TotalMilliseconds:F0} ms after its cancellation, not within {CancellationLimit.TotalMilliseconds:F0}.");
        }
    }
}
