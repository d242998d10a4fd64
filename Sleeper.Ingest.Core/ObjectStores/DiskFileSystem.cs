using System.IO.Enumeration;
using Microsoft.Win32.SafeHandles;

namespace Sleeper.Ingest.Core.ObjectStores;

/// <summary>The real disk.</summary>
internal sealed class DiskFileSystem : IFileSystem
{
    public static DiskFileSystem Instance { get; } = new();

    private const int WindowsFileExists = unchecked((int)0x80070050); // ERROR_FILE_EXISTS

    private DiskFileSystem()
    {
    }

    public IDiskFile? CreateFile(string path)
    {
        try
        {
            return new DiskFile(path, File.OpenHandle(path, FileMode.CreateNew, FileAccess.Write, FileShare.Read | FileShare.Delete));
        }
        catch (IOException error) when (IsTaken(error) || Directory.Exists(path))
        {
            return null;
        }
    }

    public IDiskFile? OpenFile(string path)
    {
        try
        {
            return new DiskFile(path, File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, FileOptions.RandomAccess));
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException || Directory.Exists(path))
        {
            return null;
        }
    }

    public bool MoveFile(string from, string to)
    {
        if (!OperatingSystem.IsWindows())
        {
            return NativeFileCalls.MoveFile(from, to);
        }

        try
        {
            File.Move(from, to, overwrite: false);
            return true;
        }
        catch (IOException) when (File.Exists(from) && (File.Exists(to) || Directory.Exists(to)))
        {
            return false;
        }
    }

    public void ReplaceFile(string from, string to) => File.Move(from, to, overwrite: true);

    public bool DeleteFile(string path)
    {
        if (!File.Exists(path))
        {
            return false;
        }

        try
        {
            File.Delete(path);
            return true;
        }
        catch (DirectoryNotFoundException)
        {
            return false;
        }
    }

    public FileFacts? GetFacts(string path)
    {
        var file = new FileInfo(path);
        if (file.Exists)
        {
            return FactsOf(file);
        }

        var folder = new DirectoryInfo(path);
        return folder.Exists ? FactsOf(folder) : null;
    }

    public IEnumerable<FileFacts> ListFolder(string path) => ListFolder(path, _ => true);

    public IEnumerable<FileFacts> ListFolder(string path, Func<string, bool> isWanted)
    {
        var all = new EnumerationOptions { AttributesToSkip = 0, IgnoreInaccessible = false, ReturnSpecialDirectories = false };
        List<FileFacts> facts = [];
        try
        {
            var entries = new FileSystemEnumerable<FileSystemInfo>(path, (ref FileSystemEntry entry) => entry.ToFileSystemInfo(), all)
            {
                ShouldIncludePredicate = (ref FileSystemEntry entry) => isWanted(entry.FileName.ToString()),
            };
            foreach (var entry in entries)
            {
                if (entry.Exists)
                {
                    facts.Add(FactsOf(entry));
                }
            }
        }
        catch (DirectoryNotFoundException)
        {
            return [];
        }
        catch (IOException) when (File.Exists(path))
        {
            return [];
        }

        return facts;
    }

    public bool CreateFolder(string path)
    {
        if (!OperatingSystem.IsWindows())
        {
            return NativeFileCalls.CreateFolder(path);
        }

        var exists = Directory.Exists(path);
        Directory.CreateDirectory(path);
        return !exists;
    }

    public void SyncFolder(string path)
    {
        if (OperatingSystem.IsWindows())
        {
            return; // NTFS journals names itself, and a folder handle cannot be flushed without special rights
        }

        using var handle = NativeFileCalls.OpenFolder(path);
        NativeFileCalls.Sync(handle, path);
    }

    public IDiskWatch OpenWatch(string folder) => new DiskWatch(folder);

    /// <summary>By the error alone: whoever had the name may have moved the file away meanwhile.</summary>
    private static bool IsTaken(IOException error) => error.HResult == NativeFileCalls.AlreadyExists || error.HResult == WindowsFileExists;

    private static FileFacts FactsOf(FileSystemInfo entry) => new(
        entry.Name,
        entry is DirectoryInfo,
        (entry.Attributes & FileAttributes.ReparsePoint) != 0 && entry.LinkTarget is not null,
        entry is FileInfo file ? file.Length : 0,
        new DateTimeOffset(entry.LastWriteTimeUtc, TimeSpan.Zero));

    private sealed class DiskFile(string path, SafeFileHandle handle) : IDiskFile
    {
        public long LengthBytes => RandomAccess.GetLength(handle);

        public void Write(ReadOnlySpan<byte> bytes, long offset) => RandomAccess.Write(handle, bytes, offset);

        public int Read(Span<byte> buffer, long offset) => RandomAccess.Read(handle, buffer, offset);

        public void Sync()
        {
            if (OperatingSystem.IsWindows())
            {
                RandomAccess.FlushToDisk(handle); // FlushFileBuffers, whose error does arrive
                return;
            }

            NativeFileCalls.Sync(handle, path);
        }

        public void Dispose() => handle.Dispose();
    }

    private sealed class DiskWatch(string folder) : IDiskWatch
    {
        private readonly SafeFileHandle? _handle = OperatingSystem.IsLinux() ? NativeFileCalls.OpenFolder(folder) : null;

        public bool TrySyncAll() => _handle is not null && NativeFileCalls.TrySyncFileSystem(_handle, folder);

        public void Dispose() => _handle?.Dispose();
    }
}
