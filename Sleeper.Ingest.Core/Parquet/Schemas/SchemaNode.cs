using Sleeper.Ingest.Core.Parquet.Metadata;

namespace Sleeper.Ingest.Core.Parquet.Schemas;

/// <summary>A node of a Parquet schema: a group with children, or a primitive, which is a leaf column. Belongs to one <see cref="ParquetSchema"/>.</summary>
internal sealed class SchemaNode
{
    private SchemaNode(string name, Repetition repetition, PhysicalType? physicalType, IReadOnlyList<SchemaNode> children)
    {
        Name = name;
        Repetition = repetition;
        PhysicalType = physicalType;
        Children = children;
    }

    public string Name { get; }

    public Repetition Repetition { get; }

    /// <summary>Null for groups.</summary>
    public PhysicalType? PhysicalType { get; }

    public bool IsGroup => PhysicalType is null;

    /// <summary>Bytes of a FIXED_LEN_BYTE_ARRAY, else 0.</summary>
    public int TypeLength { get; init; }

    public LogicalType? LogicalType { get; init; }

    public ConvertedType? ConvertedType { get; init; }

    /// <summary>Of a converted decimal.</summary>
    public int? Precision { get; init; }

    /// <summary>Of a converted decimal.</summary>
    public int? Scale { get; init; }

    public int? FieldId { get; init; }

    /// <summary>Empty for primitives.</summary>
    public IReadOnlyList<SchemaNode> Children { get; }

    /// <summary>Null for the root.</summary>
    public SchemaNode? Parent { get; private set; }

    /// <summary>Definition level of a value that is there, as far down as this node.</summary>
    public int MaxDefinitionLevel { get; private set; }

    /// <summary>Repeated nodes from the root to this one.</summary>
    public int MaxRepetitionLevel { get; private set; }

    /// <summary>The leaf columns under this node are <c>FirstLeaf .. FirstLeaf + LeafCount</c>.</summary>
    public int FirstLeaf { get; private set; } = -1;

    public int LeafCount { get; private set; }

    public static SchemaNode Primitive(
        string name, Repetition repetition, PhysicalType type, LogicalType? logicalType = null, ConvertedType? convertedType = null, int typeLength = 0, int? fieldId = null) =>
        new(name, repetition, type, []) { LogicalType = logicalType, ConvertedType = convertedType, TypeLength = typeLength, FieldId = fieldId };

    /// <summary>A BYTE_ARRAY of UTF-8, annotated in both ways.</summary>
    public static SchemaNode Utf8(string name, Repetition repetition) =>
        Primitive(name, repetition, Metadata.PhysicalType.ByteArray, LogicalType.String, Metadata.ConvertedType.Utf8);

    public static SchemaNode Group(
        string name, Repetition repetition, IReadOnlyList<SchemaNode> children, LogicalType? logicalType = null, ConvertedType? convertedType = null, int? fieldId = null) =>
        new(name, repetition, null, children) { LogicalType = logicalType, ConvertedType = convertedType, FieldId = fieldId };

    /// <summary>A list of three levels: <c>name (LIST) { repeated group list { element } }</c>. The element's name is its own.</summary>
    public static SchemaNode List(string name, Repetition repetition, SchemaNode element) =>
        Group(name, repetition, [Group("list", Repetition.Repeated, [element])], LogicalType.List, Metadata.ConvertedType.List);

    /// <summary>A map of three levels: <c>name (MAP) { repeated group key_value { key; value } }</c>.</summary>
    public static SchemaNode Map(string name, Repetition repetition, SchemaNode key, SchemaNode value) =>
        Group(name, repetition, [Group("key_value", Repetition.Repeated, [key, value])], LogicalType.Map, Metadata.ConvertedType.Map);

    /// <summary>A group or a primitive of a footer.</summary>
    public static SchemaNode FromElement(SchemaElement element, IReadOnlyList<SchemaNode> children) =>
        new(element.Name, element.Repetition ?? Repetition.Required, element.IsLeaf ? element.Type : null, children)
        {
            TypeLength = element.TypeLength ?? 0,
            LogicalType = element.LogicalType,
            ConvertedType = element.ConvertedType,
            Precision = element.Precision,
            Scale = element.Scale,
            FieldId = element.FieldId,
        };

    /// <summary>The node alone, as the footer has it.</summary>
    public SchemaElement ToElement() => new()
    {
        Name = Name,
        Type = PhysicalType,
        TypeLength = PhysicalType == Metadata.PhysicalType.FixedLenByteArray ? TypeLength : null,
        Repetition = Parent is null ? null : Repetition,
        NumChildren = IsGroup ? Children.Count : null,
        ConvertedType = ConvertedType,
        Precision = Precision,
        Scale = Scale,
        FieldId = FieldId,
        LogicalType = LogicalType,
    };

    /// <summary>Places the node, and all below it, in a schema; gathers the leaves in their order.</summary>
    internal void Attach(SchemaNode? parent, List<SchemaNode> leaves)
    {
        if (FirstLeaf >= 0)
        {
            throw new InvalidOperationException($"The node '{Name}' already belongs to a schema; a node can be in one only.");
        }

        Parent = parent;
        if (parent is not null)
        {
            MaxDefinitionLevel = parent.MaxDefinitionLevel + (Repetition == Repetition.Required ? 0 : 1);
            MaxRepetitionLevel = parent.MaxRepetitionLevel + (Repetition == Repetition.Repeated ? 1 : 0);
        }

        FirstLeaf = leaves.Count;
        if (!IsGroup)
        {
            leaves.Add(this);
        }

        foreach (SchemaNode child in Children)
        {
            child.Attach(this, leaves);
        }

        LeafCount = leaves.Count - FirstLeaf;
    }
}
