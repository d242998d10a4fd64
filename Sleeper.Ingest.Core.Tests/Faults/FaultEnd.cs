using Sleeper.Ingest.Core.Tests.Checking;

namespace Sleeper.Ingest.Core.Tests.Faults;

/// <summary>How an ingest under faults ended for its caller.</summary>
internal sealed record FaultEnd(Told Told, Exception? Error);
