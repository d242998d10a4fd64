using System.Runtime.InteropServices;

namespace Sleeper.Ingest.Core.Buffers;

/// <summary>A block of memory outside the garbage-collected heap, 64-byte aligned, not cleared. One owner, who disposes it.</summary>
/// <remarks>
/// <see cref="PaddingBytes"/> more bytes than asked for may be read and written past the end, so that kernels can move 16 or 32 bytes at a time.
/// Rows live here, not in arrays: the heap would clear each block before use, scan it, and give it back when it likes, and the memory
/// budget could not be kept. The count of living blocks is there so that tests can see a leak.
/// </remarks>
internal sealed unsafe class NativeBuffer : IDisposable
{
    /// <summary>Bytes past the end that may be touched; their content means nothing.</summary>
    public const int PaddingBytes = 64;

    private static long s_liveBytes;
    private readonly MemoryBudget? _budget;
    private byte* _pointer;

    /// <summary>Takes memory; if a budget is given, <paramref name="lengthBytes"/> must already be reserved there and are released on disposal.</summary>
    public NativeBuffer(nint lengthBytes, MemoryBudget? reservedIn = null)
    {
        LengthBytes = lengthBytes;
        _pointer = IsPages ? MemoryPages.Take(AllocatedBytes) : (byte*)NativeMemory.AlignedAlloc((nuint)AllocatedBytes, 64);
        _budget = reservedIn;
        Interlocked.Add(ref s_liveBytes, lengthBytes);
    }

    ~NativeBuffer() => Free();

    /// <summary>Bytes of all buffers that are not disposed, in this process.</summary>
    public static long LiveBytes => Interlocked.Read(ref s_liveBytes);

    public nint LengthBytes { get; }

    public byte* Pointer
    {
        get
        {
            ObjectDisposedException.ThrowIf(_pointer is null, this);
            return _pointer;
        }
    }

    public Span<byte> Span => new(Pointer, checked((int)LengthBytes));

    public void Dispose()
    {
        Free();
        GC.SuppressFinalize(this);
    }

    /// <summary>Gives the memory back to the operating system, though the C library keeps its addresses: the content is lost.</summary>
    public void ReturnPages()
    {
        if (MemoryPages.AreSupported)
        {
            MemoryPages.Return(Pointer, LengthBytes);
        }
    }

    private nint AllocatedBytes => LengthBytes + PaddingBytes;

    private bool IsPages => MemoryPages.AreSupported && LengthBytes >= MemoryPages.MinimumBytes;

    private void Free()
    {
        byte* pointer = _pointer;
        _pointer = null;
        if (pointer is not null)
        {
            if (IsPages)
            {
                MemoryPages.GiveBack(pointer, AllocatedBytes);
            }
            else
            {
                NativeMemory.AlignedFree(pointer);
            }

            Interlocked.Add(ref s_liveBytes, -LengthBytes);
            _budget?.Release(LengthBytes);
        }
    }
}
