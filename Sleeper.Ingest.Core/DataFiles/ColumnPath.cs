using Sleeper.Ingest.Core.Parquet.Metadata;
using Sleeper.Ingest.Core.Parquet.Schemas;

namespace Sleeper.Ingest.Core.DataFiles;

/// <summary>Finds columns by the names that a mapping gives: a column of the file, or the path of a struct's member, joined by dots.</summary>
internal static class ColumnPath
{
    /// <summary>All nodes that the name can mean; more than one if names repeat. A column whose own name has dots comes before a path.</summary>
    public static IReadOnlyList<SchemaNode> Find(ParquetSchema file, string name)
    {
        SchemaNode[] columns = [.. file.Fields.Where(n => n.Name == name)];
        return columns.Length > 0 ? columns : FindBelow(file.Fields, name);
    }

    /// <summary>The column of the file that a node is or lies in.</summary>
    public static SchemaNode Outermost(SchemaNode node)
    {
        while (node.Parent is { Parent: not null } parent)
        {
            node = parent;
        }

        return node;
    }

    /// <summary>True if a row can hold the node more than once because of a node around it.</summary>
    public static bool IsRepeatedAbove(SchemaNode node)
    {
        for (var parent = node.Parent; parent is { Parent: not null }; parent = parent.Parent)
        {
            if (parent.Repetition == Repetition.Repeated)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>As deep as the name has dots, and no deeper than the schema, whose depth the reader bounds.</summary>
    private static List<SchemaNode> FindBelow(IReadOnlyList<SchemaNode> nodes, string name)
    {
        var found = new List<SchemaNode>();
        foreach (var node in nodes)
        {
            if (node.Name == name)
            {
                found.Add(node);
            }
            else if (node.IsGroup && name.Length > node.Name.Length && name[node.Name.Length] == '.' && name.StartsWith(node.Name, StringComparison.Ordinal))
            {
                found.AddRange(FindBelow(node.Children, name[(node.Name.Length + 1)..]));
            }
        }

        return found;
    }
}
