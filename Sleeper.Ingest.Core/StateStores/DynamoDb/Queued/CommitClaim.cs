namespace Sleeper.Ingest.Core.StateStores.DynamoDb.Queued;

/// <summary>The latest claim to an ingest's commit.</summary>
/// <param name="Number">From 1.</param>
/// <param name="Message">What may be sent to the committer, and nothing else; empty if the commit was called off.</param>
/// <param name="IsShared">True if another run has joined in: then nobody calls it off any more.</param>
internal sealed record CommitClaim(int Number, string Message, bool IsShared)
{
    public bool IsCalledOff => Message.Length == 0;
}
