using System.Buffers;
using System.Collections.Concurrent;

namespace Sleeper.Ingest.Core.ObjectStores;

/// <summary>The folders of a local store: created when first needed, remembered, and synced up to the root when names in them must last.</summary>
/// <remarks>Thread-safe. When the sync of a file or folder failed, nothing there or below is called durable until the store is opened anew: names may be
/// lost, and the kernel may call the next sync a success.</remarks>
internal sealed class LocalFolders(string root, LocalObjectStoreOptions options, IFileSystem fileSystem)
{
    // A colon would name a second stream of a file.
    private static readonly SearchValues<char> WindowsRefuses = SearchValues.Create(":*?\"<>|");

    private readonly ConcurrentDictionary<string, bool> _known = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, bool> _durable = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, bool> _createdAbove = new(StringComparer.Ordinal);
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

    /// <summary>
    /// The native path of an object, after a look at its folders: one that is a symbolic link is refused, for it may lead out of the store. Who may
    /// write into the root can still swap a folder between this look and its use, and could then as well write the objects themselves.
    /// </summary>
    public string Resolve(string objectPath)
    {
        if (OperatingSystem.IsWindows() && objectPath.AsSpan().IndexOfAny(WindowsRefuses) is var index and >= 0)
        {
            throw new ArgumentException($"A folder on Windows cannot hold the object '{objectPath}': its name has a '{objectPath[index]}'.", nameof(objectPath));
        }

        var slash = objectPath.LastIndexOf('/');
        if (slash >= 0)
        {
            RefuseLinks(Join(root, objectPath[..slash]));
        }

        return Join(root, objectPath);
    }

    /// <summary>Makes sure that the root is there.</summary>
    public void EnsureRoot() => EnsureFolder(root);

    /// <summary>Forgets what is known to exist, after somebody removed a folder.</summary>
    public void Forget()
    {
        _known.Clear();
        _durable.Clear();
    }

    /// <summary>Remembers that a file or folder cannot be trusted to last: its sync failed.</summary>
    public void Fail(string fileOrFolder, string error) => _failed.TryAdd(fileOrFolder, error);

    /// <summary>Throws if the file's content, or a folder that its name depends on, cannot be trusted to last.</summary>
    public void RefuseFailed(string file)
    {
        if (_failed.IsEmpty)
        {
            return;
        }

        foreach (var path in FoldersOf(file).Prepend(file))
        {
            if (_failed.TryGetValue(path, out var first))
            {
                throw new FailedSyncException(path, first);
            }
        }
    }

    /// <summary>Makes the file's name durable, with those of its folders that this store has not yet seen synced.</summary>
    public void SyncNames(string file)
    {
        string? below = null;
        foreach (var folder in FoldersOf(file))
        {
            try
            {
                fileSystem.SyncFolder(folder);
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException)
            {
                Fail(folder, error.Message);
                throw;
            }

            // Only now the name of the folder below is safe; another caller that is at work here syncs it for itself meanwhile.
            if (below is not null)
            {
                _durable.TryAdd(below, true);
            }

            if (_durable.ContainsKey(folder))
            {
                return;
            }

            below = folder;
        }
    }

    /// <summary>
    /// The folders that must be synced for a file's name to last: its folder and all above up to the root, and above the root those that this store
    /// created. A folder that is there already counts too: the process that made it may not have synced it yet.
    /// </summary>
    public IEnumerable<string> FoldersOf(string file)
    {
        for (var folder = Path.GetDirectoryName(file); folder is not null; folder = Path.GetDirectoryName(folder))
        {
            yield return folder;
            if (folder.Length <= root.Length && !_createdAbove.ContainsKey(folder))
            {
                yield break;
            }
        }
    }

    private static IOException LinkError(string folder) =>
        new($"'{folder}' is a symbolic link, and links inside a store are not followed: put a folder in its place, or give the target as the root.");

    private void RefuseLinks(string folder)
    {
        if (folder.Length <= root.Length || _known.ContainsKey(folder))
        {
            return;
        }

        RefuseLinks(Path.GetDirectoryName(folder)!);
        if (fileSystem.GetFacts(folder) is { } facts)
        {
            if (facts.IsLink)
            {
                throw LinkError(folder);
            }

            if (facts.IsFolder)
            {
                _known.TryAdd(folder, true);
            }
        }
    }

    private void EnsureFolder(string folder)
    {
        if (_known.ContainsKey(folder))
        {
            return;
        }

        if (folder.Length > root.Length)
        {
            EnsureFolder(Path.GetDirectoryName(folder)!);
        }

        var facts = fileSystem.GetFacts(folder);
        if (folder.Length > root.Length && facts is { IsLink: true })
        {
            throw LinkError(folder);
        }

        if (facts is not { IsFolder: true })
        {
            if (folder == root && !options.CreateRoot)
            {
                throw new DirectoryNotFoundException($"The folder '{root}' is missing.");
            }

            if (folder.Length <= root.Length && Path.GetDirectoryName(folder) is { } parent)
            {
                EnsureFolder(parent);
            }

            if (folder.Length <= root.Length)
            {
                _createdAbove.TryAdd(folder, true);
            }

            if (!fileSystem.CreateFolder(folder) && fileSystem.GetFacts(folder) is not { IsFolder: true })
            {
                throw new IOException($"'{folder}' is a file, and a folder of that name is needed.");
            }
        }

        _known.TryAdd(folder, true);
    }
}
