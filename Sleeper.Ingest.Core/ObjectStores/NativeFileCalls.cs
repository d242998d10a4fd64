using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Sleeper.Ingest.Core.ObjectStores;

/// <summary>The system calls that the base library lacks or wraps wrongly.</summary>
/// <remarks>
/// <para>The base library's flush-to-disk calls return normally when <c>fsync</c> fails on Linux (seen on .NET 10 by injecting EIO), it cannot sync
/// a folder, and its rename without overwrite is not one step on Unix. So these calls are made here, each with its error code checked.</para>
/// <para>EINTR is retried. No other error of a sync is: the kernel may have dropped the dirty pages and call the next sync a success.</para>
/// </remarks>
internal static partial class NativeFileCalls
{
    public const int NoSuchEntry = 2;
    public const int Interrupted = 4;
    public const int InputOutputError = 5;
    public const int AlreadyExists = 17;
    public const int InvalidArgument = 22;
    public const int NoSpaceLeft = 28;
    public const int ReadOnlyFileSystem = 30;

    private const int CurrentFolder = -100; // AT_FDCWD
    private const uint NoReplace = 1; // RENAME_NOREPLACE on Linux
    private const uint MacNoReplace = 4; // RENAME_EXCL on macOS
    private const int MacFullSync = 51; // F_FULLFSYNC
    private const int CloseOnExec = 0x80000; // O_CLOEXEC on Linux, all architectures
    private const int MacCloseOnExec = 0x1000000;

    private static int NotImplemented => OperatingSystem.IsMacOS() ? 78 : 38;

    private static int NotSupported => OperatingSystem.IsMacOS() ? 45 : 95;

    /// <summary>Makes a file or folder durable.</summary>
    public static void Sync(SafeFileHandle handle, string path)
    {
        var error = OperatingSystem.IsMacOS() ? Retry(() => FullSync(handle, MacFullSync)) : Retry(() => FileSync(handle));
        if (error == NotSupported || (OperatingSystem.IsMacOS() && error == InvalidArgument))
        {
            error = Retry(() => FileSync(handle)); // file systems of a network under macOS know no full sync
        }

        ThrowOnError(error, "sync", path);
    }

    /// <summary>Makes a whole file system durable (Linux). False where the call is missing.</summary>
    public static bool TrySyncFileSystem(SafeFileHandle handle, string path)
    {
        if (!OperatingSystem.IsLinux())
        {
            return false;
        }

        int error;
        try
        {
            error = Retry(() => FileSystemSync(handle));
        }
        catch (EntryPointNotFoundException)
        {
            return false;
        }

        if (error == NotImplemented)
        {
            return false;
        }

        ThrowOnError(error, "sync the file system of", path);
        return true;
    }

    /// <summary>Opens a folder so that it can be synced.</summary>
    public static SafeFileHandle OpenFolder(string path)
    {
        while (true)
        {
            var handle = Open(path, OperatingSystem.IsMacOS() ? MacCloseOnExec : CloseOnExec);
            var error = handle.IsInvalid ? Marshal.GetLastPInvokeError() : 0;
            if (error == Interrupted)
            {
                handle.Dispose();
                continue;
            }

            if (error != 0)
            {
                handle.Dispose();
                ThrowOnError(error, "open the folder", path);
            }

            return handle;
        }
    }

    /// <summary>Renames in one step unless the new name is taken (false).</summary>
    public static bool MoveFile(string from, string to)
    {
        var error = OperatingSystem.IsMacOS()
            ? Retry(() => MacRename(from, to, MacNoReplace))
            : Retry(() => LinuxRename(CurrentFolder, from, CurrentFolder, to, NoReplace));
        if (error == InvalidArgument || error == NotImplemented || error == NotSupported)
        {
            return LinkAndUnlink(from, to); // a file system without the flag, as NFS
        }

        if (error == AlreadyExists)
        {
            return false;
        }

        ThrowOnError(error, $"rename '{from}' to", to);
        return true;
    }

    /// <summary>The older way: a second name, which is refused if it is taken, then the first is removed.</summary>
    public static bool LinkAndUnlink(string from, string to)
    {
        var error = Retry(() => Link(from, to));
        if (error == AlreadyExists)
        {
            return false;
        }

        ThrowOnError(error, $"link '{from}' as", to);
        Retry(() => Unlink(from)); // if it fails an unfinished file is left; the object is there all the same
        return true;
    }

    /// <summary>Creates a folder; false if the name is taken.</summary>
    public static bool CreateFolder(string path)
    {
        var error = Retry(() => MakeFolder(path, 0b111_111_111)); // rwxrwxrwx, which the process's umask narrows
        if (error == AlreadyExists)
        {
            return false;
        }

        ThrowOnError(error, "create the folder", path);
        return true;
    }

    private static int Retry(Func<int> call)
    {
        while (true)
        {
            var error = call() < 0 ? Marshal.GetLastPInvokeError() : 0;
            if (error != Interrupted)
            {
                return error;
            }
        }
    }

    private static void ThrowOnError(int error, string what, string path)
    {
        if (error == 0)
        {
            return;
        }

        var message = $"Could not {what} '{path}': {Marshal.GetPInvokeErrorMessage(error)} (error {error}).";
        throw error switch
        {
            1 or 13 => new UnauthorizedAccessException(message, new IOException(message, error)),
            NoSuchEntry => new DirectoryNotFoundException(message, new IOException(message, error)),
            _ => new IOException(message, error),
        };
    }

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int FileSync(SafeFileHandle descriptor);

    // fcntl is variadic: on macOS (ARM) variadic arguments go on the stack. F_FULLFSYNC takes none, so the plain call is right.
    [LibraryImport("libc", EntryPoint = "fcntl", SetLastError = true)]
    private static partial int FullSync(SafeFileHandle descriptor, int command);

    [LibraryImport("libc", EntryPoint = "syncfs", SetLastError = true)]
    private static partial int FileSystemSync(SafeFileHandle descriptor);

    // open is variadic too; without O_CREAT there is no third argument.
    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial SafeFileHandle Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "renameat2", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int LinuxRename(int fromFolder, string from, int toFolder, string to, uint flags);

    [LibraryImport("libc", EntryPoint = "renamex_np", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int MacRename(string from, string to, uint flags);

    [LibraryImport("libc", EntryPoint = "link", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Link(string from, string to);

    [LibraryImport("libc", EntryPoint = "unlink", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Unlink(string path);

    [LibraryImport("libc", EntryPoint = "mkdir", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int MakeFolder(string path, uint mode);
}
