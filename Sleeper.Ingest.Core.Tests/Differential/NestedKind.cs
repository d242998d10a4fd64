namespace Sleeper.Ingest.Core.Tests.Differential;

/// <summary>What a <see cref="NestedType"/> is.</summary>
internal enum NestedKind
{
    Leaf,
    Struct,
    List,
    Map,
}
