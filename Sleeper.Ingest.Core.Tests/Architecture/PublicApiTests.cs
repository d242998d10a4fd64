namespace Sleeper.Ingest.Core.Tests.Architecture;

/// <summary>
/// What the package promises is a reviewed list: PublicAPI.Shipped.txt (released) and PublicAPI.Unshipped.txt (since then). Run this test with
/// the environment variable UPDATE_PUBLIC_API=1 to write the second one anew, and look at the difference.
/// </summary>
public sealed class PublicApiTests
{
    private const string Removed = "*REMOVED*";

    [Fact]
    public void The_public_list_is_what_the_assembly_offers()
    {
        string unshippedPath = Support.RepositoryFolder.Combine(SourceFile.RootNamespace, "PublicAPI.Unshipped.txt");
        string[] shipped = File.ReadAllLines(Support.RepositoryFolder.Combine(SourceFile.RootNamespace, "PublicAPI.Shipped.txt"));
        string[] actual = [.. PublicApi.Lines(typeof(IngestException).Assembly)];
        if (Environment.GetEnvironmentVariable("UPDATE_PUBLIC_API") == "1")
        {
            string[] lines = [.. shipped.Except(actual).Select(line => Removed + line), .. actual.Except(shipped)];
            File.WriteAllText(unshippedPath, string.Concat(lines.Select(line => line + "\n")));
        }

        string[] unshipped = File.ReadAllLines(unshippedPath);
        string[] removed = [.. unshipped.Where(line => line.StartsWith(Removed, StringComparison.Ordinal)).Select(line => line[Removed.Length..])];
        string[] promised = [.. shipped.Except(removed).Concat(unshipped.Where(line => !line.StartsWith(Removed, StringComparison.Ordinal)))];

        string[] missing = [.. promised.Except(actual)];
        string[] added = [.. actual.Except(promised)];
        Assert.True(
            missing.Length + added.Length == 0,
            $"The public list differs. Run this test with UPDATE_PUBLIC_API=1 and review the change.\nGone:\n{string.Join('\n', missing)}\nNew:\n{string.Join('\n', added)}");
    }

    [Fact]
    public void Public_types_live_in_the_namespaces_that_are_for_users()
    {
        string[] open = ["", ".Schemas", ".Rows", ".Partitioning", ".ObjectStores", ".StateStores", ".Jobs", ".Queues"];
        string[] wrong =
        [
            .. typeof(IngestException).Assembly.GetExportedTypes()
                .Where(type => !open.Any(end => type.Namespace == SourceFile.RootNamespace + end || (end.Length > 0 && type.Namespace!.StartsWith($"{SourceFile.RootNamespace}{end}.", StringComparison.Ordinal))))
                .Select(type => type.FullName!),
        ];

        Findings.AssertNone(wrong);
    }
}
