using Sleeper.Ingest.Core.ObjectStores;

namespace Sleeper.Ingest.Core.Tests.ObjectStores;

public sealed class LocalObjectStoreTests : ObjectStoreContractTests, IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("local-store-").FullName;

    public LocalObjectStoreTests()
    {
        Store = new LocalObjectStore(Path.Combine(_folder, "root"));
    }

    protected override IObjectStore Store { get; }

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
