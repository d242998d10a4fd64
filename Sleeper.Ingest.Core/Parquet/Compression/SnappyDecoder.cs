using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Sleeper.Ingest.Core.Parquet.Compression;

/// <summary>Decodes a Snappy block (raw, without framing). See <see cref="SnappyEncoder"/> for the picture of the bytes.</summary>
internal static unsafe class SnappyDecoder
{
    private const int WideLiteral = 16;

    /// <summary>Fills <paramref name="destination"/> exactly.</summary>
    /// <exception cref="ParquetFormatException">The bytes are not a Snappy block of that length. The destination may be partly written.</exception>
    public static void Decode(ReadOnlySpan<byte> source, Span<byte> destination)
    {
        int headerLength = ReadHeader(source, destination.Length);
        fixed (byte* sourceStart = source)
        fixed (byte* targetStart = destination)
        {
            byte* input = sourceStart + headerLength;
            byte* inputLimit = sourceStart + source.Length;
            byte* output = targetStart;
            byte* outputLimit = targetStart + destination.Length;
            while (input < inputLimit)
            {
                uint tag = *input++;
                if ((tag & 3) == 0)
                {
                    uint literalLength = (tag >> 2) + 1;
                    if (literalLength <= WideLiteral && inputLimit - input >= WideLiteral && outputLimit - output >= WideLiteral)
                    {
                        Vector128.Load(input).Store(output);
                    }
                    else
                    {
                        if (literalLength > 60)
                        {
                            literalLength = ReadLongLiteralLength(ref input, inputLimit, (int)literalLength - 60);
                        }

                        if (literalLength > (ulong)(inputLimit - input) || literalLength > (ulong)(outputLimit - output))
                        {
                            ThrowOutside("literal", literalLength, input - sourceStart);
                        }

                        Buffer.MemoryCopy(input, output, outputLimit - output, literalLength);
                    }

                    input += literalLength;
                    output += literalLength;
                    continue;
                }

                uint length;
                uint distance;
                if ((tag & 3) == 1)
                {
                    if (inputLimit - input < 1)
                    {
                        ThrowCut(input - sourceStart);
                    }

                    length = ((tag >> 2) & 7) + 4;
                    distance = ((tag >> 5) << 8) | *input++;
                }
                else if ((tag & 3) == 2)
                {
                    if (inputLimit - input < 2)
                    {
                        ThrowCut(input - sourceStart);
                    }

                    length = (tag >> 2) + 1;
                    distance = Unsafe.ReadUnaligned<ushort>(input);
                    input += 2;
                }
                else
                {
                    if (inputLimit - input < 4)
                    {
                        ThrowCut(input - sourceStart);
                    }

                    length = (tag >> 2) + 1;
                    distance = Unsafe.ReadUnaligned<uint>(input);
                    input += 4;
                }

                // A distance of 0 wraps round to the largest number and is refused with those that reach before the start.
                if (distance - 1 >= (ulong)(output - targetStart) || length > (ulong)(outputLimit - output))
                {
                    ThrowOutside("copy", length, input - sourceStart);
                }

                MatchCopy.Match(output, (int)distance, (int)length, outputLimit);
                output += length;
            }

            if (output != outputLimit)
            {
                throw new ParquetFormatException(
                    $"A Snappy block of {source.Length:N0} bytes gave {output - targetStart:N0} bytes; its header claims {destination.Length:N0}.");
            }
        }
    }

    private static int ReadHeader(ReadOnlySpan<byte> source, int expectedLength)
    {
        ulong claimed = 0;
        int position = 0;
        int shift = 0;
        while (true)
        {
            if (position == source.Length || shift > 28)
            {
                throw new ParquetFormatException($"A Snappy block of {source.Length:N0} bytes does not begin with a length.");
            }

            byte next = source[position++];
            claimed |= (ulong)(next & 0x7F) << shift;
            if (next < 0x80)
            {
                break;
            }

            shift += 7;
        }

        if (claimed != (ulong)expectedLength)
        {
            throw new ParquetFormatException($"A Snappy block claims {claimed:N0} bytes, but its page header {expectedLength:N0}.");
        }

        return position;
    }

    private static uint ReadLongLiteralLength(ref byte* input, byte* inputLimit, int byteCount)
    {
        if (inputLimit - input < byteCount)
        {
            throw new ParquetFormatException("A Snappy block ends inside the length of a literal.");
        }

        uint length = 0;
        for (int i = 0; i < byteCount; i++)
        {
            length |= (uint)input[i] << (8 * i);
        }

        input += byteCount;
        if (length == uint.MaxValue)
        {
            throw new ParquetFormatException("A Snappy block claims a literal of 4,294,967,296 bytes.");
        }

        return length + 1;
    }

    private static void ThrowOutside(string what, uint length, long position) =>
        throw new ParquetFormatException($"A Snappy block has a {what} of {length:N0} bytes that leaves its buffers, before byte {position:N0} of the block.");

    private static void ThrowCut(long position) =>
        throw new ParquetFormatException($"A Snappy block ends inside a copy, at byte {position:N0} of the block.");
}
