using System.Runtime.InteropServices;

namespace Sleeper.Ingest.Core.Tests.Support;

/// <summary>Bytes whose last one lies right before memory that cannot be touched, so that a read or write past the end kills the test run at once.</summary>
/// <remarks>On Linux by a protected page; elsewhere plain memory, and only wrong results show.</remarks>
internal sealed unsafe partial class GuardedBytes : IDisposable
{
    private const int PageLength = 4096;
    private const int ReadAndWrite = 3;
    private const int PrivateAnonymous = 0x22;

    private readonly byte* _memory;
    private readonly nuint _mappedLength;

    public GuardedBytes(ReadOnlySpan<byte> bytes)
    {
        Length = bytes.Length;
        nuint usable = ((nuint)bytes.Length + PageLength) / PageLength * PageLength;
        if (OperatingSystem.IsLinux())
        {
            _mappedLength = usable + PageLength;
            _memory = (byte*)Map(0, _mappedLength, ReadAndWrite, PrivateAnonymous, -1, 0);
            Assert.NotEqual(-1, (nint)_memory);
            Assert.Equal(0, Protect((nint)_memory + (nint)usable, PageLength, 0));
        }
        else
        {
            _memory = (byte*)NativeMemory.Alloc(usable);
        }

        Pointer = _memory + usable - bytes.Length;
        bytes.CopyTo(new Span<byte>(Pointer, Length));
    }

    public byte* Pointer { get; }

    public int Length { get; }

    public void Dispose()
    {
        if (OperatingSystem.IsLinux())
        {
            _ = Unmap((nint)_memory, _mappedLength);
        }
        else
        {
            NativeMemory.Free(_memory);
        }
    }

    [LibraryImport("libc", EntryPoint = "mmap")]
    private static partial nint Map(nint address, nuint length, int protection, int flags, int descriptor, nint offset);

    [LibraryImport("libc", EntryPoint = "mprotect")]
    private static partial int Protect(nint address, nuint length, int protection);

    [LibraryImport("libc", EntryPoint = "munmap")]
    private static partial int Unmap(nint address, nuint length);
}
