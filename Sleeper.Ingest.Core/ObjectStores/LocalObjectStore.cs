using System.Globalization;
using System.Runtime.CompilerServices;
using Sleeper.Ingest.Core.Diagnostics;

namespace Sleeper.Ingest.Core.ObjectStores;

/// <summary>An object store in a folder of a local disk: one file an object. Any number of processes may share the folder.</summary>
/// <remarks>
/// <para>Every object is written to an unfinished file beside its place (<c>.tmp~</c>, process number, chance, counter) and renamed, in one step that fails
/// if the name is taken: so no reader ever sees half of one, and a writer that is killed leaves at most an unfinished file, which no listing shows.
/// Against creating files under their final names the rename costs about 15 microseconds of processor time a file (20,000 files: 0.3 s).</para>
/// <para><see cref="PutIfAbsentAsync"/> and <see cref="PutAsync"/> return when the object, its name and its new folders would survive a crash of the
/// machine. Objects of <see cref="CreateAsync"/> survive a crash of the process at once, and one of the machine once a barrier flushed them; until
/// then such a crash may leave their names with some or none of their bytes. A delete is not synced: it may come undone in a crash of the machine.</para>
/// <para>When the sync of a folder or of a complete object failed, durable puts and flushes there and below fail until the store is opened anew: names
/// in it may be lost, and the kernel may call the next sync a success.</para>
/// <para>The root may be reached through symbolic links; links inside it are refused, and listings leave them out. On a file system that does not tell
/// capital from small letters, two paths that differ only in that are one object. Every mount below the root must be part of the same file system as
/// the root, or a barrier does not reach it.</para>
/// </remarks>
public sealed class LocalObjectStore : IObjectStore, IUnfinishedObjects
{
    // One count for all stores of the process: two of them may have one folder, and neither may meet or remove the other's unfinished files.
    private static long s_temporaryCount;

    // Processes of two containers may have one number, and one folder.
    private static readonly string OwnName = string.Create(CultureInfo.InvariantCulture, $"{Environment.ProcessId}~{(uint)SystemRandom.Next():x8}");

    private readonly IFileSystem _fileSystem;
    private readonly LocalObjectStoreOptions _options;
    private readonly LocalFolders _folders;

    /// <summary>Opens a store in a folder. Nothing is touched on the disk before the first call.</summary>
    public LocalObjectStore(string rootFolder, LocalObjectStoreOptions? options = null)
        : this(rootFolder, options, DiskFileSystem.Instance)
    {
    }

