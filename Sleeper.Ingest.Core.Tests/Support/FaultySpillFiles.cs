using Sleeper.Ingest.Core.Spilling;

namespace Sleeper.Ingest.Core.Tests.Support;

/// <summary>The local spill disk, which breaks where a test says: each operation is counted and asked about before it takes effect.</summary>
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

    public int WriteCount => Volatile.Read(ref _writeCount);

    public int ReadCount => Volatile.Read(ref _readCount);

    public int CreateCount => Volatile.Read(ref _createCount);

    public UnixFileMode? FolderMode(string path) => _inner.FolderMode(path);

    public void CreateFolder(string path)
    {
        OnCreate(Interlocked.Increment(ref _createCount));
        _inner.CreateFolder(path);
    }

    public void CreateNewFolder(string path)
    {
        OnCreate(Interlocked.Increment(ref _createCount));
        _inner.CreateNewFolder(path);
    }

    public ISpillHandle CreateFile(string path)
    {
        OnCreate(Interlocked.Increment(ref _createCount));
        return new Handle(this, _inner.CreateFile(path));
    }

    public IDisposable CreateLock(string path)
    {
        OnCreate(Interlocked.Increment(ref _createCount));
        return _inner.CreateLock(path);
    }

    public IDisposable? TryLock(string path) => _inner.TryLock(path);

    public bool FileExists(string path) => _inner.FileExists(path);

    public IReadOnlyList<string> ListFiles(string path, string suffix) => _inner.ListFiles(path, suffix);

    public void DeleteFile(string path) => _inner.DeleteFile(path);

    public void DeleteFolder(string path) => _inner.DeleteFolder(path);

    private sealed class Handle(FaultySpillFiles files, ISpillHandle inner) : ISpillHandle
    {
        public void Write(ReadOnlySpan<byte> bytes, long offset)
        {
            files.OnWrite(Interlocked.Increment(ref files._writeCount));
            inner.Write(bytes, offset);
        }

        public int Read(Span<byte> destination, long offset)
        {
            files.OnRead(Interlocked.Increment(ref files._readCount));
            return inner.Read(destination, offset);
        }

        public void Dispose() => inner.Dispose();
    }
}
