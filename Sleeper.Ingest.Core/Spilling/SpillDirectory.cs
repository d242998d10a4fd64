namespace Sleeper.Ingest.Core.Spilling;

/// <summary>The folder of one pipeline's spill files, with a random name, under a root that other pipelines and processes use as well.</summary>
/// <remarks>
/// <code>
/// root/               made 0700; refused if others can write to it and it has no sticky bit
///   NAME.lock         locked as long as the owner lives; the lock dies with the process
///   NAME/             0700
///     00000000.spill  0600
/// </code>
/// The lock is made before the folder and deleted after it, so a folder always has one, and a lock that can be taken belongs to a dead
/// owner: <see cref="RemoveStale(string, Func{ulong}, ISpillFileSystem)"/>. Nothing is made before the first file is. Thread-safe.
/// Disposal deletes everything; what cannot be deleted is reported to the callback, does not hide another error, and is left to
/// RemoveStale of a later process.
/// </remarks>
internal sealed class SpillDirectory : IDisposable
{
    private const string LockSuffix = ".lock";
    private const int MaxTries = 8;

    private readonly Lock _lock = new();
    private readonly string _root;
    private readonly Func<ulong> _nextRandom;
    private readonly ISpillFileSystem _files;
    private readonly Action<Exception>? _onCleanUpFailure;
    private readonly HashSet<SpillFile> _open = [];
    private IDisposable? _ownerLock;
    private string? _path;
    private uint _nextFile;
    private bool _isDisposed;

    /// <summary>Makes nothing yet.</summary>
    /// <param name="root">The folder in which this one gets its own.</param>
    /// <param name="nextRandom">The source of folder names and file ids; must not repeat between processes.</param>
    /// <param name="budget">The limit of all files together.</param>
    /// <param name="files">The disk; the local one if null.</param>
    /// <param name="onCleanUpFailure">Told of what could not be deleted.</param>
    public SpillDirectory(string root, Func<ulong> nextRandom, DiskBudget budget, ISpillFileSystem? files = null, Action<Exception>? onCleanUpFailure = null)
    {
        _root = System.IO.Path.GetFullPath(root);
        _nextRandom = nextRandom;
        Budget = budget;
        _files = files ?? LocalSpillFileSystem.Instance;
        _onCleanUpFailure = onCleanUpFailure;
    }

    /// <summary>The root for who names none: in the system's folder for temporary files, one for each user, so that each can enter his own.</summary>
    public static string DefaultRoot => System.IO.Path.Combine(System.IO.Path.GetTempPath(), $"sleeper-ingest-{Environment.UserName}");

    public DiskBudget Budget { get; }

    /// <summary>The folder, or the root as long as there is none.</summary>
    public string Path => _path ?? _root;

