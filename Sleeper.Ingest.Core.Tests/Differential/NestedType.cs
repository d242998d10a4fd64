using Sleeper.Ingest.Core.Parquet.Metadata;
using Sleeper.Ingest.Core.Parquet.Schemas;

namespace Sleeper.Ingest.Core.Tests.Differential;

/// <summary>A column, or a part of one: one value, a struct, a list or a map, to any depth.</summary>
/// <remarks>
/// Values of it are objects: int, long or byte[] as they lie in the file for one value; an array for a struct (by member), for a list (by element) and
/// for a map (pairs as arrays of two); null.
/// </remarks>
internal sealed record NestedType(string Name, NestedKind Kind, bool IsNullable, LeafType? Leaf, IReadOnlyList<NestedType> Children)
{
    public static NestedType Of(string name, LeafType leaf, bool isNullable) => new(name, NestedKind.Leaf, isNullable, leaf, []);

    /// <summary>The members of the struct; the element; key and value.</summary>
    public static NestedType Of(string name, NestedKind kind, bool isNullable, params NestedType[] children) => new(name, kind, isNullable, null, children);

    public SchemaNode ToNode()
    {
        var repetition = IsNullable ? Repetition.Optional : Repetition.Required;
        return Kind switch
        {
            NestedKind.Leaf => Leaf!.ToNode(Name, repetition),
            NestedKind.Struct => SchemaNode.Group(Name, repetition, [.. Children.Select(c => c.ToNode())]),
            NestedKind.List => SchemaNode.List(Name, repetition, Children[0].ToNode()),
            _ => SchemaNode.Map(Name, repetition, Children[0].ToNode(), Children[1].ToNode()),
        };
    }

    public override string ToString() => (IsNullable ? "nullable " : "") + (Kind switch
    {
        NestedKind.Leaf => Leaf!.Name,
        NestedKind.Struct => $"struct({string.Join(", ", Children)})",
        NestedKind.List => $"list({Children[0]})",
        _ => $"map({Children[0]}, {Children[1]})",
    });
}
