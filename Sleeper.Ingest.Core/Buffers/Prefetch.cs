using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace Sleeper.Ingest.Core.Buffers;

/// <summary>Asks the processor for memory that will be read soon. Never a fault, whatever the address; nothing where the processor has no such instruction.</summary>
internal static unsafe class Prefetch
{
    private const int LineBytes = 64;

    /// <summary>The line that an address is in.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Line(byte* address)
    {
        if (Sse.IsSupported)
        {
            Sse.Prefetch0(address);
        }
    }

    /// <summary>All lines of so many bytes, at least one.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Lines(byte* address, int bytes)
    {
        Line(address);
        for (int at = LineBytes; at < bytes; at += LineBytes)
        {
            Line(address + at);
        }
    }
}
