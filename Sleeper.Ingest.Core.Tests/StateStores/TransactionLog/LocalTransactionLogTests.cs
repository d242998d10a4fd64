using Sleeper.Ingest.Core.ObjectStores;
using Sleeper.Ingest.Core.StateStores.OwnTables;
using Sleeper.Ingest.Core.StateStores.TransactionLog;

namespace Sleeper.Ingest.Core.Tests.StateStores.TransactionLog;

public sealed class LocalTransactionLogTests : TransactionLogContractTests, IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("transaction-log-").FullName;

    public void Dispose() => Directory.Delete(_root, recursive: true);

    private protected override ITransactionLog CreateLog(LogKind kind) =>
        new ObjectStoreTransactionLog(new LocalObjectStore(_root), new TablePaths("t"), TableId, kind);
}
