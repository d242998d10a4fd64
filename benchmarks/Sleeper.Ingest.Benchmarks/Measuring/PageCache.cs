using System.Diagnostics;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Sleeper.Ingest.Benchmarks.Measuring;

/// <summary>Takes files out of the page cache (Linux), and measures the disk when it is not helped by it.</summary>
internal static partial class PageCache
{
    private const int WriteAndWait = 7; // SYNC_FILE_RANGE_WAIT_BEFORE | WRITE | WAIT_AFTER
    private const int BeginWriting = 2; // SYNC_FILE_RANGE_WRITE
    private const int DontNeed = 4; // POSIX_FADV_DONTNEED
    private const int PieceBytes = 1 << 20;

    /// <summary>Starts writing a part of a file to the disk.</summary>
    public static void BeginWrite(SafeFileHandle file, long offset, long length) => Require(SyncFileRange(file, offset, length, BeginWriting), "sync_file_range");

    /// <summary>Waits until a part of a file is on the disk, and drops it from the cache: what is still to be written cannot be dropped.</summary>
    public static void Drop(SafeFileHandle file, long offset, long length)
    {
        Require(SyncFileRange(file, offset, length, WriteAndWait), "sync_file_range");
        Require(Advise(file, offset, length, DontNeed), "posix_fadvise");
    }

    /// <summary>What the disk of a folder does alone: a file written in pieces of 1 MiB and synced, dropped from the cache, and read again.</summary>
    public static (double WrittenPerSecond, double ReadPerSecond) MeasureDisk(string folder, long bytes)
    {
        string path = Path.Combine(folder, "disk-speed");
        byte[] piece = new byte[PieceBytes];
        new Random(1).NextBytes(piece);
        try
        {
            using var file = File.OpenHandle(path, FileMode.CreateNew, FileAccess.ReadWrite);
            var clock = Stopwatch.StartNew();
            for (long at = 0; at < bytes; at += PieceBytes)
            {
                RandomAccess.Write(file, piece, at);
            }

            RandomAccess.FlushToDisk(file);
            double written = bytes / clock.Elapsed.TotalSeconds;
            Drop(file, 0, 0);
            clock.Restart();
            for (long at = 0; at < bytes; at += PieceBytes)
            {
                RandomAccess.Read(file, piece, at);
            }

            return (written, bytes / clock.Elapsed.TotalSeconds);
        }
        finally
        {
            File.Delete(path);
        }
    }

    private static void Require(int result, string call)
    {
        if (result != 0)
        {
            throw new IOException($"{call} failed with error {(result > 0 ? result : Marshal.GetLastPInvokeError())}.");
        }
    }

    [LibraryImport("libc", EntryPoint = "sync_file_range", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int SyncFileRange(SafeFileHandle file, long offset, long length, uint flags);

    [LibraryImport("libc", EntryPoint = "posix_fadvise")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Advise(SafeFileHandle file, long offset, long length, int advice);
}
