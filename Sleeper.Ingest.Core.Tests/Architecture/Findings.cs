namespace Sleeper.Ingest.Core.Tests.Architecture;

/// <summary>Fails with every finding in full, one a line.</summary>
internal static class Findings
{
    public static void AssertNone(IEnumerable<string> findings)
    {
        string[] all = [.. findings.Distinct().Order(StringComparer.Ordinal)];
        Assert.True(all.Length == 0, $"{all.Length} found:\n{string.Join('\n', all)}");
    }
}
