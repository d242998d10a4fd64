using System.Text;
using System.Text.RegularExpressions;

namespace Sleeper.Ingest.Core.Tests.Architecture;

/// <summary>The text beside the code stays true, and nothing of the machine it was written on gets in.</summary>
public sealed partial class RepositoryTests
{
    private static readonly string[] SkippedFolders = [".git", "bin", "obj", "artifacts", "node_modules", "TestResults", "BenchmarkDotNet.Artifacts"];
    private static readonly string[] TextEndings =
        [".cs", ".csproj", ".props", ".targets", ".sln", ".config", ".md", ".json", ".jsonl", ".mjs", ".txt", ".yml", ".npmrc", ".editorconfig", ".gitignore", ".properties", ".csv", "/run"];

    [Fact]
    public void Architecture_names_every_folder_and_no_other()
    {
        string[] described = [.. FolderLine().Matches(Read("Sleeper.Ingest.Core/ARCHITECTURE.md")).Select(match => match.Groups[1].Value)];
        string[] real = [.. SourceFile.ReadAll().Select(file => file.Folder).Where(folder => folder.Length > 0).Distinct().Order(StringComparer.Ordinal)];

        Assert.Equal(real, described.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Architecture_names_only_files_that_exist()
    {
        var types = SourceFile.ReadAll().SelectMany(file => file.DeclaredTypes).ToHashSet(StringComparer.Ordinal);
        string[] unknown = [.. TypeName().Matches(Read("Sleeper.Ingest.Core/ARCHITECTURE.md")).Select(match => match.Groups[1].Value).Where(name => !types.Contains(name))];

        Findings.AssertNone(unknown);
    }

    [Fact]
    public void Architecture_lists_every_folder_with_unsafe_code_and_no_other()
    {
        string section = Read("Sleeper.Ingest.Core/ARCHITECTURE.md").Split("\n## Unsafe code\n")[1].Split("\n## ")[0];
        var listed = section.Split('\n').Where(line => line.StartsWith("| ", StringComparison.Ordinal)).Skip(1).SelectMany(line => line.Split('|')[1].Split(',')).Select(folder => folder.Trim());
        var real = SourceFile.ReadAll().Where(file => UnsafeCode().IsMatch(file.Text))
            .Select(file => file.TopFolder == "Parquet" ? file.Folder : file.TopFolder).Distinct();

        Assert.Equal(real.Order(StringComparer.Ordinal), listed.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void No_file_names_a_machine_or_a_package_registry()
    {
        var files = TextFiles(new DirectoryInfo(Support.RepositoryFolder.Path)).ToList();
        string[] wrong =
        [
            .. from file in files
               from Match match in Forbidden().Matches(File.ReadAllText(file.FullName, Encoding.UTF8))
               select $"{Path.GetRelativePath(Support.RepositoryFolder.Path, file.FullName)}: {match.Value}",
        ];

        Assert.True(files.Count > 50, $"Only {files.Count} files were looked at.");
        Findings.AssertNone(wrong);
    }

    private static string Read(string path) => File.ReadAllText(Support.RepositoryFolder.Combine(path)).ReplaceLineEndings("\n");

    private static IEnumerable<FileInfo> TextFiles(DirectoryInfo folder) =>
        folder.EnumerateFiles().Where(file => TextEndings.Any(ending => file.FullName.EndsWith(ending, StringComparison.Ordinal)))
            .Concat(folder.EnumerateDirectories().Where(child => !SkippedFolders.Contains(child.Name)).SelectMany(TextFiles));

    [GeneratedRegex(@"^\| `([\w/]+)/` \|", RegexOptions.Multiline)]
    private static partial Regex FolderLine();

    // In code, that is: not behind a comment's slashes.
    [GeneratedRegex(@"^(?:(?!//).)*?(?:\bunsafe\b|\bUnsafe\.|\bMemoryMarshal\.(?:Get\w*Reference|Create\w*Span)|\b(?:Library|Dll)Import\b)", RegexOptions.Multiline)]
    private static partial Regex UnsafeCode();

    [GeneratedRegex(@"`([A-Z]\w+)`")]
    private static partial Regex TypeName();

    // Folders of a user or a build machine, and the hosts of the usual registries.
    [GeneratedRegex(@"(?<![\w./~])/(?:work|root|home|Users)/\w+|(?<!\w)[A-Z]:\\Users|\bregistry\.(?:npm|yarn)\w*\.\w+|\bapi\.nuget\.org|\bnpmjs\.(?:org|com)|\bpypi\.org")]
    private static partial Regex Forbidden();
}
