namespace Sleeper.Ingest.Core.Tests.Emulators;

/// <summary>An emulator cannot be had on this machine.</summary>
internal sealed class EmulatorMissingException(string message) : Exception(message)
{
    /// <summary>Skips the calling test with the reason, or fails it where CI=true: a build server must not lose tests in silence.</summary>
    public void SkipOrFail(string remedy)
    {
        if (Environment.GetEnvironmentVariable("CI") == "true")
        {
            Assert.Fail($"The emulators are required where CI=true. {remedy} {Message}");
        }

        Assert.Skip($"{remedy} {Message}");
    }
}
