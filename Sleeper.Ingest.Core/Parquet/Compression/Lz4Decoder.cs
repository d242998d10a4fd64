using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Sleeper.Ingest.Core.Parquet.Compression;

/// <summary>Decodes an LZ4 block. See <see cref="Lz4Encoder"/> for the picture of the bytes.</summary>
internal static unsafe class Lz4Decoder
{
    private const int WideLiteral = 16;

    /// <summary>Fills <paramref name="destination"/> exactly.</summary>
    /// <exception cref="ParquetFormatException">The bytes are not an LZ4 block of that length. The destination may be partly written.</exception>
    public static void Decode(ReadOnlySpan<byte> source, Span<byte> destination)
    {
        int written = TryDecode(source, destination);
        if (written < 0)
        {
            throw new ParquetFormatException($"An LZ4 block of {source.Length:N0} bytes is damaged or gives more than {destination.Length:N0} bytes.");
        }

        if (written != destination.Length)
        {
            throw new ParquetFormatException(
                $"An LZ4 block of {source.Length:N0} bytes gave {written:N0} bytes; its page header claims {destination.Length:N0}.");
        }
    }

    /// <summary>Decodes a block of unknown length into the start of <paramref name="destination"/>.</summary>
    /// <returns>Bytes written, or -1 if this is not a block or the destination is too short.</returns>
    public static int TryDecode(ReadOnlySpan<byte> source, Span<byte> destination)
    {
        fixed (byte* sourceStart = source)
        fixed (byte* targetStart = destination)
        {
            byte* input = sourceStart;
            byte* inputLimit = sourceStart + source.Length;
            byte* output = targetStart;
            byte* outputLimit = targetStart + destination.Length;
            while (input < inputLimit)
            {
                uint token = *input++;
                ulong literalLength = token >> 4;
                if (literalLength < 15 && inputLimit - input >= WideLiteral && outputLimit - output >= WideLiteral)
                {
                    Vector128.Load(input).Store(output);
                }
                else
                {
                    if (literalLength == 15 && !TryReadLength(ref input, inputLimit, ref literalLength))
                    {
                        return -1;
                    }

                    if (literalLength > (ulong)(inputLimit - input) || literalLength > (ulong)(outputLimit - output))
                    {
                        return -1;
                    }

                    Buffer.MemoryCopy(input, output, outputLimit - output, (long)literalLength);
                }

                input += literalLength;
                output += literalLength;
                if (input == inputLimit)
                {
                    return (int)(output - targetStart); // The last sequence is literals only.
                }

                if (inputLimit - input < 2)
                {
                    return -1;
                }

                uint distance = Unsafe.ReadUnaligned<ushort>(input);
                input += 2;
                ulong matchLength = token & 15;
                if (matchLength == 15 && !TryReadLength(ref input, inputLimit, ref matchLength))
                {
                    return -1;
                }

                matchLength += 4;
                if (distance - 1 >= (ulong)(output - targetStart) || matchLength > (ulong)(outputLimit - output))
                {
                    return -1;
                }

                MatchCopy.Match(output, (int)distance, (int)matchLength, outputLimit);
                output += matchLength;
            }

            return source.IsEmpty ? 0 : -1;
        }
    }

    private static bool TryReadLength(ref byte* input, byte* inputLimit, ref ulong length)
    {
        byte next;
        do
        {
            if (input == inputLimit)
            {
                return false;
            }

            next = *input++;
            length += next;
        }
        while (next == 255);
        return true;
    }
}