    /// <summary>Makes an empty spill file, and the folder if this is the first one.</summary>
    /// <exception cref="IngestException">The root is open to others, or the folder or file cannot be made.</exception>
    public SpillFile CreateFile()
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            try
            {
                _path ??= CreateOwnFolder();
                string path = System.IO.Path.Combine(_path, $"{_nextFile++:x8}.spill");
                var file = new SpillFile(this, path, _nextRandom(), _files.CreateFile(path));
                _open.Add(file);
                return file;
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                throw SpillErrors.FolderFailed(Path, e);
            }
        }
    }

    /// <summary>Deletes the folders under <paramref name="root"/> whose owners are dead, and returns how many; those of living owners, here or in other processes, stay.</summary>
    /// <exception cref="IngestException">The root is open to others, or cannot be read.</exception>
    public static int RemoveStale(string root, Func<ulong> nextRandom, ISpillFileSystem? files = null) =>
        FindStale(root, nextRandom, remove: true, files).Count;

    /// <summary>The folders under <paramref name="root"/> whose owners are dead; deleted, if wanted.</summary>
    /// <exception cref="IngestException">The root is open to others, or cannot be read.</exception>
    public static IReadOnlyList<string> FindStale(string root, Func<ulong> nextRandom, bool remove, ISpillFileSystem? files = null)
    {
        files ??= LocalSpillFileSystem.Instance;
        root = System.IO.Path.GetFullPath(root);
        CheckRoot(root, files);
        try
        {
            IReadOnlyList<string> locks = files.ListFiles(root, LockSuffix);
            if (locks.Count == 0 || !LocksWork(root, nextRandom, files))
            {
                return [];
            }

            return [.. locks.Where(path => IsStale(path, remove, files)).Select(path => path[..^LockSuffix.Length])];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw SpillErrors.FolderFailed(root, e);
        }
    }

    /// <summary>Deletes all files, the folder and its lock.</summary>
    public void Dispose()
    {
        SpillFile[] open;
        lock (_lock)
        {
            if (_isDisposed)
            {
                return;
            }

            _isDisposed = true;
            open = [.. _open];
        }

        foreach (SpillFile file in open)
        {
            file.Dispose();
        }

        if (_path is { } path)
        {
            RemoveFolder(path);
            _ownerLock?.Dispose();
        }
    }

    internal void Remove(SpillFile file, ISpillHandle handle)
    {
        CleanUp(handle.Dispose);
        lock (_lock)
        {
            _open.Remove(file);
        }

        CleanUp(() => _files.DeleteFile(file.Path));
    }

    private static void CheckRoot(string root, ISpillFileSystem files)
    {
        if (files.FolderMode(root) is { } mode && (mode & UnixFileMode.OtherWrite) != 0 && (mode & UnixFileMode.StickyBit) == 0)
        {
            throw SpillErrors.RootIsOpen(root, mode);
        }
    }

    private static bool IsStale(string lockPath, bool remove, ISpillFileSystem files)
    {
        using IDisposable? taken = files.TryLock(lockPath);
        if (taken is null)
        {
            return false;
        }

        if (remove)
        {
            files.DeleteFolder(lockPath[..^LockSuffix.Length]);
            files.DeleteFile(lockPath);
        }

        return true;
    }

    /// <summary>Some network file systems grant every lock; there nobody can tell the living from the dead, and nothing is removed.</summary>
    private static bool LocksWork(string root, Func<ulong> nextRandom, ISpillFileSystem files)
    {
        string path = System.IO.Path.Combine(root, $"probe-{nextRandom():x16}{LockSuffix}");
        using IDisposable first = files.CreateLock(path);
        using IDisposable? second = files.TryLock(path);
        files.DeleteFile(path);
        return second is null;
    }

    private string CreateOwnFolder()
    {
        _files.CreateFolder(_root);
        CheckRoot(_root, _files);
        for (int tries = 1; ; tries++)
        {
            string path = System.IO.Path.Combine(_root, $"{_nextRandom():x16}{_nextRandom():x16}");
            try
            {
                TakeFolder(path);
                return path;
            }
            catch (IOException e) when (tries < MaxTries && !SpillErrors.IsDiskFull(e))
            {
                // The name is in use, or somebody who removes stale folders took the lock in the moment between making and locking it.
            }
        }
    }

    private void TakeFolder(string path)
    {
        IDisposable ownerLock = _files.CreateLock(path + LockSuffix);
        try
        {
            _files.CreateNewFolder(path);
            if (!_files.FileExists(path + LockSuffix))
            {
                throw new IOException($"The lock '{path}{LockSuffix}' was removed before it was held.");
            }

            _ownerLock = ownerLock;
        }
        finally
        {
            if (_ownerLock is null)
            {
                RemoveFolder(path); // It may have been made in spite of an error.
                ownerLock.Dispose();
            }
        }
    }

    /// <summary>A folder that cannot be deleted keeps its lock: without one nobody would ever take it for stale.</summary>
    private void RemoveFolder(string path) => CleanUp(() =>
    {
        _files.DeleteFolder(path);
        _files.DeleteFile(path + LockSuffix);
    });

    private void CleanUp(Action delete)
    {
        try
        {
            delete();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            _onCleanUpFailure?.Invoke(e);
        }
    }
}
