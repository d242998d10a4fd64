using Sleeper.Ingest.Core.Tests.Emulators;

[assembly: AssemblyFixture(typeof(EmulatorsFixture))]

namespace Sleeper.Ingest.Core.Tests.Emulators;

/// <summary>Ends the shared emulators with the run. They are started by the first test that asks for one.</summary>
public sealed class EmulatorsFixture : IAsyncDisposable
{
    public async ValueTask DisposeAsync()
    {
        await AwsEmulator.StopAsync();
        await Dynalite.StopAsync();
    }
}
