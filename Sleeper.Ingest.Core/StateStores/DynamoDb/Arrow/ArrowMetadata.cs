namespace Sleeper.Ingest.Core.StateStores.DynamoDb.Arrow;

/// <summary>Messages of an Arrow stream as objects.</summary>
/// <remarks>
/// Slots of the FlatBuffers tables that are read:
/// <code>
/// Message      0 version (V4 = 3, V5 = 4)  1 header type (1 Schema, 2 DictionaryBatch, 3 RecordBatch)  2 header  3 body length
/// Schema       0 endianness (0 = little)   1 fields
/// Field        0 name  1 nullable  2 type id  3 type  4 dictionary  5 children
/// Int          0 bit width  1 signed       Timestamp  0 unit (1 = millisecond)  1 time zone
/// RecordBatch  0 rows  1 nodes {length, null count}  2 buffers {offset, length}  3 compression
/// </code>
/// </remarks>
internal static class ArrowMetadata
{
    private const int DeepestField = 8;
    private const int MostFields = 1000;

    public const byte SchemaMessage = 1;
    public const byte RecordBatchMessage = 3;

    /// <summary>The kind and the body length of a message.</summary>
    public static (byte Kind, FlatTable Header, long BodyLength) ReadMessage(ReadOnlyMemory<byte> metadata)
    {
        var message = FlatTable.Root(metadata);
        short version = message.Short(0);
        if (version is not 3 and not 4)
        {
            throw new ArrowFormatException($"A message is of metadata version {version}, but V4 (3) and V5 (4) are read.");
        }

        var header = message.Table(2) ?? throw new ArrowFormatException("A message has no header.");
        return (message.Byte(1), header, message.Long(3));
    }

    public static IReadOnlyList<ArrowField> ReadSchema(FlatTable schema)
    {
        if (schema.Short(0) != 0)
        {
            throw new ArrowFormatException("The stream is big-endian; little-endian is read.");
        }

        int count = 0;
        return ReadFields(schema.Tables(1), depth: 1, ref count);
    }

    private static ArrowField[] ReadFields(FlatTable[] fields, int depth, ref int count)
    {
        count += fields.Length;
        if (depth > DeepestField || count > MostFields)
        {
            throw new ArrowFormatException($"The schema is deeper than {DeepestField} levels or has more than {MostFields} columns; a snapshot's never is.");
        }

        var read = new ArrowField[fields.Length];
        for (int i = 0; i < fields.Length; i++)
        {
            var field = fields[i];
            string name = field.Text(0);
            if (field.Has(4))
            {
                throw new ArrowFormatException($"The column '{name}' is dictionary-encoded, which is not read.");
            }

            read[i] = new ArrowField(name, ReadType(field, name), ReadFields(field.Tables(5), depth + 1, ref count));
        }

        return read;
    }

    private static ArrowType ReadType(FlatTable field, string name)
    {
        byte id = field.Byte(2);
        var type = field.Table(3);
        return (id, type?.Int(0), type?.Flag(1)) switch
        {
            (2, 32, true) => ArrowType.Int32,
            (2, 32, false) => ArrowType.UInt32,
            (2, 64, true) => ArrowType.Int64,
            (2, 64, false) => ArrowType.UInt64,
            (4, _, _) => ArrowType.Binary,
            (5, _, _) => ArrowType.Utf8,
            (6, _, _) => ArrowType.Bool,
            (10, _, _) when type is { } timestamp && timestamp.Short(0) == 1 && timestamp.Text(1).Length == 0 => ArrowType.Milliseconds,
            (12, _, _) => ArrowType.List,
            (13, _, _) => ArrowType.Struct,
            _ => throw new ArrowFormatException($"The column '{name}' is of a type (id {id}) that no snapshot has."),
        };
    }
}
