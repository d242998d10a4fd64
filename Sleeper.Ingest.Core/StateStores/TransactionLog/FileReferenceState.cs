using Sleeper.Ingest.Core.StateStores.TransactionLog.Transactions;

namespace Sleeper.Ingest.Core.StateStores.TransactionLog;

/// <summary>One reference of a table's state.</summary>
internal sealed record FileReferenceState(
    string PartitionId, long NumberOfRows, string? JobId, bool CountApproximate, bool OnlyContainsDataForThisPartition, DateTimeOffset UpdateTime)
{
    public static FileReferenceState From(ReferenceBody body, DateTimeOffset time) =>
        new(body.PartitionId, body.NumberOfRows, body.JobId, body.CountApproximate, body.OnlyContainsDataForThisPartition, time);
}
