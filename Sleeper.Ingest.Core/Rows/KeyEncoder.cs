using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Sleeper.Ingest.Core.Rows;

/// <summary>How the values of string and byte-array keys are ordered.</summary>
internal enum KeyOrder
{
    /// <summary>Unsigned bytes; strings by their UTF-8 bytes, which is the order of code points. The order of own tables and of Parquet.</summary>
    Bytes,

    /// <summary>Java's: strings by UTF-16 code unit, byte arrays by signed bytes.</summary>
    Java,
}

/// <summary>Turns key values into bytes whose unsigned comparison gives the order of the values.</summary>
/// <remarks>
/// <code>
/// int      4 bytes, big-endian, sign bit flipped
/// long     8 bytes, big-endian, sign bit flipped
/// string,  the bytes (UTF-8), with 00 written as 01 01 and 01 written as 01 02, then 00.
/// bytes    Java order: before that, a string's lead bytes EE and EF become FE and FF (so that U+E000..U+FFFF come after
///          supplementary characters, as their UTF-16 code units do), and a byte array's sign bits are flipped.
/// </code>
/// No encoding is a prefix of another one of the same type, so the encodings of several fields can be put one after the other.
/// </remarks>
internal static unsafe class KeyEncoder
{
    public const int IntBytes = 4;
    public const int LongBytes = 8;
    public const byte Terminator = 0;
    private const byte Escape = 1;

    /// <summary>The most bytes that a string or byte array of this length takes.</summary>
    public static int MaxBytes(int length) => (2 * length) + 1;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void WriteInt(byte* destination, int value) =>
        Unsafe.WriteUnaligned(destination, BinaryPrimitives.ReverseEndianness((uint)value ^ 0x8000_0000));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void WriteLong(byte* destination, long value) =>
        Unsafe.WriteUnaligned(destination, BinaryPrimitives.ReverseEndianness((ulong)value ^ 0x8000_0000_0000_0000));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int ReadInt(byte* source) => (int)(BinaryPrimitives.ReverseEndianness(Unsafe.ReadUnaligned<uint>(source)) ^ 0x8000_0000);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static long ReadLong(byte* source) =>
        (long)(BinaryPrimitives.ReverseEndianness(Unsafe.ReadUnaligned<ulong>(source)) ^ 0x8000_0000_0000_0000);

    /// <summary>Writes UTF-8 text and returns the length written; the destination has room for <see cref="MaxBytes"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static int WriteString(byte* destination, ReadOnlySpan<byte> utf8, KeyOrder order) =>
        order == KeyOrder.Bytes ? WriteEscaped(destination, utf8) : WriteEscapedWith(destination, utf8, ToJavaLead);

    /// <summary>Writes a byte array and returns the length written; the destination has room for <see cref="MaxBytes"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static int WriteBytes(byte* destination, ReadOnlySpan<byte> value, KeyOrder order) =>
        order == KeyOrder.Bytes ? WriteEscaped(destination, value) : WriteEscapedWith(destination, value, FlipSign);

    /// <summary>One value's bytes.</summary>
    public static byte[] Encode(in FieldValue value, KeyOrder order)
    {
        ReadOnlySpan<byte> bytes = value.Kind switch
        {
            FieldValueKind.String => System.Text.Encoding.UTF8.GetBytes(value.AsString()),
            FieldValueKind.ByteArray => value.AsBytes().Span,
            _ => default,
        };
        var encoded = new byte[Math.Max(LongBytes, MaxBytes(bytes.Length))];
        fixed (byte* destination = encoded)
        {
            switch (value.Kind)
            {
                case FieldValueKind.Int:
                    WriteInt(destination, value.AsInt());
                    return encoded[..IntBytes];
                case FieldValueKind.Long:
                    WriteLong(destination, value.AsLong());
                    return encoded[..LongBytes];
                case FieldValueKind.String:
                    return encoded[..WriteString(destination, bytes, order)];
                case FieldValueKind.ByteArray:
                    return encoded[..WriteBytes(destination, bytes, order)];
                default:
                    throw new ArgumentException($"A key value is an int, a long, a string or a byte array, not {value.Kind}.", nameof(value));
            }
        }
    }

    /// <summary>The encoded length of the string or byte array at <paramref name="source"/>, with its terminator.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static int EncodedLength(byte* source)
    {
        byte* current = source;
        while (true)
        {
            uint mask = Vector128.LessThan(Vector128.Load(current), Vector128.Create((byte)1)).ExtractMostSignificantBits();
            if (mask != 0)
            {
                return (int)(current - source) + System.Numerics.BitOperations.TrailingZeroCount(mask) + 1;
            }

            current += 16;
        }
    }

    /// <summary>
    /// Compares two encoded values of a string or byte-array field in the other order than they are encoded in. The orders differ only at the first byte in
    /// which two values differ, and how the encodings differ there is the same both ways: lead bytes EE and EF change with FE and FF, sign bits flip.
    /// </summary>
    public static int CompareInOtherOrder(ReadOnlySpan<byte> left, ReadOnlySpan<byte> right, bool isString)
    {
        int same = left.CommonPrefixLength(right);
        if (same == left.Length || same == right.Length)
        {
            return left.Length.CompareTo(right.Length);
        }

        return isString
            ? SwapLead(left[same]).CompareTo(SwapLead(right[same]))
            : FlippedRank(left[same]).CompareTo(FlippedRank(right[same]));
    }

    /// <summary>Decodes a string or byte array into <paramref name="destination"/>, which has room for the encoded length, and returns the decoded length.</summary>
    public static int Decode(byte* source, int encodedLength, Span<byte> destination, bool isString, KeyOrder order)
    {
        int length = 0;
        for (int i = 0; i < encodedLength - 1; i++)
        {
            byte value = source[i];
            if (value == Escape)
            {
                value = (byte)(source[++i] - 1);
            }

            destination[length++] = order == KeyOrder.Bytes ? value : isString ? FromJavaLead(value) : FlipSign(value);
        }

        return length;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int WriteEscaped(byte* destination, ReadOnlySpan<byte> value)
    {
        if (value.IndexOfAnyInRange((byte)0, Escape) < 0)
        {
            value.CopyTo(new Span<byte>(destination, value.Length));
            destination[value.Length] = Terminator;
            return value.Length + 1;
        }

        byte* end = destination;
        foreach (byte b in value)
        {
            end = WriteByte(end, b);
        }

        *end++ = Terminator;
        return (int)(end - destination);
    }

    private static int WriteEscapedWith(byte* destination, ReadOnlySpan<byte> value, Func<byte, byte> transform)
    {
        byte* end = destination;
        foreach (byte b in value)
        {
            end = WriteByte(end, transform(b));
        }

        *end++ = Terminator;
        return (int)(end - destination);
    }

    private static byte* WriteByte(byte* destination, byte value)
    {
        if (value <= Escape)
        {
            *destination++ = Escape;
            value++;
        }

        *destination++ = value;
        return destination;
    }

    private static byte ToJavaLead(byte value) => value is 0xEE or 0xEF ? (byte)(value + 0x10) : value;

    private static byte FromJavaLead(byte value) => value is 0xFE or 0xFF ? (byte)(value - 0x10) : value;

    private static byte SwapLead(byte value) => (value & 0xEE) == 0xEE ? (byte)(value ^ 0x10) : value;

    /// <summary>A byte of an encoded byte array in the other order. The end stays below all; an escaped byte begins with 01, on the side of 00 and 01.</summary>
    private static int FlippedRank(byte value) => value == Terminator ? -1 : FlipSign(value);

    private static byte FlipSign(byte value) => (byte)(value ^ 0x80);
}
