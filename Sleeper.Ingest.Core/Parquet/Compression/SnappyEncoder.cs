using System.Runtime.CompilerServices;

namespace Sleeper.Ingest.Core.Parquet.Compression;

/// <summary>Encodes a Snappy block (raw, without framing).</summary>
/// <remarks>
/// <code>
/// block   = varint uncompressed length, element*
/// element = literal | copy           tag: low two bits say which
///   00  literal  tag[7:2] = length-1 if &lt; 60, else 60..63: 1..4 bytes of length-1 follow (LE); then the bytes
///   01  copy     tag[4:2] = length-4 (4..11), tag[7:5] = distance[10:8], then 1 byte distance[7:0]
///   10  copy     tag[7:2] = length-1 (1..64), then 2 bytes distance (LE)
///   11  copy     tag[7:2] = length-1 (1..64), then 4 bytes distance (LE)   (never written here)
/// </code>
/// <para>The search is greedy with one hash table of positions of 4-byte words, made anew for each piece of 64 KiB (so that positions fit in
/// 16 bits); where nothing matches, the step between tries grows by one for every 32 tries, so that bytes that do not compress cost little.
/// Format: the public description of Snappy's compressed format. Not thread-safe: one table an instance.</para>
/// </remarks>
internal sealed unsafe class SnappyEncoder
{
    private const int PieceLength = 1 << 16;
    private const int HashBits = 14;

    /// <summary>A piece shorter than this is one literal; it also leaves room for 8-byte reads at its end.</summary>
    private const int MinSearchLength = 16;

    private readonly ushort[] _table = new ushort[1 << HashBits];

    /// <summary>The longest that a block of so many bytes can become.</summary>
    public static int MaxEncodedLength(int sourceLength) => checked(32 + sourceLength + (sourceLength / 6));

    /// <summary>Encodes all of <paramref name="source"/>; <paramref name="destination"/> must have room for <see cref="MaxEncodedLength"/> bytes.</summary>
    /// <returns>Bytes written.</returns>
    public int Encode(ReadOnlySpan<byte> source, Span<byte> destination)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(destination.Length, MaxEncodedLength(source.Length), nameof(destination));
        fixed (byte* sourceStart = source)
        fixed (byte* targetStart = destination)
        fixed (ushort* table = _table)
        {
            byte* output = WriteHeader(targetStart, (uint)source.Length);
            int done = 0;
            while (done < source.Length)
            {
                int length = Math.Min(PieceLength, source.Length - done);
                output = EncodePiece(sourceStart + done, length, output, table);
                done += length;
            }

            return (int)(output - targetStart);
        }
    }

    private static byte* WriteHeader(byte* output, uint length)
    {
        while (length >= 0x80)
        {
            *output++ = (byte)(length | 0x80);
            length >>= 7;
        }

        *output++ = (byte)length;
        return output;
    }

    private byte* EncodePiece(byte* piece, int pieceLength, byte* output, ushort* table)
    {
        byte* limit = piece + pieceLength;
        byte* literal = piece;
        if (pieceLength >= MinSearchLength)
        {
            // A short piece needs only a part of the table, and so only that part cleared.
            int bits = Math.Clamp(System.Numerics.BitOperations.Log2((uint)pieceLength) + 1, 8, HashBits);
            int shift = 32 - bits;
            _table.AsSpan(0, 1 << bits).Clear();
            byte* lastTry = limit - MinSearchLength + 1;
            byte* input = piece + 1;
            uint tries = 32;
            while (input < lastTry)
            {
                uint word = Unsafe.ReadUnaligned<uint>(input);
                uint slot = (word * 0x9E3779B1u) >> shift;
                byte* candidate = piece + table[slot];
                table[slot] = (ushort)(input - piece);
                if (Unsafe.ReadUnaligned<uint>(candidate) != word)
                {
                    input += tries++ >> 5;
                    continue;
                }

                if (input > literal)
                {
                    output = WriteLiteral(output, literal, (int)(input - literal));
                }

                int length = 4 + MatchCopy.EqualLength(candidate + 4, input + 4, limit);
                output = WriteCopy(output, (int)(input - candidate), length);
                input += length;
                literal = input;
                tries = 32;
                if (input < lastTry)
                {
                    uint before = Unsafe.ReadUnaligned<uint>(input - 1);
                    table[(before * 0x9E3779B1u) >> shift] = (ushort)(input - 1 - piece);
                }
            }
        }

        return literal < limit ? WriteLiteral(output, literal, (int)(limit - literal)) : output;
    }

    private static byte* WriteLiteral(byte* output, byte* literal, int length)
    {
        uint last = (uint)length - 1;
        if (last < 60)
        {
            *output++ = (byte)(last << 2);
        }
        else if (last < 256)
        {
            *output++ = 60 << 2;
            *output++ = (byte)last;
        }
        else
        {
            // A piece has at most 65,536 bytes, so two bytes always do.
            *output++ = 61 << 2;
            Unsafe.WriteUnaligned(output, (ushort)last);
            output += 2;
        }

        Buffer.MemoryCopy(literal, output, length, length);
        return output + length;
    }

    private static byte* WriteCopy(byte* output, int distance, int length)
    {
        // 64 at a time, but never so that fewer than 4 are left, which the short form cannot say.
        while (length >= 68)
        {
            output = WriteWideCopy(output, distance, 64);
            length -= 64;
        }

        if (length > 64)
        {
            output = WriteWideCopy(output, distance, 60);
            length -= 60;
        }

        if (length >= 12 || distance >= 2048)
        {
            return WriteWideCopy(output, distance, length);
        }

        *output++ = (byte)(1 | ((length - 4) << 2) | ((distance >> 8) << 5));
        *output++ = (byte)distance;
        return output;
    }

    private static byte* WriteWideCopy(byte* output, int distance, int length)
    {
        *output++ = (byte)(2 | ((length - 1) << 2));
        Unsafe.WriteUnaligned(output, (ushort)distance);
        return output + 2;
    }
}
