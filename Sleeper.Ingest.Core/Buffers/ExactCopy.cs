using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Sleeper.Ingest.Core.Buffers;

/// <summary>
/// Copies not a byte more than asked for, neither read nor written: what follows in a row may be written already. So each length has two ends that meet or overlap.
/// </summary>
internal static unsafe class ExactCopy
{
    /// <summary>Beyond this the runtime's own copy is no slower.</summary>
    private const int MaxInlineBytes = 256;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Copy(byte* source, byte* destination, int length)
    {
        if (length is >= 8 and <= 16)
        {
            ulong head = Unsafe.ReadUnaligned<ulong>(source);
            ulong tail = Unsafe.ReadUnaligned<ulong>(source + length - 8);
            Unsafe.WriteUnaligned(destination, head);
            Unsafe.WriteUnaligned(destination + length - 8, tail);
        }
        else if (length < 8)
        {
            CopyFew(source, destination, length);
        }
        else
        {
            CopyMany(source, destination, length);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void CopyFew(byte* source, byte* destination, int length)
    {
        if (length >= 4)
        {
            uint head = Unsafe.ReadUnaligned<uint>(source);
            uint tail = Unsafe.ReadUnaligned<uint>(source + length - 4);
            Unsafe.WriteUnaligned(destination, head);
            Unsafe.WriteUnaligned(destination + length - 4, tail);
        }
        else if (length > 0)
        {
            byte middle = source[length >> 1];
            byte last = source[length - 1];
            *destination = *source;
            destination[length >> 1] = middle;
            destination[length - 1] = last;
        }
    }

    /// <summary>For more than 16 bytes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void CopyMany(byte* source, byte* destination, int length)
    {
        if (length > MaxInlineBytes)
        {
            Unsafe.CopyBlockUnaligned(destination, source, (uint)length);
            return;
        }

        if (length <= 32)
        {
            Vector128<byte> head = Vector128.Load(source);
            Vector128<byte> end = Vector128.Load(source + length - 16);
            head.Store(destination);
            end.Store(destination + length - 16);
            return;
        }

        Vector256<byte> tail = Vector256.Load(source + length - 32);
        for (int at = 0; at < length - 32; at += 32)
        {
            Vector256.Load(source + at).Store(destination + at);
        }

        tail.Store(destination + length - 32);
    }
}
