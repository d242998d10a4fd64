using Microsoft.Win32.SafeHandles;

namespace Sleeper.Ingest.Core.Spilling;

/// <summary>The local disk. Files are not buffered in this process and never synced: they die with it.</summary>
internal sealed class LocalSpillFileSystem : ISpillFileSystem
{
    private const UnixFileMode OwnerOnlyFolder = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
    private const UnixFileMode OwnerOnlyFile = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    public static LocalSpillFileSystem Instance { get; } = new();

    public UnixFileMode? FolderMode(string path) => OperatingSystem.IsWindows() || !Directory.Exists(path) ? null : File.GetUnixFileMode(path);

    public void CreateFolder(string path)
    {
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(path);
        }
        else
        {
            Directory.CreateDirectory(path, OwnerOnlyFolder);
        }
    }

    public void CreateNewFolder(string path)
    {
        if (Path.Exists(path))
        {
            throw new IOException($"'{path}' exists already.");
        }

        CreateFolder(path);

        // Between the two lines above somebody else may have made it, with permissions of their own.
        if (FolderMode(path) is { } mode && mode != OwnerOnlyFolder)
        {
            throw new IOException($"'{path}' was made by somebody else: its mode is {Convert.ToString((int)mode, 8)}, not 700.");
        }
    }

    public ISpillHandle CreateFile(string path) => new Handle(Open(path, FileMode.CreateNew, FileShare.Read));

    public IDisposable CreateLock(string path) => Open(path, FileMode.CreateNew, FileShare.None);

    public IDisposable? TryLock(string path)
    {
        try
        {
            return Open(path, FileMode.Open, FileShare.None);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    public bool FileExists(string path) => File.Exists(path);

    public IReadOnlyList<string> ListFiles(string path, string suffix) => Directory.Exists(path) ? Directory.GetFiles(path, "*" + suffix) : [];

    public void DeleteFile(string path)
    {
        if (File.Exists(path))
        {
            File.Delete(path);
        }
    }

    public void DeleteFolder(string path)
    {
        if (Directory.Exists(path))
        {
            Directory.Delete(path, recursive: true);
        }
    }

    private static FileStream Open(string path, FileMode mode, FileShare share)
    {
        var options = new FileStreamOptions { Mode = mode, Access = FileAccess.ReadWrite, Share = share, BufferSize = 0 };
        if (mode == FileMode.CreateNew && !OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = OwnerOnlyFile;
        }

        return new FileStream(path, options);
    }

    private sealed class Handle(FileStream file) : ISpillHandle
    {
        private readonly SafeFileHandle _handle = file.SafeFileHandle;

        public void Write(ReadOnlySpan<byte> bytes, long offset) => RandomAccess.Write(_handle, bytes, offset);

        public int Read(Span<byte> destination, long offset) => RandomAccess.Read(_handle, destination, offset);

        public void Dispose() => file.Dispose();
    }
}
