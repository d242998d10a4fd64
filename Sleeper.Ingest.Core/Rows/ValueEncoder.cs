using System.Buffers;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Unicode;

namespace Sleeper.Ingest.Core.Rows;

/// <summary>Writes single values into the row being written of a <see cref="RowBatch"/>, as key or as value.</summary>
/// <remarks>
/// Keys are written as <see cref="KeyEncoder"/> says. Values:
/// <code>
/// nullable field   1 byte: 0 null, 1 present; then the value if present
/// int, long        4 or 8 bytes, little-endian
/// string, bytes    varint length, then the bytes (strings as UTF-8)
/// list             varint count, then the elements
/// map              varint count, then key, value, key, value, ...
/// </code>
/// Methods that can refuse a value return the reason, or null if all is well.
/// </remarks>
internal static unsafe class ValueEncoder
{
    public const string IllFormed = "the text has an unpaired surrogate (ill-formed Unicode); no reader could give it back";

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void WriteKey(RowBatch batch, int value)
    {
        KeyEncoder.WriteInt(batch.Reserve(KeyEncoder.IntBytes), value);
        batch.Advance(KeyEncoder.IntBytes);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void WriteKey(RowBatch batch, long value)
    {
        KeyEncoder.WriteLong(batch.Reserve(KeyEncoder.LongBytes), value);
        batch.Advance(KeyEncoder.LongBytes);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static string? WriteKey(RowBatch batch, ReadOnlySpan<char> text, KeyOrder order, int maxBytes)
    {
        if (text.Length > maxBytes)
        {
            return KeyTooLong(Encoding.UTF8.GetByteCount(text), maxBytes);
        }

        int maxUtf8 = 3 * text.Length;
        byte[]? rented = null;
        Span<byte> utf8 = maxUtf8 <= 512 ? stackalloc byte[512] : (rented = ArrayPool<byte>.Shared.Rent(maxUtf8));
        try
        {
            if (Utf8.FromUtf16(text, utf8, out _, out int length, replaceInvalidSequences: false) != OperationStatus.Done)
            {
                return IllFormed;
            }

            if (length > maxBytes)
            {
                return KeyTooLong(length, maxBytes);
            }

            if (!batch.HasRoom(length))
            {
                return RowTooLong(batch, length);
            }

            batch.Advance(KeyEncoder.WriteString(batch.Reserve(KeyEncoder.MaxBytes(length)), utf8[..length], order));
            return null;
        }
        finally
        {
            if (rented is not null)
            {
                ArrayPool<byte>.Shared.Return(rented);
            }
        }
    }

    /// <summary>A byte-array key, or with <paramref name="isString"/> a string key that is UTF-8 already and known to be well-formed.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static string? WriteKey(RowBatch batch, ReadOnlySpan<byte> value, bool isString, KeyOrder order, int maxBytes)
    {
        if (value.Length > maxBytes)
        {
            return KeyTooLong(value.Length, maxBytes);
        }

        if (!batch.HasRoom(value.Length))
        {
            return RowTooLong(batch, value.Length);
        }

        byte* destination = batch.Reserve(KeyEncoder.MaxBytes(value.Length));
        batch.Advance(isString ? KeyEncoder.WriteString(destination, value, order) : KeyEncoder.WriteBytes(destination, value, order));
        return null;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void WritePresence(RowBatch batch, bool present)
    {
        *batch.Reserve(1) = present ? (byte)1 : (byte)0;
        batch.Advance(1);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Write(RowBatch batch, int value)
    {
        Unsafe.WriteUnaligned(batch.Reserve(4), value);
        batch.Advance(4);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Write(RowBatch batch, long value)
    {
        Unsafe.WriteUnaligned(batch.Reserve(8), value);
        batch.Advance(8);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static string? Write(RowBatch batch, ReadOnlySpan<char> text)
    {
        int maxUtf8 = 3 * text.Length;
        if (maxUtf8 >= 0x80)
        {
            return WriteLongText(batch, text);
        }

        byte* destination = batch.Reserve(1 + maxUtf8);
        var status = Utf8.FromUtf16(text, new Span<byte>(destination + 1, maxUtf8), out _, out int length, replaceInvalidSequences: false);
        if (status != OperationStatus.Done)
        {
            return IllFormed;
        }

        *destination = (byte)length;
        batch.Advance(1 + length);
        return null;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static string? Write(RowBatch batch, ReadOnlySpan<byte> value)
    {
        if (!batch.HasRoom(value.Length))
        {
            return RowTooLong(batch, value.Length);
        }

        byte* destination = batch.Reserve(5 + value.Length);
        int header = RowFormat.WriteVarint(destination, (uint)value.Length);
        value.CopyTo(new Span<byte>(destination + header, value.Length));
        batch.Advance(header + value.Length);
        return null;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void WriteCount(RowBatch batch, int count) =>
        batch.Advance(RowFormat.WriteVarint(batch.Reserve(5), (uint)count));

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static string? WriteLongText(RowBatch batch, ReadOnlySpan<char> text)
    {
        int length = Encoding.UTF8.GetByteCount(text);
        if (!batch.HasRoom(length))
        {
            return RowTooLong(batch, length);
        }

        byte* destination = batch.Reserve(5 + length + 3);
        int header = RowFormat.WriteVarint(destination, (uint)length);
        var status = Utf8.FromUtf16(text, new Span<byte>(destination + header, length), out _, out _, replaceInvalidSequences: false);
        if (status != OperationStatus.Done)
        {
            return IllFormed;
        }

        batch.Advance(header + length);
        return null;
    }

    /// <summary>What is wrong with a row that so many more bytes make too long.</summary>
    public static string RowTooLong(RowBatch batch, long moreBytes) =>
        $"the row takes {batch.CurrentRowBytes + moreBytes:N0} bytes or more, more than the limit of {batch.MaxRowBytes:N0} (16 MiB, and never more than an eighth of the memory budget); split it or raise the memory budget";

    private static string KeyTooLong(int length, int maxBytes) =>
        $"the value is {length:N0} bytes long, more than the limit of {maxBytes:N0} for a key field (keys are kept in sketches and indexes); shorten it or raise the limit";
}
