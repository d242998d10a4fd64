using Sleeper.Ingest.Core.Partitioning;
using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.Schemas;
using Sleeper.Ingest.Core.StateStores.DynamoDb.Arrow;
using Sleeper.Ingest.Core.StateStores.TransactionLog;

namespace Sleeper.Ingest.Core.StateStores.DynamoDb;

/// <summary>The columns of Sleeper's snapshots, and rows of them as files and partitions.</summary>
/// <remarks>
/// <code>
/// files       filename utf8, updateTime ms, partitionReferences [{partitionId utf8, updateTime ms, jobId utf8?, numberOfRows u64 (its bits are signed),
///             countApproximate bool, onlyContainsDataForThisPartition bool}]
/// partitions  id utf8, parentId utf8?, childIds [utf8], isLeaf bool, dimension u32? (null is -1),
///             region [{fieldName utf8, fieldType utf8, min bound, max bound?}]      one for each row key, in any order
/// bound       {string utf8?, long i64?, int i32?, bytes binary?}                   the one that fieldType selects; null in max is "no bound"
/// </code>
/// A file without references has an empty list. Text is plain UTF-8 here, not base64 as in transactions.
/// </remarks>
internal static class SnapshotFormat
{
    private static readonly ArrowField[] Bound =
        [new("string", ArrowType.Utf8), new("long", ArrowType.Int64), new("int", ArrowType.Int32), new("bytes", ArrowType.Binary)];

    public static IReadOnlyList<ArrowField> Files { get; } =
    [
        new("filename", ArrowType.Utf8),
        new("updateTime", ArrowType.Milliseconds),
        new("partitionReferences", ArrowType.List, new ArrowField(
            "", ArrowType.Struct,
            new("partitionId", ArrowType.Utf8),
            new("updateTime", ArrowType.Milliseconds),
            new("jobId", ArrowType.Utf8),
            new("numberOfRows", ArrowType.UInt64),
            new("countApproximate", ArrowType.Bool),
            new("onlyContainsDataForThisPartition", ArrowType.Bool))),
    ];

    public static IReadOnlyList<ArrowField> Partitions { get; } =
    [
        new("id", ArrowType.Utf8),
        new("parentId", ArrowType.Utf8),
        new("childIds", ArrowType.List, new ArrowField("", ArrowType.Utf8)),
        new("isLeaf", ArrowType.Bool),
        new("dimension", ArrowType.UInt32),
        new("region", ArrowType.List, new ArrowField(
            "", ArrowType.Struct,
            new("fieldName", ArrowType.Utf8),
            new("fieldType", ArrowType.Utf8),
            new("min", ArrowType.Struct, Bound),
            new("max", ArrowType.Struct, Bound))),
    ];

    /// <exception cref="ArrowFormatException">A value that is needed is null.</exception>
    public static FileState ReadFile(IReadOnlyList<ArrowColumn> batch, int row)
    {
        var file = new FileState(batch[0].Text(row), EpochTime.From(batch[1].Long(row)));
        var reference = batch[2].Children[0].Children;
        var (start, end) = batch[2].Range(row);
        for (int i = start; i < end; i++)
        {
            string partition = reference[0].Text(i);
            file.References[partition] = new FileReferenceState(
                partition, reference[3].Long(i), reference[2].OptionalText(i), reference[4].Flag(i), reference[5].Flag(i), EpochTime.From(reference[1].Long(i)));
        }

        return file;
    }

    /// <exception cref="ArrowFormatException">A value that is needed is null, or a range is not of the schema's row keys.</exception>
    public static Partition ReadPartition(IReadOnlyList<ArrowColumn> batch, int row, Schema schema)
    {
        string id = batch[0].Text(row);
        var (start, end) = batch[2].Range(row);
        string[] children = new string[end - start];
        for (int i = start; i < end; i++)
        {
            children[i - start] = batch[2].Children[0].Text(i);
        }

        if (batch[3].Flag(row) != (children.Length == 0))
        {
            throw new ArrowFormatException($"The partition '{id}' says isLeaf = {batch[3].Flag(row)}, but has {children.Length} children.");
        }

        int dimension = batch[4].IsNull(row) ? -1 : batch[4].Int(row);
        return new Partition(id, batch[1].OptionalText(row), children, ReadRegion(batch[5], row, id, schema), dimension);
    }

    private static Region ReadRegion(ArrowColumn region, int row, string id, Schema schema)
    {
        var range = region.Children[0].Children;
        var ranges = new KeyRange?[schema.RowKeyFields.Count];
        var (start, end) = region.Range(row);
        for (int i = start; i < end; i++)
        {
            string name = range[0].Text(i);
            int field = IndexOf(schema, name);
            if (field < 0 || ranges[field] is not null)
            {
                throw new ArrowFormatException(
                    $"The region of the partition '{id}' has a range for '{name}', which is {(field < 0 ? "no row key of the schema" : "there twice")}.");
            }

            ranges[field] = ReadRange(range, i, id, schema.RowKeyFields[field]);
        }

        // As in the log: a range that is not there holds every value.
        return new Region([.. schema.RowKeyFields.Select((f, i) => ranges[i] ?? new KeyRange(f.Name, KeyValueOrder.Minimum(f.Type), FieldValue.Null))]);
    }

    private static KeyRange ReadRange(IReadOnlyList<ArrowColumn> range, int index, string id, Field field)
    {
        string type = range[1].Text(index);
        int selected = type switch
        {
            "StringType" => 0,
            "LongType" => 1,
            "IntType" => 2,
            "ByteArrayType" => 3,
            _ => -1,
        };
        if (selected != SelectedBy(field.Type))
        {
            throw new ArrowFormatException($"The range of '{field.Name}' of the partition '{id}' is of type '{type}', but the row key is of type {field.Type}.");
        }

        var min = ReadBound(range[2], index, selected);
        return min.IsNull
            ? throw new ArrowFormatException($"The range of '{field.Name}' of the partition '{id}' has no minimum.")
            : new KeyRange(field.Name, min, ReadBound(range[3], index, selected));
    }

    private static FieldValue ReadBound(ArrowColumn bound, int index, int selected)
    {
        var column = bound.Children[selected];
        if (bound.IsNull(index) || column.IsNull(index))
        {
            return FieldValue.Null;
        }

        return selected switch
        {
            0 => column.Text(index),
            1 => column.Long(index),
            2 => column.Int(index),
            _ => column.Bytes(index),
        };
    }

    private static int SelectedBy(FieldType type) => type.Kind switch
    {
        FieldTypeKind.String => 0,
        FieldTypeKind.Long => 1,
        FieldTypeKind.Int => 2,
        _ => 3,
    };

    private static int IndexOf(Schema schema, string field)
    {
        for (int i = 0; i < schema.RowKeyFields.Count; i++)
        {
            if (schema.RowKeyFields[i].Name == field)
            {
                return i;
            }
        }

        return -1;
    }
}
