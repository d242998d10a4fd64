using System.Text.RegularExpressions;

namespace Sleeper.Ingest.Core.Tests.Architecture;

/// <summary>What the first page tells a newcomer works.</summary>
public sealed partial class ReadmeTests
{
    [Fact]
    public void The_readme_shows_the_code_that_the_package_test_runs()
    {
        string readme = Read("README.md");
        string sample = Read("samples/TenLines/Program.cs");

        string shown = CodeBlock().Match(readme).Groups[1].Value.Trim();
        string run = Region().Match(sample).Groups[1].Value.Trim();

        Assert.NotEmpty(shown);
        Assert.Equal(run, shown);
    }

    [Fact]
    public void The_readme_names_the_commands_that_work()
    {
        string readme = Read("README.md");

        Assert.Contains("dotnet test -c Release", readme, StringComparison.Ordinal);
        Assert.Contains("dotnet run -c Release --project samples/Quickstart", readme, StringComparison.Ordinal);
        Assert.Contains("dotnet test -c Release", Read(".ci/run"), StringComparison.Ordinal);
    }

    private static string Read(string path) => File.ReadAllText(Support.RepositoryFolder.Combine(path)).ReplaceLineEndings("\n");

    [GeneratedRegex(@"```csharp\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex CodeBlock();

    [GeneratedRegex(@"// <readme>\n(.*?)// </readme>", RegexOptions.Singleline)]
    private static partial Regex Region();
}
