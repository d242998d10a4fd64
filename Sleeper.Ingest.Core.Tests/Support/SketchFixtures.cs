using System.Runtime.CompilerServices;

namespace Sleeper.Ingest.Core.Tests.Support;

/// <summary>Where the fixture files of the schema and sketch tests lie.</summary>
internal static class SketchFixtures
{
    /// <summary>The folder of a fixture area beside the test sources.</summary>
    public static string Area(string area, [CallerFilePath] string thisFile = "") =>
        Path.Combine(Path.GetDirectoryName(Path.GetDirectoryName(thisFile))!, "Fixtures", area);

    /// <summary>The full set of cases, kept outside the project: a folder shared/fixtures/data-files beside any folder above; null if there is none.</summary>
    public static string? AllDataFileCases([CallerFilePath] string thisFile = "")
    {
        for (var folder = new DirectoryInfo(Path.GetDirectoryName(thisFile)!); folder is not null; folder = folder.Parent)
        {
            string cases = Path.Combine(folder.FullName, "shared", "fixtures", "data-files");
            if (Directory.Exists(cases))
            {
                return cases;
            }
        }

        return null;
    }
}
