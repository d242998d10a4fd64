namespace Sleeper.Ingest.Core.ObjectStores;

/// <summary>The disk, as the local store sees it: every operation that can fail goes through here, so tests can let it fail.</summary>
/// <remarks>
/// Paths are absolute and native. Errors are <see cref="IOException"/> and <see cref="UnauthorizedAccessException"/> with the operating system's
/// code in HResult; what a caller decides on (missing, taken) is a return value, never an exception. Thread-safe.
/// </remarks>
internal interface IFileSystem
{
    /// <summary>Creates a file for writing, exclusively; null if the name is taken.</summary>
    /// <exception cref="DirectoryNotFoundException">The folder is missing.</exception>
    IDiskFile? CreateFile(string path);

    /// <summary>Opens a regular file for reading; null if there is none.</summary>
    IDiskFile? OpenFile(string path);

    /// <summary>Renames a file in one step unless the new name is taken (false).</summary>
    bool MoveFile(string from, string to);

    /// <summary>Renames a file in one step, in place of the one that may bear the new name.</summary>
    void ReplaceFile(string from, string to);

    /// <summary>Removes a file; false if there was none.</summary>
    bool DeleteFile(string path);

    /// <summary>What bears the name; null if nothing does.</summary>
    FileFacts? GetFacts(string path);

    /// <summary>The files and folders in a folder, in no order; none if there is no such folder. What vanishes meanwhile is left out.</summary>
    IEnumerable<FileFacts> ListFolder(string path);

    /// <summary>The same for the names that are wanted. A disk need not look at the others: with 100,000 files that is a sixth of the time.</summary>
    IEnumerable<FileFacts> ListFolder(string path, Func<string, bool> isWanted) => ListFolder(path).Where(facts => isWanted(facts.Name));

    /// <summary>Creates one folder in an existing one; false if the name is taken by a folder.</summary>
    bool CreateFolder(string path);

    /// <summary>Makes the names in a folder durable.</summary>
    void SyncFolder(string path);

    /// <summary>Watches the file system that holds the folder for write errors from now on.</summary>
    IDiskWatch OpenWatch(string folder);
}

/// <summary>A name in a folder. <paramref name="IsLink"/>: it is a symbolic link (or junction), and the rest is about the link or its target.</summary>
internal readonly record struct FileFacts(string Name, bool IsFolder, bool IsLink, long LengthBytes, DateTimeOffset LastModified);

/// <summary>An open file. Reads may overlap; writes are one caller's.</summary>
internal interface IDiskFile : IDisposable
{
    long LengthBytes { get; }

    /// <summary>Writes all bytes at an offset.</summary>
    void Write(ReadOnlySpan<byte> bytes, long offset);

    /// <summary>Reads up to the buffer's length; 0 at the end.</summary>
    int Read(Span<byte> buffer, long offset);

    /// <summary>Makes the file's bytes and length durable. An error is final: a later success would prove nothing.</summary>
    void Sync();
}

/// <summary>A file system under watch.</summary>
internal interface IDiskWatch : IDisposable
{
    /// <summary>
    /// Makes everything durable that was written to the file system, and reports errors of any write since the watch was opened.
    /// False if the operating system cannot do that; nothing is durable then.
    /// </summary>
    bool TrySyncAll();
}
