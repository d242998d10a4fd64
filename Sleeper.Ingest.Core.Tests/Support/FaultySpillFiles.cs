using Sleeper.Ingest.Core.Spilling;

namespace Sleeper.Ingest.Core.Tests.Support;

/// <summary>The local spill disk, which breaks where a test says: some operations are counted and asked about before they take effect, all may be faulted.</summary>
internal sealed class FaultySpillFiles : ISpillFileSystem
{
    private readonly LocalSpillFileSystem _inner = LocalSpillFileSystem.Instance;
    private int _writeCount;
    private int _readCount;
    private int _createCount;

    /// <summary>Gets the number of a write, from 1, and throws what it shall throw.</summary>
    public Action<int> OnWrite { get; init; } = static _ => { };

    /// <summary>The same for reads.</summary>
    public Action<int> OnRead { get; init; } = static _ => { };

    /// <summary>The same for making folders, locks and files.</summary>
    public Action<int> OnCreate { get; init; } = static _ => { };

    /// <summary>Sees all operations, with those of other disks; null for none.</summary>
    public OperationFaults? Faults { get; init; }

    public int WriteCount => Volatile.Read(ref _writeCount);

    public int ReadCount => Volatile.Read(ref _readCount);

    public int CreateCount => Volatile.Read(ref _createCount);

    public UnixFileMode? FolderMode(string path) => _inner.FolderMode(path);

    public void CreateFolder(string path)
    {
        OnCreate(Interlocked.Increment(ref _createCount));
        Do("spill-folder", path, () => _inner.CreateFolder(path));
    }

    public void CreateNewFolder(string path)
    {
        OnCreate(Interlocked.Increment(ref _createCount));
        Do("spill-folder", path, () => _inner.CreateNewFolder(path));
    }

    public ISpillHandle CreateFile(string path)
    {
        OnCreate(Interlocked.Increment(ref _createCount));
        return new Handle(this, path, Do("spill-create", path, () => _inner.CreateFile(path)));
    }

    public IDisposable CreateLock(string path)
    {
        OnCreate(Interlocked.Increment(ref _createCount));
        return Do("spill-lock", path, () => _inner.CreateLock(path));
    }

    public IDisposable? TryLock(string path) => _inner.TryLock(path);

    public bool FileExists(string path) => _inner.FileExists(path);

    public IReadOnlyList<string> ListFiles(string path, string suffix) => Do("spill-list", path, () => _inner.ListFiles(path, suffix));

    public void DeleteFile(string path) => Do("spill-delete", path, () => _inner.DeleteFile(path));

    public void DeleteFolder(string path) => Do("spill-delete", path, () => _inner.DeleteFolder(path));

    private T Do<T>(string operation, string path, Func<T> act)
    {
        Faults?.Before(operation, path);
        var result = act();
        try
        {
            Faults?.After(operation, path);
        }
        catch
        {
            (result as IDisposable)?.Dispose();
            throw;
        }

        return result;
    }

    private void Do(string operation, string path, Action act)
    {
        Faults?.Before(operation, path);
        act();
        Faults?.After(operation, path);
    }

    private sealed class Handle(FaultySpillFiles files, string path, ISpillHandle inner) : ISpillHandle
    {
        public void Write(ReadOnlySpan<byte> bytes, long offset)
        {
            files.OnWrite(Interlocked.Increment(ref files._writeCount));
            files.Faults?.Before("spill-write", path);
            inner.Write(bytes, offset);
            files.Faults?.After("spill-write", path);
        }

        public int Read(Span<byte> destination, long offset)
        {
            files.OnRead(Interlocked.Increment(ref files._readCount));
            files.Faults?.Before("spill-read", path);
            int count = inner.Read(destination, offset);
            files.Faults?.After("spill-read", path);
            return count;
        }

        public void Dispose() => inner.Dispose();
    }
}
