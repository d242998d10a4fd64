using Sleeper.Ingest.Core.StateStores.TransactionLog;

namespace Sleeper.Ingest.Core.Tests.StateStores.TransactionLog;

public sealed class InMemoryTransactionLogTests : TransactionLogContractTests
{
    private protected override ITransactionLog CreateLog(LogKind kind) => new InMemoryTransactionLog(TableId, kind);
}
