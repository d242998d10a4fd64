namespace Sleeper.Ingest.Core.StateStores;

/// <summary>Fills a span with random bytes. Made-up ids and the jitter of waits come from here, so that a test can replay them.</summary>
internal delegate void RandomBytes(Span<byte> destination);
