using System.Runtime.CompilerServices;

namespace Sleeper.Ingest.Core.Sketches;

/// <summary>The original's order of byte arrays: signed bytes, -128 to 127, so the top bit is turned over.</summary>
internal readonly struct JavaByteArrayOrder : IByteOrder
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Rank(ulong bytes) => bytes ^ 0x8080_8080_8080_8080;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool IsAbove(byte left, byte right) => (sbyte)left > (sbyte)right;
}
