using Sleeper.Ingest.Core.Parquet.Columns;
using Sleeper.Ingest.Core.Parquet.Metadata;

namespace Sleeper.Ingest.Core.Parquet.Schemas;

/// <summary>A leaf of a schema: what a column chunk holds.</summary>
internal sealed class LeafColumn
{
    internal LeafColumn(int index, SchemaNode node)
    {
        Index = index;
        Node = node;
        PhysicalType = node.PhysicalType!.Value;
        var path = new List<string>();
        for (SchemaNode at = node; at.Parent is not null; at = at.Parent)
        {
            path.Insert(0, at.Name);
        }

        Path = path;
    }

    /// <summary>Place among the leaves, which is also that of the chunk in its row group.</summary>
    public int Index { get; }

    public SchemaNode Node { get; }

    /// <summary>Names from below the root down to the leaf.</summary>
    public IReadOnlyList<string> Path { get; }

    public string DottedPath => string.Join('.', Path);

    public PhysicalType PhysicalType { get; }

    public int TypeLength => PhysicalType switch
    {
        PhysicalType.FixedLenByteArray => Node.TypeLength,
        PhysicalType.Int96 => 12,
        _ => 0,
    };

    public LogicalType? LogicalType => Node.LogicalType;

    public ConvertedType? ConvertedType => Node.ConvertedType;

    public int MaxDefinitionLevel => Node.MaxDefinitionLevel;

    public int MaxRepetitionLevel => Node.MaxRepetitionLevel;

    /// <summary>How values of this column lie in a <see cref="ColumnVector"/>.</summary>
    public VectorKind VectorKind => PhysicalType switch
    {
        PhysicalType.Boolean or PhysicalType.Int32 or PhysicalType.Float => VectorKind.Int32,
        PhysicalType.Int64 or PhysicalType.Double => VectorKind.Int64,
        _ => VectorKind.Bytes,
    };
}
