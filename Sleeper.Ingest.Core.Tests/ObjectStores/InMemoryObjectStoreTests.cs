using Sleeper.Ingest.Core.ObjectStores;

namespace Sleeper.Ingest.Core.Tests.ObjectStores;

public sealed class InMemoryObjectStoreTests : ObjectStoreContractTests
{
    protected override IObjectStore Store { get; } = new InMemoryObjectStore();
}