    internal LocalObjectStore(string rootFolder, LocalObjectStoreOptions? options, IFileSystem fileSystem)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(rootFolder);
        RootFolder = Path.TrimEndingDirectorySeparator(Path.GetFullPath(rootFolder));
        _options = options ?? new LocalObjectStoreOptions();
        _fileSystem = fileSystem;
        _folders = new LocalFolders(RootFolder, _options, fileSystem);
    }

    /// <inheritdoc/>
    public string Name => RootFolder;

    /// <summary>The absolute path of the folder.</summary>
    public string RootFolder { get; }

    /// <inheritdoc/>
    public Task<bool> PutIfAbsentAsync(string path, ReadOnlyMemory<byte> content, CancellationToken cancellationToken = default)
    {
        ObjectPath.Check(path);
        return RunAsync(() => Put(path, content, replace: false, cancellationToken), cancellationToken);
    }

    /// <inheritdoc/>
    public Task PutAsync(string path, ReadOnlyMemory<byte> content, CancellationToken cancellationToken = default)
    {
        ObjectPath.Check(path);
        return RunAsync(() => Put(path, content, replace: true, cancellationToken), cancellationToken);
    }

    /// <inheritdoc/>
    public ValueTask<IObjectWriter> CreateAsync(string path, CancellationToken cancellationToken = default)
    {
        ObjectPath.Check(path);
        cancellationToken.ThrowIfCancellationRequested();
        try
        {
            var file = FileOf(path);
            if (_fileSystem.GetFacts(file) is not null)
            {
                throw new ObjectExistsException(Name, path);
            }

            var (temporary, open) = CreateTemporary(path);
            return ValueTask.FromResult<IObjectWriter>(new LocalObjectWriter(_fileSystem, Name, path, temporary, file, open));
        }
        catch (Exception error) when (LocalFileErrors.IsDiskError(error))
        {
            throw LocalFileErrors.Translate(Name, path, "create", 0, error);
        }
    }

    /// <inheritdoc/>
    public ValueTask<IObjectReader?> OpenAsync(string path, CancellationToken cancellationToken = default)
    {
        ObjectPath.Check(path);
        cancellationToken.ThrowIfCancellationRequested();
        try
        {
            var name = FileOf(path);
            var file = _fileSystem.GetFacts(name) is { IsFolder: false, IsLink: false } ? _fileSystem.OpenFile(name) : null;
            return ValueTask.FromResult<IObjectReader?>(file is null ? null : new LocalObjectReader(Name, path, file));
        }
        catch (Exception error) when (LocalFileErrors.IsDiskError(error))
        {
            throw LocalFileErrors.Translate(Name, path, "open", 0, error);
        }
    }

    /// <inheritdoc/>
    public ValueTask<ObjectInfo?> HeadAsync(string path, CancellationToken cancellationToken = default)
    {
        ObjectPath.Check(path);
        cancellationToken.ThrowIfCancellationRequested();
        try
        {
            return ValueTask.FromResult(_fileSystem.GetFacts(FileOf(path)) is { IsFolder: false, IsLink: false } facts
                ? new ObjectInfo(path, facts.LengthBytes, facts.LastModified)
                : null);
        }
        catch (Exception error) when (LocalFileErrors.IsDiskError(error))
        {
            throw LocalFileErrors.Translate(Name, path, "look at", 0, error);
        }
    }

    /// <inheritdoc/>
    public Task DeleteAsync(string path, CancellationToken cancellationToken = default)
    {
        ObjectPath.Check(path);
        cancellationToken.ThrowIfCancellationRequested();
        try
        {
            _fileSystem.DeleteFile(FileOf(path));
            return Task.CompletedTask;
        }
        catch (Exception error) when (LocalFileErrors.IsDiskError(error))
        {
            throw LocalFileErrors.Translate(Name, path, "delete", 0, error);
        }
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<ObjectInfo> ListAsync(
        string prefix, string? startAfter = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        ObjectPath.CheckPrefix(prefix);
        var listing = new LocalListing(_fileSystem, RootFolder, prefix, startAfter);
        foreach (var info in listing.Walk(cancellationToken))
        {
            yield return info;
        }

        await Task.CompletedTask.ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public ValueTask<IWriteBarrier> OpenBarrierAsync(CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        try
        {
            if (_options.Durable)
            {
                _folders.EnsureRoot();
            }

            return ValueTask.FromResult<IWriteBarrier>(new LocalWriteBarrier(
                _fileSystem, _folders, RootFolder, _options, _options.Durable ? _fileSystem.OpenWatch(RootFolder) : null));
        }
        catch (Exception error) when (LocalFileErrors.IsDiskError(error))
        {
            throw LocalFileErrors.Translate(Name, "", "watch", 0, error);
        }
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<UnfinishedObject> ListUnfinishedAsync(
        string prefix, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        ObjectPath.CheckPrefix(prefix);
        foreach (var info in new LocalListing(_fileSystem, RootFolder, prefix, null, unfinished: true).Walk(cancellationToken))
        {
            yield return new UnfinishedObject(info.Path, info.LengthBytes, info.LastModified);
        }

        await Task.CompletedTask.ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public Task RemoveUnfinishedAsync(UnfinishedObject unfinished, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(unfinished);
        cancellationToken.ThrowIfCancellationRequested();
        string name = unfinished.Name[(unfinished.Name.LastIndexOf('/') + 1)..];
        if (!ObjectPath.IsTemporaryName(name))
        {
            throw new ArgumentException($"'{unfinished.Name}' is not the name of an unfinished file of '{Name}': it would begin with '{ObjectPath.TemporaryPrefix}'.");
        }

        ObjectPath.CheckPrefix(unfinished.Name[..^name.Length]);
        try
        {
            _fileSystem.DeleteFile(FileOf(unfinished.Name));
            return Task.CompletedTask;
        }
        catch (Exception error) when (LocalFileErrors.IsDiskError(error))
        {
            throw LocalFileErrors.Translate(Name, unfinished.Name, "delete", 0, error);
        }
    }

    private bool Put(string path, ReadOnlyMemory<byte> content, bool replace, CancellationToken cancellationToken)
    {
        var mayBeThere = false;
        try
        {
            return PutFile(path, content, replace, ref mayBeThere, cancellationToken);
        }
        catch (Exception error) when (LocalFileErrors.IsDiskError(error))
        {
            throw LocalFileErrors.Translate(Name, path, "write", content.Length, error, hadNoEffect: !mayBeThere);
        }
    }

    /// <param name="path">The object.</param>
    /// <param name="content">Its bytes.</param>
    /// <param name="replace">Whether one that is there goes.</param>
    /// <param name="mayBeThere">Whether the object may have appeared; if it is false after an error, nothing happened.</param>
    /// <param name="cancellationToken">Gives up.</param>
    private bool PutFile(string path, ReadOnlyMemory<byte> content, bool replace, ref bool mayBeThere, CancellationToken cancellationToken)
    {
        var file = FileOf(path);
        _folders.RefuseFailed(file);
        var (temporary, open) = CreateTemporary(path);
        var moved = false;
        try
        {
            using (open)
            {
                open.Write(content.Span, 0);
                cancellationToken.ThrowIfCancellationRequested();
                if (_options.Durable)
                {
                    open.Sync();
                }
            }

            cancellationToken.ThrowIfCancellationRequested();
            mayBeThere = true;
            moved = Rename(temporary, file, replace, ref mayBeThere);
        }
        finally
        {
            if (!moved)
            {
                LocalFileErrors.TryDelete(_fileSystem, temporary);
            }
        }

        if (!moved && _fileSystem.GetFacts(file) is { IsFolder: true })
        {
            throw new IOException($"'{file}' is a folder.");
        }

        if (moved && _options.Durable)
        {
            _folders.SyncNames(file);
        }

        return moved;
    }

    private bool Rename(string temporary, string file, bool replace, ref bool mayBeThere)
    {
        try
        {
            if (!replace)
            {
                return _fileSystem.MoveFile(temporary, file);
            }

            _fileSystem.ReplaceFile(temporary, file);
            return true;
        }
        catch (Exception error) when (LocalFileErrors.IsRefusal(error))
        {
            mayBeThere = false;
            throw;
        }
    }

    private (string Temporary, IDiskFile File) CreateTemporary(string path)
    {
        var folder = _folders.Ensure(path);
        while (true)
        {
            var name = string.Create(
                CultureInfo.InvariantCulture,
                $"{ObjectPath.TemporaryPrefix}{OwnName}~{Interlocked.Increment(ref s_temporaryCount)}");
            var temporary = Path.Combine(folder, name);
            IDiskFile? file;
            try
            {
                file = _fileSystem.CreateFile(temporary);
            }
            catch (DirectoryNotFoundException)
            {
                _folders.Forget();
                folder = _folders.Ensure(path);
                file = _fileSystem.CreateFile(temporary);
            }

            if (file is not null)
            {
                return (temporary, file);
            }
        }
    }

    private string FileOf(string path) => _folders.Resolve(path);

    private Task<bool> RunAsync(Func<bool> call, CancellationToken cancellationToken) =>
        Task.Factory.StartNew(call, cancellationToken, TaskCreationOptions.DenyChildAttach, _options.Scheduler);
}
