using Sleeper.Ingest.Core.ObjectStores;
using Sleeper.Ingest.Core.StateStores.OwnTables;
using Sleeper.Ingest.Core.StateStores.TransactionLog;

namespace Sleeper.Ingest.Core.Tests.StateStores.TransactionLog;

public sealed class ObjectStoreTransactionLogTests : TransactionLogContractTests
{
    private readonly InMemoryObjectStore _memory = new();

    private protected override ITransactionLog CreateLog(LogKind kind) => new ObjectStoreTransactionLog(_memory, new TablePaths("t"), TableId, kind);
}
