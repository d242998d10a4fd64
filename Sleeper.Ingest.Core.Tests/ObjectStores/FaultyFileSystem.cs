using Sleeper.Ingest.Core.ObjectStores;

namespace Sleeper.Ingest.Core.Tests.ObjectStores;

/// <summary>The real disk, with errors by script: a delegate sees every operation with its path and may throw before it happens.</summary>
internal sealed class FaultyFileSystem(Action<string, string> before) : IFileSystem
{
    private readonly DiskFileSystem _disk = DiskFileSystem.Instance;

    public IDiskFile? CreateFile(string path) => Do("create", path) ? Wrap(path, _disk.CreateFile(path)) : null;

    public IDiskFile? OpenFile(string path) => Do("open", path) ? Wrap(path, _disk.OpenFile(path)) : null;

    public bool MoveFile(string from, string to) => Do("move", to) && _disk.MoveFile(from, to);

    public void ReplaceFile(string from, string to)
    {
        Do("replace", to);
        _disk.ReplaceFile(from, to);
    }

    public bool DeleteFile(string path) => Do("delete", path) && _disk.DeleteFile(path);

    public FileFacts? GetFacts(string path) => Do("facts", path) ? _disk.GetFacts(path) : null;

    public IEnumerable<FileFacts> ListFolder(string path) => Do("list", path) ? _disk.ListFolder(path) : [];

    public bool CreateFolder(string path) => Do("create-folder", path) && _disk.CreateFolder(path);

    public void SyncFolder(string path)
    {
        Do("sync-folder", path);
        _disk.SyncFolder(path);
    }

    public IDiskWatch OpenWatch(string folder) => new Watch(this, folder, _disk.OpenWatch(folder));

    private bool Do(string operation, string path)
    {
        before(operation, path);
        return true;
    }

    private FaultyFile? Wrap(string path, IDiskFile? file) => file is null ? null : new FaultyFile(this, path, file);

    private sealed class FaultyFile(FaultyFileSystem owner, string path, IDiskFile file) : IDiskFile
    {
        public long LengthBytes => file.LengthBytes;

        public void Write(ReadOnlySpan<byte> bytes, long offset)
        {
            owner.Do("write", path);
            file.Write(bytes, offset);
        }

        public int Read(Span<byte> buffer, long offset)
        {
            owner.Do("read", path);
            return file.Read(buffer, offset);
        }

        public void Sync()
        {
            owner.Do("sync", path);
            file.Sync();
        }

        public void Dispose() => file.Dispose();
    }

    private sealed class Watch(FaultyFileSystem owner, string folder, IDiskWatch watch) : IDiskWatch
    {
        public bool TrySyncAll()
        {
            owner.Do("sync-all", folder);
            return watch.TrySyncAll();
        }

        public void Dispose() => watch.Dispose();
    }
}
