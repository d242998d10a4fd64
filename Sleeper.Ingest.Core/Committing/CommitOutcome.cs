using Sleeper.Ingest.Core.StateStores;

namespace Sleeper.Ingest.Core.Committing;

/// <summary>A commit that ended well.</summary>
/// <param name="End">How.</param>
/// <param name="Result">What is visible; or will be; null if there was nothing to commit.</param>
internal sealed record CommitOutcome(CommitEnd End, CommitResult? Result);
