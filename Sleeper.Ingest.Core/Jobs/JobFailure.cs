using System.Net.Sockets;
using Sleeper.Ingest.Core.ObjectStores;
using Sleeper.Ingest.Core.Queues;
using Sleeper.Ingest.Core.StateStores;

namespace Sleeper.Ingest.Core.Jobs;

/// <summary>A failed run: why, and what can be done.</summary>
internal sealed record JobFailure(JobFailureKind Kind, Exception Error)
{
    public static JobFailure Of(Exception error) => new(KindOf(error), error);

    /// <summary>
    /// The messages of an error, of those inside it and of those that came together with it, from the outside in. Never none, never empty, none twice in a row.
    /// </summary>
    public static IReadOnlyList<string> ReasonsOf(Exception error)
    {
        List<string> reasons = [];
        Add(error);
        return reasons;

        void Add(Exception e)
        {
            string reason = string.IsNullOrWhiteSpace(e.Message) ? e.GetType().Name : e.Message;
            if (reasons.Count == 0 || reasons[^1] != reason)
            {
                reasons.Add(reason);
            }

            if (e is AggregateException many)
            {
                foreach (var inner in many.InnerExceptions)
                {
                    Add(inner);
                }
            }
            else if (e.InnerException is { } inner)
            {
                Add(inner);
            }
        }
    }

    private static JobFailureKind KindOf(Exception error) => error switch
    {
        IngestPoisonedException { InnerException: { } inner } => KindOf(inner),
        AggregateException { InnerExceptions: [var first, ..] } => KindOf(first),
        CommitOutcomeUnknownException => JobFailureKind.OutcomeUnknown,
        _ when IsOfEnvironment(error) => JobFailureKind.Environment,
        SpillDiskFullException => JobFailureKind.Lasting, // the budget, not the disk: another try needs as much
        ObjectStoreException or QueueException or CommitFailedException => JobFailureKind.Passing,
        IngestException e => e.IsRetryable ? JobFailureKind.Passing : JobFailureKind.Lasting,
        IOException or HttpRequestException or SocketException or TimeoutException => JobFailureKind.Passing,
        _ => JobFailureKind.Lasting,
    };

    private static bool IsOfEnvironment(Exception? error) =>
        error is not null && (error is UnauthorizedAccessException or ObjectStoreException { IsForbidden: true } or QueueException { IsForbidden: true }
            || (error is IOException && LocalFileErrors.IsDiskFull(error))
            || IsOfEnvironment(error.InnerException));
}
