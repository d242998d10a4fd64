using Sleeper.Ingest.Core.ObjectStores;

namespace Sleeper.Ingest.Core.Tests.Simulation;

/// <summary>The objects of a bucket, with what every log entry was when it was first put: the truth that a check compares with.</summary>
internal sealed class SimulatedBucket(SimulationLoop loop)
{
    private readonly SortedDictionary<string, (byte[] Bytes, DateTimeOffset Time)> _objects = new(StringComparer.Ordinal);
    private readonly List<(DateTimeOffset Time, string[] Paths)> _listings = [];

    public SimulationLoop Loop => loop;

    public Dictionary<string, byte[]> FirstBytes { get; } = new(StringComparer.Ordinal);

    /// <summary>When each object was first put, in true time.</summary>
    public Dictionary<string, DateTimeOffset> FirstTimes { get; } = new(StringComparer.Ordinal);

    public IEnumerable<string> Paths => _objects.Keys;

    public byte[]? Get(string path) => _objects.TryGetValue(path, out var found) ? found.Bytes : null;

    public ObjectInfo? Info(string path) => _objects.TryGetValue(path, out var found) ? new ObjectInfo(path, found.Bytes.Length, found.Time) : null;

    public bool PutIfAbsent(string path, byte[] bytes)
    {
        if (_objects.ContainsKey(path))
        {
            return false;
        }

        Put(path, bytes);
        return true;
    }

    public void Put(string path, byte[] bytes)
    {
        Remember();
        FirstBytes.TryAdd(path, bytes);
        FirstTimes.TryAdd(path, loop.Now);
        _objects[path] = (bytes, loop.Now);
    }

    public void Delete(string path)
    {
        Remember();
        _objects.Remove(path);
    }

    public string[] List(string prefix, bool stale)
    {
        string[] all = stale && _listings.Count > 0 ? _listings[loop.Random.Next(_listings.Count)].Paths : [.. _objects.Keys];
        return [.. all.Where(p => p.StartsWith(prefix, StringComparison.Ordinal))];
    }

    private void Remember()
    {
        if (loop.Random.Next(8) == 0)
        {
            _listings.Add((loop.Now, [.. _objects.Keys]));
            if (_listings.Count > 4)
            {
                _listings.RemoveAt(0);
            }
        }
    }
}
