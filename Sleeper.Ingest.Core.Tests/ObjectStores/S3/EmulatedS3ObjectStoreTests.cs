using Sleeper.Ingest.Core.ObjectStores;
using Sleeper.Ingest.Core.ObjectStores.S3;
using Sleeper.Ingest.Core.Tests.Emulators;

namespace Sleeper.Ingest.Core.Tests.ObjectStores.S3;

/// <summary>The contract of object stores over a bucket of the emulator, with a client that is configured as the store's own.</summary>
public sealed class EmulatedS3ObjectStoreTests : ObjectStoreContractTests, IAsyncLifetime
{
    private S3ObjectStore? _store;

    protected override IObjectStore Store => _store!;

    protected override int RaceCount => 1;

    protected override int LargeObjectMegabytes => 12; // two parts

    public async ValueTask InitializeAsync()
    {
        var aws = await AwsEmulator.GetAsync();
        var config = aws.NewS3Config();
        config.MaxErrorRetry = 0;
        _store = new S3ObjectStore(aws.NewS3Client(config), await aws.NewBucketAsync(), new S3ObjectStoreOptions { KeyPrefix = "some/tables" });
    }

    public ValueTask DisposeAsync()
    {
        _store?.Dispose();
        return ValueTask.CompletedTask;
    }
}
