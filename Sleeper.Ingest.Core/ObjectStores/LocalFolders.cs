using System.Collections.Concurrent;

namespace Sleeper.Ingest.Core.ObjectStores;

/// <summary>The folders of a local store: created when first needed, remembered, and synced up to the root when names in them must last.</summary>
/// <remarks>Thread-safe. A folder whose sync failed once takes no durable write any more until the store is opened anew: its names may be lost,
/// and the kernel may call the next sync a success.</remarks>
internal sealed class LocalFolders(string root, LocalObjectStoreOptions options, IFileSystem fileSystem)
{
    private readonly ConcurrentDictionary<string, bool> _known = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, bool> _unsynced = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, string> _failed = new(StringComparer.Ordinal);

    /// <summary>The native path of an object or folder of the store.</summary>
    public static string Join(string root, string path) =>
        string.Concat(root, Path.EndsInDirectorySeparator(root) ? "" : Path.DirectorySeparatorChar.ToString(), path.Replace('/', Path.DirectorySeparatorChar));

    /// <summary>Makes sure that the folder of an object is there, and returns it.</summary>
    public string Ensure(string objectPath)
    {
        var slash = objectPath.LastIndexOf('/');
        var folder = slash < 0 ? root : Join(root, objectPath[..slash]);
        EnsureFolder(folder);
        return folder;
    }

    /// <summary>Makes sure that the root is there.</summary>
    public void EnsureRoot() => EnsureFolder(root);

    /// <summary>Forgets what is known to exist, after somebody removed a folder.</summary>
    public void Forget() => _known.Clear();

    /// <summary>Throws if the folder of the file cannot be trusted to keep names.</summary>
    public void RefuseFailed(string file)
    {
        if (!_failed.IsEmpty && Path.GetDirectoryName(file) is { } folder && _failed.TryGetValue(folder, out var first))
        {
            throw new IOException(
                $"An earlier sync of the folder '{folder}' failed, so names in it may be lost in a crash ({first}) Check the disk, then open the store anew.",
                NativeFileCalls.InputOutputError);
        }
    }

    /// <summary>Makes the file's name durable, with those of its folders that are new.</summary>
    public void SyncNames(string file)
    {
        for (var folder = Path.GetDirectoryName(file); folder is not null; folder = Path.GetDirectoryName(folder))
        {
            try
            {
                fileSystem.SyncFolder(folder);
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException)
            {
                _failed.TryAdd(folder, error.Message);
                throw;
            }

            // A folder that this store did not create is taken to be durable.
            if (!_unsynced.TryRemove(folder, out _))
            {
                return;
            }
        }
    }

    private void EnsureFolder(string folder)
    {
        if (_known.ContainsKey(folder))
        {
            return;
        }

        if (fileSystem.GetFacts(folder) is not { IsFolder: true })
        {
            if (folder == root && !options.CreateRoot)
            {
                throw new DirectoryNotFoundException($"The folder '{root}' is missing.");
            }

            if (Path.GetDirectoryName(folder) is { } parent)
            {
                EnsureFolder(parent);
            }

            _unsynced.TryAdd(folder, true);
            if (!fileSystem.CreateFolder(folder) && fileSystem.GetFacts(folder) is not { IsFolder: true })
            {
                throw new IOException($"'{folder}' is a file, and a folder of that name is needed.");
            }
        }

        _known.TryAdd(folder, true);
    }
}
