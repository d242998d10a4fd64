using Sleeper.Ingest.Core.ObjectStores;

namespace Sleeper.Ingest.Core.Tests.PowerLoss;

/// <summary>The process was killed: it does nothing any more. What it did stays, for the others run on.</summary>
internal sealed class ProcessKilledException() : Exception("The process is killed.");

/// <summary>A disk as one process of several sees it. At each operation others may go first, and after each the process may be killed.</summary>
internal sealed class ProcessDisk(PowerLossDisk disk, Turns turns, int process, Func<bool, bool> isKilledAfter) : IFileSystem
{
    private bool _isKilled;

    /// <summary>True if nobody hears this process any more.</summary>
    public bool IsDead => disk.IsOff || _isKilled;

    public IDiskFile? CreateFile(string path) => Do(() => Wrap(disk.CreateFile(path)));

    public IDiskFile? OpenFile(string path) => Do(() => Wrap(disk.OpenFile(path)));

    public bool MoveFile(string from, string to) => Do(() => disk.MoveFile(from, to), isEntry: to.Contains("/log/", StringComparison.Ordinal) || to.Contains("/snapshots/", StringComparison.Ordinal));

    public void ReplaceFile(string from, string to) => Do(() => Done(() => disk.ReplaceFile(from, to)));

    public bool DeleteFile(string path) => Do(() => disk.DeleteFile(path));

    public FileFacts? GetFacts(string path) => Do(() => disk.GetFacts(path));

    public IEnumerable<FileFacts> ListFolder(string path) => Do(() => disk.ListFolder(path));

    public bool CreateFolder(string path) => Do(() => disk.CreateFolder(path));

    public void SyncFolder(string path) => Do(() => Done(() => disk.SyncFolder(path)));

    public IDiskWatch OpenWatch(string folder) => disk.OpenWatch(folder);

    private static bool Done(Action action)
    {
        action();
        return true;
    }

    private T Do<T>(Func<T> operation, bool isEntry = false)
    {
        Require();
        turns.Pass(process);
        Require();
        var result = operation();
        _isKilled = isKilledAfter(isEntry);
        Require();
        return result;
    }

    private void Require()
    {
        if (disk.IsOff)
        {
            throw new PowerLostException();
        }

        if (_isKilled)
        {
            throw new ProcessKilledException();
        }
    }

    private OpenedFile? Wrap(IDiskFile? file) => file is null ? null : new OpenedFile(this, file);

    private sealed class OpenedFile(ProcessDisk process, IDiskFile inner) : IDiskFile
    {
        public long LengthBytes => inner.LengthBytes;

        public void Write(ReadOnlySpan<byte> bytes, long offset)
        {
            byte[] copy = bytes.ToArray();
            process.Do(() => Done(() => inner.Write(copy, offset)));
        }

        public int Read(Span<byte> buffer, long offset)
        {
            byte[] read = new byte[buffer.Length];
            int count = process.Do(() => inner.Read(read, offset));
            read.AsSpan(0, count).CopyTo(buffer);
            return count;
        }

        public void Sync() => process.Do(() => Done(inner.Sync));

        public void Dispose() => inner.Dispose();
    }
}
