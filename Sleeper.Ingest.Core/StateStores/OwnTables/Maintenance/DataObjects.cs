using Sleeper.Ingest.Core.ObjectStores;

namespace Sleeper.Ingest.Core.StateStores.OwnTables.Maintenance;

/// <summary>The objects below a table's data folder that a listing showed, by the attempt that wrote them.</summary>
internal sealed class DataObjects
{
    private readonly Dictionary<(string IngestHash, string AttemptId), List<DataObject>> _byAttempt = [];

    public IEnumerable<KeyValuePair<(string IngestHash, string AttemptId), List<DataObject>>> ByAttempt => _byAttempt;

    /// <summary>Paths of names that no attempt of ours can have made.</summary>
    public List<string> Foreign { get; } = [];

    public static async Task<DataObjects> ListAsync(IObjectStore store, TablePaths paths, CancellationToken cancellationToken)
    {
        var objects = new DataObjects();
        await foreach (var found in store.ListAsync(paths.AllData, null, cancellationToken).ConfigureAwait(false))
        {
            if (!paths.TryParseDataFile(found.Path, out string hash, out string attempt, out string dataFile))
            {
                objects.Foreign.Add(found.Path);
                continue;
            }

            if (!objects._byAttempt.TryGetValue((hash, attempt), out var ofAttempt))
            {
                ofAttempt = [];
                objects._byAttempt.Add((hash, attempt), ofAttempt);
            }

            ofAttempt.Add(new DataObject(found.Path, dataFile, found.LastModified));
        }

        return objects;
    }

    /// <summary>What an attempt wrote, or nothing.</summary>
    public IReadOnlyList<DataObject> Of(string ingestHash, string attemptId) =>
        _byAttempt.TryGetValue((ingestHash, attemptId), out var found) ? found : [];

    /// <summary>Forgets an attempt that was dealt with.</summary>
    public void Remove(string ingestHash, string attemptId) => _byAttempt.Remove((ingestHash, attemptId));
}

/// <summary>A data or sketches file.</summary>
/// <param name="Path">In the store.</param>
/// <param name="DataFile">The data file that it is, or belongs to, as the table's state names it.</param>
/// <param name="LastModified">By the store's own clock.</param>
internal sealed record DataObject(string Path, string DataFile, DateTimeOffset LastModified);
