using System.Buffers;
using System.Text.Json;
using Sleeper.Ingest.Core.Schemas;

namespace Sleeper.Ingest.Core.StateStores.TransactionLog.Transactions;

/// <summary>What one log entry does. Its JSON is the Java system's, member by member.</summary>
internal abstract class Transaction
{
    public abstract TransactionType Type { get; }

    /// <summary>Reads the body of an entry. The schema gives the types of partition bounds.</summary>
    /// <exception cref="TransactionFormatException">A member that every reader needs is missing or of another type.</exception>
    public static Transaction Read(TransactionType type, ReadOnlyMemory<byte> body, Schema schema)
    {
        using var document = Parse(body);
        var json = document.RootElement;
        return type switch
        {
            TransactionType.AddFiles => AddFiles.Read(json),
            TransactionType.AssignJobIds => AssignJobIds.Read(json),
            TransactionType.ReplaceFileReferences => ReplaceFileReferences.Read(json),
            TransactionType.SplitFileReferences => SplitFileReferences.Read(json),
            TransactionType.DeleteFiles => DeleteFiles.Read(json),
            TransactionType.ClearFiles => ClearFiles.Read(json),
            TransactionType.InitialisePartitions => InitialisePartitions.Read(json, schema),
            TransactionType.SplitPartition => SplitPartition.Read(json, schema),
            _ => ExtendPartitionTree.Read(json, schema),
        };
    }

    public byte[] ToBytes()
    {
        var bytes = new ArrayBufferWriter<byte>(512);
        using (var json = new Utf8JsonWriter(bytes, BodyJson.WriterOptions))
        {
            Write(json);
        }

        return bytes.WrittenSpan.ToArray();
    }

    protected abstract void Write(Utf8JsonWriter json);

    private static JsonDocument Parse(ReadOnlyMemory<byte> body)
    {
        try
        {
            return JsonDocument.Parse(body);
        }
        catch (JsonException e)
        {
            throw new TransactionFormatException($"the body is not JSON: {e.Message}");
        }
    }
}
