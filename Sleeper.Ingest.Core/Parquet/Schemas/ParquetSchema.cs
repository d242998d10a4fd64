using System.Diagnostics.CodeAnalysis;
using Sleeper.Ingest.Core.Parquet.Metadata;

namespace Sleeper.Ingest.Core.Parquet.Schemas;

/// <summary>The schema of a Parquet file: a tree of nodes under a named root, and its leaves in order. Immutable.</summary>
internal sealed class ParquetSchema
{
    /// <summary>Deeper trees are refused: levels are held in one byte, and no sane file comes near.</summary>
    private const int MaxDepth = 64;

    public ParquetSchema(string name, IReadOnlyList<SchemaNode> fields)
        : this(SchemaNode.Group(name, Repetition.Required, fields))
    {
    }

    private ParquetSchema(SchemaNode root)
    {
        Root = root;
        var leaves = new List<SchemaNode>();
        root.Attach(null, leaves);
        Columns = [.. leaves.Select((node, index) => new LeafColumn(index, node))];
    }

    /// <summary>The message; its name matters to nobody.</summary>
    public SchemaNode Root { get; }

    /// <summary>The fields at the top.</summary>
    public IReadOnlyList<SchemaNode> Fields => Root.Children;

    /// <summary>The leaves in order.</summary>
    public IReadOnlyList<LeafColumn> Columns { get; }

    /// <summary>The tree of a footer's flat list.</summary>
    public static ParquetSchema FromElements(IReadOnlyList<SchemaElement> elements)
    {
        if (elements.Count == 0 || elements[0].IsLeaf)
        {
            Throw(elements, 0, "the list is empty or its first element is not a group");
        }

        int next = 0;
        SchemaNode root = ReadNode(elements, ref next, 0);
        if (next != elements.Count)
        {
            Throw(elements, next, $"it is not a part of the tree, which ends after {next} elements");
        }

        return new ParquetSchema(root);
    }

    /// <summary>The flat depth-first list for a footer.</summary>
    public IReadOnlyList<SchemaElement> ToElements()
    {
        var elements = new List<SchemaElement>();
        AddElements(Root, elements);
        return elements;
    }

    private static void AddElements(SchemaNode node, List<SchemaElement> elements)
    {
        elements.Add(node.ToElement());
        foreach (SchemaNode child in node.Children)
        {
            AddElements(child, elements);
        }
    }

    private static SchemaNode ReadNode(IReadOnlyList<SchemaElement> elements, ref int next, int depth)
    {
        int at = next++;
        if (at >= elements.Count || depth > MaxDepth)
        {
            Throw(elements, at, at >= elements.Count ? "a group claims more children than there are elements" : $"it is nested more than {MaxDepth} deep");
        }

        SchemaElement element = elements[at];
        int childCount = element.NumChildren ?? 0;
        CheckRepetition(elements, at);
        if (element.IsLeaf)
        {
            CheckLeaf(elements, at);
        }
        else if (childCount < 0 || childCount > elements.Count - next)
        {
            Throw(elements, at, $"it claims {childCount} children, but {elements.Count - next} elements follow");
        }

        var children = new SchemaNode[childCount];
        for (int i = 0; i < childCount; i++)
        {
            children[i] = ReadNode(elements, ref next, depth + 1);
        }

        return SchemaNode.FromElement(element, children);
    }

    private static void CheckLeaf(IReadOnlyList<SchemaElement> elements, int at)
    {
        SchemaElement element = elements[at];
        if (element.Type is not { } type || !Enum.IsDefined(type))
        {
            Throw(elements, at, $"it has neither children nor a known physical type ({element.Type?.ToString() ?? "none"})");
        }

        if (element.Type == PhysicalType.FixedLenByteArray && element.TypeLength is null or < 0)
        {
            Throw(elements, at, $"a FIXED_LEN_BYTE_ARRAY needs a length, but has {element.TypeLength?.ToString(System.Globalization.CultureInfo.InvariantCulture) ?? "none"}");
        }
    }

    private static void CheckRepetition(IReadOnlyList<SchemaElement> elements, int at)
    {
        if (elements[at].Repetition is { } repetition && !Enum.IsDefined(repetition))
        {
            Throw(elements, at, $"its repetition {repetition} is unknown");
        }
    }

    [DoesNotReturn]
    private static void Throw(IReadOnlyList<SchemaElement> elements, int at, string what)
    {
        string name = at < elements.Count ? $"{ParquetFormatException.Quote(elements[at].Name)} " : "";
        throw new ParquetFormatException($"Schema element {at} {name}of {elements.Count} is wrong: {what}.");
    }
}
