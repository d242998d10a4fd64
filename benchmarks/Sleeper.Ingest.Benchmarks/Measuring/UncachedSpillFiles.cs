using Microsoft.Win32.SafeHandles;
using Sleeper.Ingest.Core.Spilling;

namespace Sleeper.Ingest.Benchmarks.Measuring;

/// <summary>The local spill disk without the page cache: what is written is dropped from it a few megabytes later, and what is read, at once.</summary>
/// <remarks>So the disk, not the memory of the machine, takes the rows that a small budget has no room for.</remarks>
internal sealed class UncachedSpillFiles : ISpillFileSystem
{
    private readonly LocalSpillFileSystem _inner = LocalSpillFileSystem.Instance;

    public UnixFileMode? FolderMode(string path) => _inner.FolderMode(path);

    public void CreateFolder(string path) => _inner.CreateFolder(path);

    public void CreateNewFolder(string path) => _inner.CreateNewFolder(path);

    public ISpillHandle CreateFile(string path)
    {
        var file = _inner.CreateFile(path);
        return new Handle(file, File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete));
    }

    public IDisposable CreateLock(string path) => _inner.CreateLock(path);

    public IDisposable? TryLock(string path) => _inner.TryLock(path);

    public bool FileExists(string path) => _inner.FileExists(path);

    public IReadOnlyList<string> ListFiles(string path, string suffix) => _inner.ListFiles(path, suffix);

    public void DeleteFile(string path) => _inner.DeleteFile(path);

    public void DeleteFolder(string path) => _inner.DeleteFolder(path);

    /// <remarks>A spill file is written from its start to its end.</remarks>
    private sealed class Handle(ISpillHandle inner, SafeFileHandle file) : ISpillHandle
    {
        private const long StretchBytes = 8 << 20;

        private long _begun;
        private long _dropped;

        public void Write(ReadOnlySpan<byte> bytes, long offset)
        {
            inner.Write(bytes, offset);
            long end = offset + bytes.Length;
            if (end - _begun >= StretchBytes)
            {
                // One stretch is on its way to the disk while the next one is filled.
                PageCache.BeginWrite(file, _begun, end - _begun);
                if (_begun > _dropped)
                {
                    PageCache.Drop(file, _dropped, _begun - _dropped);
                }

                (_dropped, _begun) = (_begun, end);
            }
        }

        public int Read(Span<byte> destination, long offset)
        {
            int count = inner.Read(destination, offset);
            PageCache.Drop(file, offset, Math.Max(1, count));
            return count;
        }

        public void Dispose()
        {
            file.Dispose();
            inner.Dispose();
        }
    }
}
