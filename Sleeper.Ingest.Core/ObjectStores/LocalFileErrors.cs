namespace Sleeper.Ingest.Core.ObjectStores;

/// <summary>Turns the disk's errors into ours: what, where, how many bytes, and what to do.</summary>
internal static class LocalFileErrors
{
    private const int WindowsDiskFull = unchecked((int)0x80070070);
    private const int WindowsHandleDiskFull = unchecked((int)0x80070027);
    private const int QuotaExceeded = 122; // EDQUOT on Linux
    private const int MacQuotaExceeded = 69;

    public static bool IsDiskError(Exception error) =>
        error is (IOException or UnauthorizedAccessException) and not EndOfStreamException;

    public static bool IsDiskFull(Exception error) =>
        error.HResult is NativeFileCalls.NoSpaceLeft or WindowsDiskFull or WindowsHandleDiskFull
        || error.HResult == (OperatingSystem.IsMacOS() ? MacQuotaExceeded : QuotaExceeded);

    /// <summary>Whether the system refused a rename before it touched anything. After other errors (of the device, of a network) the new name may be there.</summary>
    public static bool IsRefusal(Exception error) =>
        error is UnauthorizedAccessException or DirectoryNotFoundException || IsDiskFull(error) || error.HResult == NativeFileCalls.ReadOnlyFileSystem;

    public static ObjectStoreException Translate(string store, string path, string verb, long lengthBytes, Exception error, bool hadNoEffect = false)
    {
        var what = path.Length == 0 ? $"Could not {verb} the store '{store}'" : $"Could not {verb} the object '{path}' in '{store}'";
        var size = lengthBytes > 0 ? $" ({lengthBytes} bytes)" : "";
        var full = IsDiskFull(error);
        var remedy = error switch
        {
            _ when full => "The disk or its quota is full: make room, then try again",
            UnauthorizedAccessException => "The process may not do that: give its user read and write access to the folder",
            DirectoryNotFoundException => "The folder is missing: create it, mount its disk, or let the store create it (CreateRoot)",
            _ when error.HResult == NativeFileCalls.ReadOnlyFileSystem => "The file system is mounted read-only: mount it for writing or choose another folder",
            _ when error.HResult == NativeFileCalls.InputOutputError => "The device reported an error: check the disk before anything on it is trusted",
            _ => "See the inner error of the operating system",
        };
        return new ObjectStoreException(store, path, $"{what}{size}. {remedy}. {error.Message}", error)
        {
            IsRetryable = full,
            IsForbidden = error is UnauthorizedAccessException || error.HResult == NativeFileCalls.ReadOnlyFileSystem,
            HadNoEffect = hadNoEffect,
        };
    }

    /// <summary>Removes an unfinished file; a failure here must not hide the first one.</summary>
    public static void TryDelete(IFileSystem fileSystem, string file)
    {
        try
        {
            fileSystem.DeleteFile(file);
        }
        catch (Exception error) when (IsDiskError(error))
        {
            // The file stays behind under its temporary name: no object, and no listing shows it.
        }
    }
}
