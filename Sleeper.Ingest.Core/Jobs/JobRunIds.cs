using System.Security.Cryptography;
using System.Text;
using Sleeper.Ingest.Core.Diagnostics;

namespace Sleeper.Ingest.Core.Jobs;

/// <summary>Ids of runs: new for each try, and such that any tracker can tell which of them are tries at one ingest.</summary>
/// <remarks>
/// <code>
/// xxxxxxxx-xxxx-4xxx-rrrr-rrrrrrrrrrrr     a UUID of version 4; x: of the SHA-256 of table and ingest, r: by chance
/// </code>
/// An ingest is a message of a queue, or a job that is done once. So a run is found again where the tracker keeps nothing but its id, as a deployed instance's does.
/// </remarks>
internal static class JobRunIds
{
    private const int MarkLength = 18;

    /// <summary>A new id of a try at an ingest.</summary>
    public static string New(string tableId, string ingestId) => string.Concat(MarkOf(tableId, ingestId), SystemRandom.Uuid().AsSpan(MarkLength));

    /// <summary>True if the run is a try at the ingest.</summary>
    public static bool IsOf(string? runId, string tableId, string ingestId) => runId?.StartsWith(MarkOf(tableId, ingestId), StringComparison.Ordinal) == true;

    private static string MarkOf(string tableId, string ingestId)
    {
        string hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{tableId}/{ingestId}")).AsSpan(0, 8));
        return $"{hash[..8]}-{hash[8..12]}-4{hash[13..]}";
    }
}
