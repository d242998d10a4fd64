namespace Sleeper.Ingest.Core.Tests.Support;

/// <summary>Counts the operations of several disks together and lets the n-th one fail, before or after its effect.</summary>
/// <remarks>Thread-safe; an operation begins and ends on one thread. One that runs beside others is the n-th by its begin.</remarks>
internal sealed class OperationFaults : IDisposable
{
    private const int DeviceError = 5;

    private readonly Lock _lock = new();
    private readonly List<(string Kind, string Path)> _operations = [];
    private readonly ThreadLocal<int> _current = new();

    /// <summary>The number of the operation to hit, from 1; 0 for none.</summary>
    public int At { get; init; }

    /// <summary>True if it has its effect first.</summary>
    public bool IsAfter { get; init; }

    /// <summary>True if all later ones fail too.</summary>
    public bool IsForGood { get; init; }

    /// <summary>True if operations no longer fail.</summary>
    public bool IsHealed { get; set; }

    /// <summary>All operations so far, in order of their begin.</summary>
    public IReadOnlyList<(string Kind, string Path)> Operations
    {
        get
        {
            lock (_lock)
            {
                return [.. _operations];
            }
        }
    }

    public bool HasStruck { get; private set; }

    public void Before(string kind, string path)
    {
        lock (_lock)
        {
            _operations.Add((kind, path));
            _current.Value = _operations.Count;
        }

        Strike(isAfter: false, kind, path);
    }

    public void After(string kind, string path) => Strike(isAfter: true, kind, path);

    public void Dispose() => _current.Dispose();

    private void Strike(bool isAfter, string kind, string path)
    {
        int number = _current.Value;
        if (isAfter == IsAfter && !IsHealed && At > 0 && (IsForGood ? number >= At : number == At))
        {
            HasStruck = true;
            throw new IOException($"Injected {(isAfter ? "after" : "before")} {kind} of '{path}'.", DeviceError);
        }
    }
}
