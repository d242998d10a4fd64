namespace Sleeper.Ingest.Core.Tests.Architecture;

/// <summary>The layer table holds, by what the sources import and by what the compiled code really touches.</summary>
public sealed class LayerTests
{
    private static readonly IReadOnlyList<SourceFile> Files = SourceFile.ReadAll();

    [Fact]
    public void Every_namespace_is_its_folder()
    {
        string[] wrong =
        [
            .. Files.Where(file => file.Namespace is not null && file.Namespace != ExpectedNamespace(file))
                .Select(file => $"{file.Path} is in {file.Namespace}, its folder says {ExpectedNamespace(file)}"),
        ];

        Assert.True(Files.Count > 20, $"Only {Files.Count} sources were found.");
        Findings.AssertNone(wrong);
    }

    [Fact]
    public void Every_top_folder_stands_in_the_layer_table() =>
        Findings.AssertNone(Files.Select(file => file.TopFolder).Distinct().Except(LayerTable.Folders));

    [Fact]
    public void Sources_import_only_what_their_layer_may_use()
    {
        string[] wrong =
        [
            .. from file in Files
               from used in file.UsedNamespaces
               let to = used.Split('.')[0]
               where to.Length > 0 && !LayerTable.Allows(file.TopFolder, to)
               select $"{file.Path} uses {to}, which {Name(file.TopFolder)} may not",
        ];

        Findings.AssertNone(wrong);
    }

    [Fact]
    public void Compiled_code_touches_only_what_its_layer_may_use()
    {
        var folders = FoldersOfTypes();
        using var scan = new AssemblyScan(typeof(IngestException).Assembly.Location);
        string[] wrong =
        [
            .. (from use in scan.TypeUses()
                let @from = folders.GetValueOrDefault(use.From)
                let to = folders.GetValueOrDefault(use.To)
                where @from is not null && to is not null && !LayerTable.Allows(@from, to)
                select $"{use.From} uses {use.To}: {Name(@from)} may not use {Name(to)}"),
        ];

        Findings.AssertNone(wrong);
    }

    private static string Name(string folder) => folder == LayerTable.Root ? "the root" : folder;

    private static string ExpectedNamespace(SourceFile file) =>
        file.Folder is "" or "Errors" ? SourceFile.RootNamespace : $"{SourceFile.RootNamespace}.{file.Folder.Replace('/', '.')}";

    /// <summary>The top folder of each type, by its full name without arity. Types of the root namespace are looked up by file.</summary>
    private static Dictionary<string, string> FoldersOfTypes()
    {
        var folders = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var file in Files)
        {
            foreach (string type in file.DeclaredTypes)
            {
                folders[$"{file.Namespace}.{type}"] = file.TopFolder;
            }
        }

        return folders;
    }
}
