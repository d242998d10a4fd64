using Sleeper.Ingest.Core.ObjectStores;
using Sleeper.Ingest.Core.ObjectStores.S3;
using Sleeper.Ingest.Core.Tests.Emulators;

namespace Sleeper.Ingest.Core.Tests.ObjectStores.S3;

/// <summary>The contract of object stores over the double: what the tests build on it holds there as on the emulator.</summary>
public sealed class InProcessS3ObjectStoreTests : ObjectStoreContractTests, IDisposable
{
    private readonly InProcessS3 _s3 = new(pageSize: 3, "bucket");

    public InProcessS3ObjectStoreTests()
    {
        Store = new S3ObjectStore(_s3.NewClient(), "bucket", new S3ObjectStoreOptions { KeyPrefix = "some/tables/" });
    }

    protected override IObjectStore Store { get; }

    public void Dispose() => _s3.Dispose();
}
