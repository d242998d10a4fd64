using Sleeper.Ingest.Core.ObjectStores;

namespace Sleeper.Ingest.Core.Tests.ObjectStores;

/// <summary>The real disk, with errors by script: a delegate sees every operation with its path and may throw before it happens, another one after it has.</summary>
internal sealed class FaultyFileSystem(Action<string, string> before, Action<string, string>? after = null) : IFileSystem
{
    private readonly DiskFileSystem _disk = DiskFileSystem.Instance;
    private readonly Action<string, string> _before = before;
    private readonly Action<string, string>? _after = after;

    public IDiskFile? CreateFile(string path) => Wrap(path, Do("create", path, () => _disk.CreateFile(path)));

    public IDiskFile? OpenFile(string path) => Wrap(path, Do("open", path, () => _disk.OpenFile(path)));

    public bool MoveFile(string from, string to) => Do("move", to, () => _disk.MoveFile(from, to));

    public void ReplaceFile(string from, string to) => Do("replace", to, () => _disk.ReplaceFile(from, to));

    public bool DeleteFile(string path) => Do("delete", path, () => _disk.DeleteFile(path));

    public FileFacts? GetFacts(string path) => Do("facts", path, () => _disk.GetFacts(path));

    public IEnumerable<FileFacts> ListFolder(string path) => Do("list", path, () => _disk.ListFolder(path));

    public bool CreateFolder(string path) => Do("create-folder", path, () => _disk.CreateFolder(path));

    public void SyncFolder(string path) => Do("sync-folder", path, () => _disk.SyncFolder(path));

    public IDiskWatch OpenWatch(string folder) => new Watch(this, folder, _disk.OpenWatch(folder));

    private T Do<T>(string operation, string path, Func<T> act)
    {
        _before(operation, path);
        var result = act();
        try
        {
            _after?.Invoke(operation, path);
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
        _before(operation, path);
        act();
        _after?.Invoke(operation, path);
    }

    private FaultyFile? Wrap(string path, IDiskFile? file) => file is null ? null : new FaultyFile(this, path, file);

    private sealed class FaultyFile(FaultyFileSystem owner, string path, IDiskFile file) : IDiskFile
    {
        public long LengthBytes => file.LengthBytes;

        public void Write(ReadOnlySpan<byte> bytes, long offset)
        {
            owner._before("write", path);
            file.Write(bytes, offset);
            owner._after?.Invoke("write", path);
        }

        public int Read(Span<byte> buffer, long offset)
        {
            owner._before("read", path);
            int count = file.Read(buffer, offset);
            owner._after?.Invoke("read", path);
            return count;
        }

        public void Sync() => owner.Do("sync", path, file.Sync);

        public void Dispose() => file.Dispose();
    }

    private sealed class Watch(FaultyFileSystem owner, string folder, IDiskWatch watch) : IDiskWatch
    {
        public bool TrySyncAll() => owner.Do("sync-all", folder, watch.TrySyncAll);

        public void Dispose() => watch.Dispose();
    }
}
