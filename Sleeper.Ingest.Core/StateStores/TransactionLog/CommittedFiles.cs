using Sleeper.Ingest.Core.StateStores.TransactionLog.Transactions;

namespace Sleeper.Ingest.Core.StateStores.TransactionLog;

/// <summary>Between the files of a commit and the ADD_FILES transaction that holds them.</summary>
internal static class CommittedFiles
{
    public static AddFiles ToTransaction(IReadOnlyList<DataFile> files) => new(
        [.. files.Select(file => new AddFiles.File(
            file.FileName,
            [.. file.References.Select(r => new ReferenceBody(
                null, r.PartitionId, r.RowCount, null, r.CountApproximate, r.OnlyContainsDataForThisPartition))]))]);

    /// <summary>The files as they were committed. A file whose size was not kept has the size 0.</summary>
    public static IReadOnlyList<DataFile> From(AddFiles transaction, IReadOnlyList<long> lengths) =>
        [.. transaction.Files.Select((file, i) => new DataFile(
            file.Name,
            i < lengths.Count ? lengths[i] : 0,
            [.. file.References.Select(r => new FileReference(
                file.Name, r.PartitionId, r.NumberOfRows, r.CountApproximate, r.OnlyContainsDataForThisPartition))]))];
}
