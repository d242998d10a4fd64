using System.Text.Json;

namespace Sleeper.Ingest.Core.StateStores.TransactionLog.Transactions;

/// <summary>A file reference as transactions carry it. The time of its last change is never in them: the entry's time is.</summary>
/// <param name="FileName">Null inside ADD_FILES, where the file that holds the reference has the name.</param>
/// <param name="PartitionId">The partition that the rows belong to.</param>
/// <param name="NumberOfRows">Rows of the file in the partition.</param>
/// <param name="JobId">The compaction that the reference is given to; null for none.</param>
/// <param name="CountApproximate">True if the number is an estimate.</param>
/// <param name="OnlyContainsDataForThisPartition">True if no other partition has a reference to the file.</param>
internal sealed record ReferenceBody(
    string? FileName, string PartitionId, long NumberOfRows, string? JobId, bool CountApproximate, bool OnlyContainsDataForThisPartition)
{
    public static ReferenceBody Read(JsonElement json, bool withFileName) => new(
        withFileName ? BodyJson.Text(json, "filename") : null,
        BodyJson.Text(json, "partitionId"),
        BodyJson.Long(json, "numberOfRows"),
        BodyJson.OptionalText(json, "jobId"),
        BodyJson.Flag(json, "countApproximate"),
        BodyJson.Flag(json, "onlyContainsDataForThisPartition"));

    public void Write(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        if (FileName is not null)
        {
            json.WriteString("filename", FileName);
        }

        json.WriteString("partitionId", PartitionId);
        json.WriteNumber("numberOfRows", NumberOfRows);
        if (JobId is not null)
        {
            json.WriteString("jobId", JobId);
        }

        json.WriteBoolean("countApproximate", CountApproximate);
        json.WriteBoolean("onlyContainsDataForThisPartition", OnlyContainsDataForThisPartition);
        json.WriteEndObject();
    }
}
