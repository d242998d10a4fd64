using System.Text.Json;
using Sleeper.Ingest.Core.ObjectStores;
using Sleeper.Ingest.Core.Partitioning;
using Sleeper.Ingest.Core.Reading;
using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.Schemas;
using Sleeper.Ingest.Core.StateStores;

namespace Sleeper.Ingest.Core.Tests.Support;

/// <summary>A table that the Java original wrote: its schema, state, data files, and the rows it is known to hold.</summary>
internal sealed class JavaTable
{
    private readonly string _folder;

    private JavaTable(string folder)
    {
        _folder = folder;
        Schema = Schema.Parse(File.ReadAllText(Path.Combine(folder, "schema.json")));
        Partitions = new PartitionTree(ReadArray("partitions.json").Select(json => PartitionJson.Read(json, Schema)));
        References = [.. ReadArray("file-references.json").Select(json => new FileReference(
            json.GetProperty("filename").GetString()!.Replace("file://{root}/", "", StringComparison.Ordinal),
            json.GetProperty("partitionId").GetString()!,
            json.GetProperty("numberOfRows").GetInt64(),
            json.GetProperty("countApproximate").GetBoolean(),
            json.GetProperty("onlyContainsDataForThisPartition").GetBoolean()))];
        DataFiles =
        [
            .. Directory.EnumerateFiles(folder, "*.parquet", SearchOption.AllDirectories)
                .Select(path => Path.GetRelativePath(folder, path).Replace('\\', '/')).OrderBy(Path.GetFileName, StringComparer.Ordinal),
        ];
    }

    public static string KeptFolder => RepositoryFolder.Combine("Sleeper.Ingest.Core.Tests", "Fixtures", "reading");

    public Schema Schema { get; }

    public PartitionTree Partitions { get; }

    /// <summary>By file name, which counts up in the order the files were written.</summary>
    public IReadOnlyList<FileReference> References { get; }

    /// <summary>Paths relative to the case's folder.</summary>
    public IReadOnlyList<string> DataFiles { get; }

    /// <summary>The cases below a folder that hold data files or at least a state, as relative paths.</summary>
    public static IReadOnlyList<string> Names(string root) =>
    [
        .. Directory.EnumerateFiles(root, "file-references.json", SearchOption.AllDirectories)
            .Select(path => Path.GetRelativePath(root, Path.GetDirectoryName(path)!))
            .Where(name => !Path.GetFileName(name).StartsWith("big-sketch-", StringComparison.Ordinal))
            .Order(StringComparer.Ordinal),
    ];

    public static JavaTable Load(string root, string name) => new(Path.Combine(root, name));

    public ReadContext Context(KeyOrder order, int stretchRowCount = 4096) =>
        new(new LocalObjectStore(_folder, new LocalObjectStoreOptions { CreateRoot = false }), "java", name => name, Schema, order) { StretchRowCount = stretchRowCount, SmallRowGroupBytes = 0 };

    public TableState State() => new(1, Partitions, References, []);

    /// <summary>The rows of each data file, in file order, by the name of the file without folder and ending.</summary>
    public ILookup<string, Row> ExpectedRows() =>
        RowJson.ReadExpected(Path.Combine(_folder, "expected.jsonl"), Schema).ToLookup(line => line.File, line => line.Row);

    private IReadOnlyList<JsonElement> ReadArray(string file)
    {
        using var json = JsonDocument.Parse(File.ReadAllText(Path.Combine(_folder, file)));
        return [.. json.RootElement.EnumerateArray().Select(element => element.Clone())];
    }
}
