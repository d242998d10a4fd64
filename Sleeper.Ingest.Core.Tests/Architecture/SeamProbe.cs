namespace Sleeper.Ingest.Core.Tests.Architecture;

/// <summary>Calls what the library may not, from an ordinary, an async and a closed-over method: the scan must find all three.</summary>
internal static class SeamProbe
{
    public static DateTime Now() => DateTime.UtcNow;

    public static async Task<int> InBackgroundAsync(int value) => await Task.Run(() => value + 1);

    public static Func<bool> Later(string path) => () => File.Exists(path);
}
