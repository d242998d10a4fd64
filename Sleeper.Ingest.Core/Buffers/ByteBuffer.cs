using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Sleeper.Ingest.Core.Buffers;

/// <summary>Bytes that grow at their end, in one array that is kept for the next use. Not thread-safe.</summary>
internal sealed class ByteBuffer
{
    private byte[] _bytes;

    public ByteBuffer(int capacity = 256) => _bytes = capacity == 0 ? [] : GC.AllocateUninitializedArray<byte>(capacity);

    public int Length { get; private set; }

    public int Capacity => _bytes.Length;

    public ReadOnlySpan<byte> WrittenSpan => _bytes.AsSpan(0, Length);

    /// <summary>What is written, valid until the buffer is used again.</summary>
    public ReadOnlyMemory<byte> WrittenMemory => _bytes.AsMemory(0, Length);

    /// <summary>The written bytes, to be patched in place (a length known only afterwards).</summary>
    public Span<byte> WritableSpan => _bytes.AsSpan(0, Length);

    public void Clear() => Length = 0;

    /// <summary>Cuts the buffer back to an earlier length.</summary>
    public void Truncate(int length)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)length, (uint)Length, nameof(length));
        Length = length;
    }

    /// <summary>All free room behind the written bytes, at least <paramref name="count"/> bytes; what is used of it must be told to <see cref="Advance"/>.</summary>
    public Span<byte> Reserve(int count)
    {
        if (_bytes.Length - Length < count)
        {
            Grow(count);
        }

        return MemoryMarshal.CreateSpan(ref Unsafe.Add(ref MemoryMarshal.GetArrayDataReference(_bytes), Length), _bytes.Length - Length);
    }

    public void Advance(int count)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)count, (uint)(_bytes.Length - Length), nameof(count));
        Length += count;
    }

    public void Append(byte value)
    {
        if (Length == _bytes.Length)
        {
            Grow(1);
        }

        _bytes[Length++] = value;
    }

    public void Append(ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(Reserve(bytes.Length));
        Length += bytes.Length;
    }

    /// <summary>Appends an unsigned number in 7-bit groups, lowest first, the top bit set on all but the last byte (ULEB128).</summary>
    public void AppendVarInt(ulong value)
    {
        Span<byte> target = Reserve(10);
        int count = 0;
        while (value >= 0x80)
        {
            target[count++] = (byte)(value | 0x80);
            value >>= 7;
        }

        target[count++] = (byte)value;
        Length += count;
    }

    /// <summary>Appends a signed number as ULEB128 of its zigzag form (0, -1, 1, -2, … become 0, 1, 2, 3, …).</summary>
    public void AppendZigZag(long value) => AppendVarInt((ulong)((value << 1) ^ (value >> 63)));

    private void Grow(int count)
    {
        long needed = (long)Length + count;
        if (needed > Array.MaxLength)
        {
            throw new IngestException($"A buffer of {Length:N0} bytes cannot take {count:N0} more: a single array ends at {Array.MaxLength:N0} bytes. Use smaller row groups or smaller values.");
        }

        byte[] larger = GC.AllocateUninitializedArray<byte>((int)Math.Min(Array.MaxLength, Math.Max(needed, 2L * _bytes.Length)));
        _bytes.AsSpan(0, Length).CopyTo(larger);
        _bytes = larger;
    }
}
