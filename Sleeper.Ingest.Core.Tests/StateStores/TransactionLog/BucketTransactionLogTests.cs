using Sleeper.Ingest.Core.ObjectStores.S3;
using Sleeper.Ingest.Core.StateStores.OwnTables;
using Sleeper.Ingest.Core.StateStores.TransactionLog;
using Sleeper.Ingest.Core.Tests.Emulators;

namespace Sleeper.Ingest.Core.Tests.StateStores.TransactionLog;

/// <summary>What every log keeps, in a bucket of the emulator.</summary>
public sealed class BucketTransactionLogTests : TransactionLogContractTests, IAsyncLifetime
{
    private S3ObjectStore? _store;

    public async ValueTask InitializeAsync()
    {
        var aws = await AwsEmulator.GetAsync();
        var config = aws.NewS3Config();
        config.MaxErrorRetry = 0;
        _store = new S3ObjectStore(aws.NewS3Client(config), await aws.NewBucketAsync());
    }

    public ValueTask DisposeAsync()
    {
        _store?.Dispose();
        return ValueTask.CompletedTask;
    }

    private protected override ITransactionLog CreateLog(LogKind kind) => new ObjectStoreTransactionLog(_store!, new TablePaths("t"), TableId, kind);
}
