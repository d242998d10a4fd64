namespace Sleeper.Ingest.Core.Tests.Support;

/// <summary>Where the source tree is: the nearest folder above the test assembly that holds the solution.</summary>
internal static class RepositoryFolder
{
    private static readonly Lazy<string> Found = new(Find);

    public static string Path => Found.Value;

    public static string Combine(params string[] parts) => System.IO.Path.Combine([Path, .. parts]);

    private static string Find()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(System.IO.Path.Combine(folder.FullName, "Sleeper.Ingest.Core.sln")))
            {
                return folder.FullName;
            }
        }

        throw new InvalidOperationException($"No folder above {AppContext.BaseDirectory} holds Sleeper.Ingest.Core.sln: run the tests from a build inside the source tree.");
    }
}
