using System.Text.RegularExpressions;

namespace Sleeper.Ingest.Core.Tests.Architecture;

/// <summary>One source file of the library, as text.</summary>
/// <param name="Path">Relative to the library's folder, with forward slashes.</param>
/// <param name="Text">All of it.</param>
internal sealed partial record SourceFile(string Path, string Text)
{
    public const string RootNamespace = "Sleeper.Ingest.Core";

    /// <summary>The folders between the library's folder and the file: <c>Parquet/Pages</c>; empty at the top.</summary>
    public string Folder => Path.Contains('/') ? Path[..Path.LastIndexOf('/')] : "";

    /// <summary>The first of <see cref="Folder"/>.</summary>
    public string TopFolder => Folder.Split('/')[0];

    public string? Namespace => NamespaceLine().Match(Text) is { Success: true } match ? match.Groups[1].Value : null;

    /// <summary>The library's own namespaces that the file imports, without the common beginning: <c>Parquet.Pages</c>.</summary>
    public IEnumerable<string> UsedNamespaces => UsingLine().Matches(Text).Select(match => match.Groups[1].Value.TrimStart('.'));

    /// <summary>The types that the file declares at its top level, by simple name.</summary>
    public IEnumerable<string> DeclaredTypes => TypeLine().Matches(Text).Select(match => match.Groups[1].Value);

    /// <summary>All source files of the library.</summary>
    public static IReadOnlyList<SourceFile> ReadAll()
    {
        string root = Support.RepositoryFolder.Combine(RootNamespace);
        return
        [
            .. Directory.EnumerateFiles(root, "*.cs", SearchOption.AllDirectories)
                .Select(path => (Full: path, Relative: System.IO.Path.GetRelativePath(root, path).Replace('\\', '/')))
                .Where(file => !file.Relative.StartsWith("bin/", StringComparison.Ordinal) && !file.Relative.StartsWith("obj/", StringComparison.Ordinal))
                .OrderBy(file => file.Relative, StringComparer.Ordinal)
                .Select(file => new SourceFile(file.Relative, File.ReadAllText(file.Full))),
        ];
    }

    [GeneratedRegex(@"^namespace\s+([\w.]+)\s*;", RegexOptions.Multiline)]
    private static partial Regex NamespaceLine();

    [GeneratedRegex(@"^(?:global\s+)?using\s+(?:static\s+|\w+\s*=\s*)?(?:global::)?Sleeper\.Ingest\.Core((?:\.\w+)*)", RegexOptions.Multiline)]
    private static partial Regex UsingLine();

    [GeneratedRegex(@"^(?:\w+ )*(?:class|struct|interface|enum|record|record struct|record class) (\w+)", RegexOptions.Multiline)]
    private static partial Regex TypeLine();
}
