namespace Sleeper.Ingest.Core.Tests.Support;

/// <summary>Where the fixture files of the schema and sketch tests lie, found from the folder the tests run in (source paths may be mapped).</summary>
internal static class SketchFixtures
{
    /// <summary>The folder of a fixture area beside the test sources.</summary>
    public static string Area(string area) =>
        Above(Path.Combine("Fixtures", area)) ?? throw new DirectoryNotFoundException($"No folder above {AppContext.BaseDirectory} has Fixtures/{area}.");

    /// <summary>The full set of cases, kept outside the project: a folder shared/fixtures/data-files beside any folder above; null if there is none.</summary>
    public static string? AllDataFileCases() => Above(Path.Combine("shared", "fixtures", "data-files"));

    private static string? Above(string relative)
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            string path = Path.Combine(folder.FullName, relative);
            if (Directory.Exists(path))
            {
                return path;
            }
        }

        return null;
    }
}
