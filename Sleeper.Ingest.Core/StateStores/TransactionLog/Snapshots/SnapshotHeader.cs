using System.Text.Json;

namespace Sleeper.Ingest.Core.StateStores.TransactionLog.Snapshots;

/// <summary>What the first lines of both objects of a snapshot have in common.</summary>
/// <param name="Number">The entry of the files log that the snapshot is of.</param>
/// <param name="Checksum">Its checksum.</param>
/// <param name="PartitionsNumber">Of a head: the entry of the partitions log that its tree is of. Of files: the highest one that their entries were planned on.</param>
internal sealed record SnapshotHeader(long Number, string Checksum, long PartitionsNumber)
{
    /// <summary>Writes the members, not the braces around them.</summary>
    public void Write(Utf8JsonWriter json, string kind, string tableId)
    {
        json.WriteNumber("format", EntryFormat.Version);
        json.WriteString("kind", kind);
        json.WriteString("table", tableId);
        json.WriteNumber("number", Number);
        json.WriteString("checksum", Checksum);
        json.WriteNumber("partitions", PartitionsNumber);
    }

    /// <exception cref="TransactionFormatException">A member is missing or of another type.</exception>
    /// <exception cref="TableDamagedException">It is of another kind or table.</exception>
    /// <exception cref="UnsupportedTableException">Its format is from the future.</exception>
    public static SnapshotHeader Read(JsonElement json, string kind, string tableId, string objectName)
    {
        long format = BodyJson.Long(json, "format");
        if (format > EntryFormat.Version)
        {
            throw new UnsupportedTableException(
                $"{objectName} is of table format {format}, but this library knows formats up to {EntryFormat.Version}. Use a newer version of the library.");
        }

        string actualKind = BodyJson.Text(json, "kind");
        string actualTable = BodyJson.Text(json, "table");
        if (actualKind != kind || actualTable != tableId)
        {
            throw new TableDamagedException(
                objectName, $"It says that it is the {actualKind} snapshot of the table with the id {actualTable}; the {kind} snapshot of {tableId} is expected there.");
        }

        return new SnapshotHeader(BodyJson.Long(json, "number"), BodyJson.Text(json, "checksum"), BodyJson.Long(json, "partitions"));
    }
}
