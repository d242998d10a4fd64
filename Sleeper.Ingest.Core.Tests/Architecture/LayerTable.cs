namespace Sleeper.Ingest.Core.Tests.Architecture;

/// <summary>Who may use whom: the table of ARCHITECTURE.md as code. A folder uses only what stands in its line.</summary>
/// <remarks>
/// Buffers, Diagnostics and Errors are open to all. The edge folders (a vendor's SDK each) may use what their parent may, and their parent.
/// The empty name is the root folder of the library: contracts for users (IIngestWriter, IngestOptions, IngestResult), which Pipeline and
/// Reading implement, and the few entry points that reach down to them.
/// </remarks>
internal static class LayerTable
{
    public const string Root = "";

    private static readonly string[] Ground = ["Buffers", "Diagnostics", "Errors"];
    private static readonly string[] Stages = ["Schemas", "Rows", "Bucketing", "Spilling", "Sorting", "Merging", "Partitioning", "Sketches"];
    private static readonly string[] Files = [.. Stages, "Transforming", "Parquet", "ObjectStores", "DataFiles", "StateStores", "Committing"];

    private static readonly Dictionary<string, string[]> Allowed = new(StringComparer.Ordinal)
    {
        ["Buffers"] = ["Errors"],
        ["Diagnostics"] = ["Errors"],
        ["Errors"] = [],
        ["Schemas"] = [],
        ["Parquet"] = [],
        ["ObjectStores"] = [],
        ["Rows"] = ["Schemas"],
        ["Bucketing"] = ["Rows", "Schemas"],
        ["Spilling"] = ["Rows", "Schemas"],
        ["Sorting"] = ["Rows", "Schemas"],
        ["Merging"] = ["Rows", "Schemas"],
        ["Partitioning"] = ["Rows", "Schemas"],
        ["Sketches"] = ["Rows", "Schemas"],
        ["Transforming"] = ["Rows", "Schemas"],
        ["DataFiles"] = ["Schemas", "Parquet", "ObjectStores", "Rows", "Partitioning", "Sketches"],
        ["StateStores"] = ["Schemas", "Parquet", "ObjectStores", "Rows", "Partitioning", "Transforming", "Queues"],
        ["Committing"] = ["Schemas", "Parquet", "ObjectStores", "Rows", "Partitioning", "Sketches", "DataFiles", "StateStores"],
        ["Pipeline"] = [.. Files, Root],
        ["Reading"] = [.. Files, Root],
        ["Aws"] = [],
        ["Queues"] = ["ObjectStores", "Aws"],
        [Root] = [.. Files, "Pipeline", "Reading"],
        ["Jobs"] = [.. Files, "Aws", "Pipeline", "Reading", "Queues", Root],
    };

    public static IReadOnlyCollection<string> Folders => Allowed.Keys;

    public static bool Allows(string from, string to) =>
        from == to || (Ground.Contains(to) && !Ground.Contains(from)) || (Allowed.TryGetValue(from, out string[]? allowed) && allowed.Contains(to));
}
