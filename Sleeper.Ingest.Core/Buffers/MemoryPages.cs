using System.Runtime.InteropServices;

namespace Sleeper.Ingest.Core.Buffers;

/// <summary>Memory straight from the operating system, which gets it back at once when it is freed.</summary>
/// <remarks>
/// The C library keeps freed blocks of up to 32 MiB for later, and blocks of many sizes leave gaps between them: with a budget of 1 GiB a
/// process grew 270 MiB beyond what the pipeline held. Only on Linux; elsewhere the C library serves.
/// </remarks>
internal static unsafe partial class MemoryPages
{
    /// <summary>Smaller blocks are used again and again by the C library without new page faults, which cost 50 ns a row; they leave small gaps.</summary>
    public const nint MinimumBytes = 4 << 20;

    private const int ReadWrite = 0x1 | 0x2;
    private const int PrivateAnonymous = 0x02 | 0x20;
    private const int AdviseHugePages = 14;
    private const int AdviseNotNeeded = 4;

    public static bool AreSupported { get; } = OperatingSystem.IsLinux() && Environment.Is64BitProcess;

    /// <exception cref="InsufficientMemoryException">The system has no memory left.</exception>
    public static byte* Take(nint lengthBytes)
    {
        byte* pages = Map(null, lengthBytes, ReadWrite, PrivateAnonymous, -1, 0);
        if ((nint)pages == -1)
        {
            throw new InsufficientMemoryException($"The system gave no {lengthBytes:N0} bytes of memory (error {Marshal.GetLastPInvokeError()}).");
        }

        // One fault for 2 MiB instead of 4 KiB. Only a wish: what becomes of it changes nothing but the time. Never more than was mapped.
        _ = Advise(pages, lengthBytes, AdviseHugePages);
        return pages;
    }

    public static void GiveBack(byte* pages, nint lengthBytes) => Unmap(pages, lengthBytes);

    /// <summary>The whole pages of a block lose their memory and their content; the block itself stays, and has memory again where it is touched.</summary>
    public static void Return(byte* block, nint lengthBytes)
    {
        nint page = Environment.SystemPageSize;
        nint first = ((nint)block + page - 1) & -page;
        nint end = ((nint)block + lengthBytes) & -page;
        if (end > first)
        {
            _ = Advise((byte*)first, end - first, AdviseNotNeeded);
        }
    }

    [LibraryImport("libc", EntryPoint = "mmap", SetLastError = true)]
    private static partial byte* Map(byte* address, nint length, int protection, int flags, int descriptor, nint offset);

    [LibraryImport("libc", EntryPoint = "madvise", SetLastError = true)]
    private static partial int Advise(byte* address, nint length, int advice);

    [LibraryImport("libc", EntryPoint = "munmap", SetLastError = true)]
    private static partial int Unmap(byte* address, nint length);
}
