using System.Text.Json;
using Sleeper.Ingest.Core.Partitioning;
using Sleeper.Ingest.Core.Schemas;

namespace Sleeper.Ingest.Core.StateStores.TransactionLog.Transactions;

/// <summary>Lists of partitions in transaction bodies.</summary>
internal static class PartitionList
{
    public static Partition[] Read(JsonElement json, string member, Schema schema) =>
        [.. BodyJson.Array(json, member).Select(p => ReadOne(p, schema))];

    public static Partition ReadOne(JsonElement json, Schema schema)
    {
        try
        {
            return PartitionJson.Read(json, schema);
        }
        catch (PartitionFormatException e)
        {
            throw new TransactionFormatException(e.Message);
        }
    }

    public static void Write(Utf8JsonWriter json, string member, IEnumerable<Partition> partitions)
    {
        json.WriteStartArray(member);
        foreach (var partition in partitions)
        {
            PartitionJson.Write(json, partition);
        }

        json.WriteEndArray();
    }
}
