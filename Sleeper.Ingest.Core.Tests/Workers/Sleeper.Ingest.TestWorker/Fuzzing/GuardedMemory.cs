using System.Runtime.InteropServices;

namespace Sleeper.Ingest.TestWorker.Fuzzing;

/// <summary>
/// Room for bytes whose last one lies right before memory that cannot be touched, so that a read or write past the end ends the process at once. Used
/// again for one input after the other.
/// </summary>
/// <remarks>On Linux by a protected page; elsewhere plain memory, and only wrong results show.</remarks>
internal sealed unsafe partial class GuardedMemory
{
    private const int PageLength = 4096;
    private const int ReadAndWrite = 3;
    private const int PrivateAnonymous = 0x22;

    private readonly byte* _end;
    private readonly int _capacity;

    public GuardedMemory(int capacity)
    {
        _capacity = (capacity + PageLength - 1) / PageLength * PageLength;
        if (!OperatingSystem.IsLinux())
        {
            _end = (byte*)NativeMemory.Alloc((nuint)_capacity) + _capacity;
            return;
        }

        nint start = Map(0, (nuint)(_capacity + PageLength), ReadAndWrite, PrivateAnonymous, -1, 0);
        _end = (byte*)start + _capacity;
        if (start == -1 || Protect((nint)_end, PageLength, 0) != 0)
        {
            throw new InvalidOperationException("The system gives no protected memory.");
        }
    }

    /// <summary>So many bytes at the end; what was taken before is gone.</summary>
    public byte* Take(int length)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, _capacity);
        return _end - length;
    }

    /// <summary>A copy at the end.</summary>
    public byte* Put(ReadOnlySpan<byte> bytes)
    {
        byte* start = Take(bytes.Length);
        bytes.CopyTo(new Span<byte>(start, bytes.Length));
        return start;
    }

    [LibraryImport("libc", EntryPoint = "mmap")]
    private static partial nint Map(nint address, nuint length, int protection, int flags, int descriptor, nint offset);

    [LibraryImport("libc", EntryPoint = "mprotect")]
    private static partial int Protect(nint address, nuint length, int protection);
}
