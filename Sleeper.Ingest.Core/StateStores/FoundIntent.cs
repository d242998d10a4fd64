namespace Sleeper.Ingest.Core.StateStores;

/// <summary>An intent that a listing shows.</summary>
/// <param name="Path">Its path in the store.</param>
/// <param name="LastModified">When the store last saw it written, by the store's own clock.</param>
/// <param name="Intent">What it says; null if that cannot be read.</param>
/// <param name="Problem">Why it cannot be read; empty if it can.</param>
internal sealed record FoundIntent(string Path, DateTimeOffset LastModified, IngestIntent? Intent, string Problem);
