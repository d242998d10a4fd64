using System.Runtime.CompilerServices;

namespace Sleeper.Ingest.Core.Parquet.Compression;

/// <summary>Encodes an LZ4 block (what Parquet calls LZ4_RAW).</summary>
/// <remarks>
/// <code>
/// block    = sequence*, the last one without a match
/// sequence = token (1 byte: [7:4] literal length, [3:0] match length - 4; 15 = more bytes follow, each adds 0..255, the last is below 255)
///            more literal length, literals, distance (u16 LE, 1..65535), more match length
/// rules    = the last 5 bytes are literals, and no match begins in the last 12 bytes
/// </code>
/// <para>Greedy search with one hash table of positions of 4-byte words; the step between tries grows where nothing matches. Format: the
/// public description of LZ4's block format. Not thread-safe: one table an instance.</para>
/// </remarks>
internal sealed unsafe class Lz4Encoder
{
    private const int HashBits = 14;
    private const int LastLiterals = 5;
    private const int NoMatchBeginsIn = 12;
    private const int MaxDistance = 65535;

    private readonly int[] _table = new int[1 << HashBits];

    /// <summary>The longest that a block of so many bytes can become.</summary>
    public static int MaxEncodedLength(int sourceLength) => checked(sourceLength + (sourceLength / 255) + 16);

    /// <summary>Encodes all of <paramref name="source"/>; <paramref name="destination"/> must have room for <see cref="MaxEncodedLength"/> bytes.</summary>
    /// <returns>Bytes written.</returns>
    public int Encode(ReadOnlySpan<byte> source, Span<byte> destination)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(destination.Length, MaxEncodedLength(source.Length), nameof(destination));
        if (source.IsEmpty)
        {
            destination[0] = 0;
            return 1;
        }

        fixed (byte* sourceStart = source)
        fixed (byte* targetStart = destination)
        fixed (int* table = _table)
        {
            return (int)(EncodeBlock(sourceStart, source.Length, targetStart, table) - targetStart);
        }
    }

    private byte* EncodeBlock(byte* block, int blockLength, byte* output, int* table)
    {
        byte* limit = block + blockLength;
        byte* literal = block;
        if (blockLength > NoMatchBeginsIn)
        {
            _table.AsSpan().Clear();
            byte* lastTry = limit - NoMatchBeginsIn;
            byte* matchLimit = limit - LastLiterals;
            byte* input = block + 1;
            uint tries = 64;
            while (input < lastTry)
            {
                uint word = Unsafe.ReadUnaligned<uint>(input);
                uint slot = (word * 0x9E3779B1u) >> (32 - HashBits);
                byte* candidate = block + table[slot];
                table[slot] = (int)(input - block);
                if (Unsafe.ReadUnaligned<uint>(candidate) != word || input - candidate > MaxDistance)
                {
                    input += tries++ >> 6;
                    continue;
                }

                while (input > literal && candidate > block && input[-1] == candidate[-1])
                {
                    input--;
                    candidate--;
                }

                int length = 4 + MatchCopy.EqualLength(candidate + 4, input + 4, matchLimit);
                output = WriteSequence(output, literal, (int)(input - literal), (int)(input - candidate), length);
                input += length;
                literal = input;
                tries = 64;
                if (input < lastTry)
                {
                    uint before = Unsafe.ReadUnaligned<uint>(input - 2);
                    table[(before * 0x9E3779B1u) >> (32 - HashBits)] = (int)(input - 2 - block);
                }
            }
        }

        return WriteLastLiterals(output, literal, (int)(limit - literal));
    }

    private static byte* WriteSequence(byte* output, byte* literal, int literalLength, int distance, int matchLength)
    {
        byte* token = output++;
        int extra = matchLength - 4;
        *token = (byte)((Math.Min(literalLength, 15) << 4) | Math.Min(extra, 15));
        output = WriteLiterals(output, literal, literalLength);
        Unsafe.WriteUnaligned(output, (ushort)distance);
        output += 2;
        return extra >= 15 ? WriteLength(output, extra - 15) : output;
    }

    private static byte* WriteLastLiterals(byte* output, byte* literal, int literalLength)
    {
        *output++ = (byte)(Math.Min(literalLength, 15) << 4);
        return WriteLiterals(output, literal, literalLength);
    }

    private static byte* WriteLiterals(byte* output, byte* literal, int length)
    {
        if (length >= 15)
        {
            output = WriteLength(output, length - 15);
        }

        Buffer.MemoryCopy(literal, output, length, length);
        return output + length;
    }

    private static byte* WriteLength(byte* output, int rest)
    {
        while (rest >= 255)
        {
            *output++ = 255;
            rest -= 255;
        }

        *output++ = (byte)rest;
        return output;
    }
}
