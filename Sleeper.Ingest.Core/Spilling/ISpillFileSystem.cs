namespace Sleeper.Ingest.Core.Spilling;

/// <summary>All that spilling asks of the local disk. The real one is <see cref="LocalSpillFileSystem"/>; tests break it on purpose.</summary>
/// <remarks>Thread-safe. Errors are those of System.IO.</remarks>
internal interface ISpillFileSystem
{
    /// <summary>The permissions of a folder; null if it does not exist, or where files have none (Windows).</summary>
    UnixFileMode? FolderMode(string path);

    /// <summary>Makes a folder that only its owner can enter, whatever the umask; parents are made with it. No error if it exists.</summary>
    void CreateFolder(string path);

    /// <summary>Makes a folder that only its owner can enter, whatever the umask; fails if anything of that name exists.</summary>
    void CreateNewFolder(string path);

    /// <summary>Makes a file that only its owner can read; fails if it exists.</summary>
    ISpillHandle CreateFile(string path);

    /// <summary>Makes a file and locks it until it is disposed or the process ends; fails if it exists.</summary>
    IDisposable CreateLock(string path);

    /// <summary>Locks a file that exists; null if a living owner holds it, or if it is gone.</summary>
    IDisposable? TryLock(string path);

    bool FileExists(string path);

    /// <summary>The full paths of the files in a folder whose names end in <paramref name="suffix"/>; none if there is no such folder.</summary>
    IReadOnlyList<string> ListFiles(string path, string suffix);

    /// <summary>No error if it does not exist.</summary>
    void DeleteFile(string path);

    /// <summary>Deletes a folder and all that is in it; no error if it does not exist.</summary>
    void DeleteFolder(string path);
}

/// <summary>An open spill file.</summary>
/// <remarks>Reads may run at the same time as each other and as a write elsewhere in the file.</remarks>
internal interface ISpillHandle : IDisposable
{
    /// <summary>Writes all of the bytes, or throws.</summary>
    void Write(ReadOnlySpan<byte> bytes, long offset);

    /// <summary>Reads up to the length of <paramref name="destination"/>; 0 only at the end of the file.</summary>
    int Read(Span<byte> destination, long offset);
}
