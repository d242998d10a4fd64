using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Sleeper.Ingest.Core.Buffers;

namespace Sleeper.Ingest.Core.Spilling;

/// <summary>Rows of one length without the bits in which they agree: of letters three bits in eight go, of small numbers most bytes.</summary>
/// <remarks>
/// <code>
/// row*             the varying bits of a row's words, one behind the other from the lowest on; each row begins with a new byte, and so does a
///                  word whose bits would not end within eight bytes of the one in which they begin
/// u64 mask * words the bits that vary, word by word; the last word of a row may be short
/// u64 bits * words the bits that do not: as in each row, zero where the mask is set
/// </code>
/// A word's bits so lie at the same place of each packed row, and one load, shift and PDEP bring them back.
/// </remarks>
internal static unsafe class PackedRows
{
    /// <summary>Shorter rows are not packed.</summary>
    public const int MinRowBytes = sizeof(ulong);

    /// <summary>Longer rows are not packed: a block would have too few of them.</summary>
    public const int MaxRowBytes = 2048;

    /// <summary>How far in front of the rows the packed ones must begin if they are to take their place.</summary>
    public const int GapBytes = 8;

    /// <summary>The bytes behind the packed rows that <see cref="Pack"/> may overwrite.</summary>
    public const int SpareBytes = 8;

    /// <summary>So many bytes behind the rows <see cref="TryUnpack"/> may read and overwrite.</summary>
    public const int UnpackSpareBytes = 24;

    /// <summary>Packed rows end so far behind the rows' own place, when they are unpacked towards it.</summary>
    private const int LagBytes = 16;

    private const int MaxWords = MaxRowBytes / sizeof(ulong);
    private const int WordTableBytes = 2 * sizeof(ulong);

    /// <summary>So many rows tell most blocks that are not worth it.</summary>
    private const int SampleRows = 64;

    /// <summary>Rows that are looked at column by column stay in the first cache meanwhile.</summary>
    private const int TileBytes = 16 * 1024;

    /// <summary>The most bytes that <see cref="Pack"/> makes of so many.</summary>
    public static int MaxLength(int length) => length - (length / 8);

    /// <summary>Packs rows. Returns how many bytes they take then, or 0 if they are not of one length, or would not shrink by an eighth.</summary>
    /// <param name="rows">Rows one behind the other.</param>
    /// <param name="length">Their bytes.</param>
    /// <param name="rowCount">How many.</param>
    /// <param name="destination">
    /// Room for <see cref="MaxLength"/> and <see cref="SpareBytes"/>: elsewhere, or <see cref="GapBytes"/> or more before the rows. Nothing is
    /// written if the result is 0.
    /// </param>
    public static int Pack(byte* rows, int length, int rowCount, byte* destination)
    {
        if (rowCount < 2 || length % rowCount != 0 || length / rowCount is < MinRowBytes or > MaxRowBytes)
        {
            return 0;
        }

        int rowBytes = length / rowCount;
        byte* varying = stackalloc byte[MaxRowBytes];
        Word* words = stackalloc Word[MaxWords];
        new Span<byte>(varying, MaxRowBytes).Clear();
        for (int first = 0, count = Math.Min(SampleRows, rowCount); first < rowCount; first += count, count = Math.Min(Math.Max(1, TileBytes / rowBytes), rowCount - first))
        {
            AddVarying(rows, rows + ((nint)first * rowBytes), rowBytes, count, varying);
            if (first == 0 && PackedLength(Place(words, varying, rows, rowBytes), rowBytes, rowCount) > MaxLength(length))
            {
                return 0;
            }
        }

        int packedRowBytes = Place(words, varying, rows, rowBytes);
        long packed = PackedLength(packedRowBytes, rowBytes, rowCount);
        if (packed > MaxLength(length))
        {
            return 0;
        }

        int wordCount = WordCount(rowBytes);
        PackAll(rows, rowBytes, rowCount, words, wordCount, packedRowBytes, destination);
        ulong* table = (ulong*)(destination + ((nint)rowCount * packedRowBytes));
        for (int i = 0; i < wordCount; i++)
        {
            Unsafe.WriteUnaligned(table + i, words[i].Mask);
            Unsafe.WriteUnaligned(table + wordCount + i, words[i].Bits);
        }

        return (int)packed;
    }

    /// <summary>
    /// Unpacks rows into a place of which the packed ones may be a part. False if they are not what <see cref="Pack"/> makes of so many
    /// rows; then nothing was written.
    /// </summary>
    /// <param name="packed">The packed rows.</param>
    /// <param name="packedLength">Their bytes.</param>
    /// <param name="rows">Room for the rows, and <see cref="UnpackSpareBytes"/>.</param>
    /// <param name="length">The bytes of the rows.</param>
    /// <param name="rowCount">How many.</param>
    public static bool TryUnpack(byte* packed, int packedLength, byte* rows, int length, int rowCount)
    {
        if (!BitGathering.IsQuick || rowCount < 2 || length % rowCount != 0 || length / rowCount is < MinRowBytes or > MaxRowBytes)
        {
            return false;
        }

        int rowBytes = length / rowCount;
        int wordCount = WordCount(rowBytes);
        int tableBytes = wordCount * WordTableBytes;
        if (packedLength < tableBytes)
        {
            return false;
        }

        Word* words = stackalloc Word[MaxWords];
        ulong* table = (ulong*)(packed + packedLength - tableBytes);
        for (int i = 0; i < wordCount; i++)
        {
            words[i].Mask = Unsafe.ReadUnaligned<ulong>(table + i);
            words[i].Bits = Unsafe.ReadUnaligned<ulong>(table + wordCount + i);
        }

        Word last = words[wordCount - 1];
        int packedRowBytes = Place(words, wordCount);
        bool isWithinRow = ((last.Mask | last.Bits) & ~LastWordBits(rowBytes)) == 0;
        if (!isWithinRow || packedRowBytes > rowBytes || PackedLength(packedRowBytes, rowBytes, rowCount) != packedLength)
        {
            return false;
        }

        // A packed row is not longer than a row. Where a word ends, what is left of it is longer than what is left of the row by two bytes at most, a
        // begun one and one that was skipped; and a row's last word goes beyond its end by seven at most. So nothing is overwritten before it is read.
        nint packedBytes = (nint)rowCount * packedRowBytes;
        byte* from = rows + length + LagBytes - packedBytes;
        Buffer.MemoryCopy(packed, from, packedBytes, packedBytes);
        UnpackAll(from, packedRowBytes, words, wordCount, rows, rowBytes, rowCount);
        return true;
    }

    private static int WordCount(int rowBytes) => (rowBytes + sizeof(ulong) - 1) / sizeof(ulong);

    private static ulong LastWordBits(int rowBytes) => ulong.MaxValue >> (-8 * rowBytes & 63);

    private static long PackedLength(int packedRowBytes, int rowBytes, int rowCount) =>
        ((long)rowCount * packedRowBytes) + (WordCount(rowBytes) * WordTableBytes);

    /// <summary>Adds the bits in which some rows differ from the first one, column by column.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void AddVarying(byte* first, byte* rows, int rowBytes, int rowCount, byte* varying)
    {
        byte* end = rows + ((nint)rowCount * rowBytes);
        if (rowBytes >= Vector256<byte>.Count)
        {
            for (int column = 0; ; column = Math.Min(column + Vector256<byte>.Count, rowBytes - Vector256<byte>.Count))
            {
                var bits = Vector256.Load(varying + column);
                var expected = Vector256.Load(first + column);
                for (byte* row = rows + column; row < end; row += rowBytes)
                {
                    bits |= Vector256.Load(row) ^ expected;
                }

                bits.Store(varying + column);
                if (column == rowBytes - Vector256<byte>.Count)
                {
                    return;
                }
            }
        }

        for (int column = 0; ; column = Math.Min(column + sizeof(ulong), rowBytes - sizeof(ulong)))
        {
            ulong bits = Unsafe.ReadUnaligned<ulong>(varying + column);
            ulong expected = Unsafe.ReadUnaligned<ulong>(first + column);
            for (byte* row = rows + column; row < end; row += rowBytes)
            {
                bits |= Unsafe.ReadUnaligned<ulong>(row) ^ expected;
            }

            Unsafe.WriteUnaligned(varying + column, bits);
            if (column == rowBytes - sizeof(ulong))
            {
                return;
            }
        }
    }

    private static int Place(Word* words, byte* varying, byte* first, int rowBytes)
    {
        int wordCount = WordCount(rowBytes);
        for (int i = 0; i < wordCount; i++)
        {
            ulong value = 0;
            Buffer.MemoryCopy(first + (i * sizeof(ulong)), &value, sizeof(ulong), Math.Min(sizeof(ulong), rowBytes - (i * sizeof(ulong))));
            words[i].Mask = Unsafe.ReadUnaligned<ulong>(varying + (i * sizeof(ulong)));
            words[i].Bits = value & ~words[i].Mask;
        }

        return Place(words, wordCount);
    }

    /// <summary>Finds the place of each word's bits in a packed row. Returns the length of that.</summary>
    private static int Place(Word* words, int wordCount)
    {
        int bit = 0;
        for (int i = 0; i < wordCount; i++)
        {
            int count = BitOperations.PopCount(words[i].Mask);
            if ((bit & 7) + count > 64)
            {
                bit = (bit + 7) & ~7;
            }

            words[i].At = bit / 8;
            words[i].Shift = bit & 7;
            bit += count;
        }

        return (bit + 7) / 8;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void PackAll(byte* rows, int rowBytes, int rowCount, Word* words, int wordCount, int packedRowBytes, byte* destination)
    {
        nint last = wordCount - 1;
        int lastShift = -8 * rowBytes & 63;
        for (int i = 0; i < rowCount; i++)
        {
            // What of a word does not fill a byte begins the next one's.
            ulong carry = 0;
            for (nint w = 0; w < last; w++)
            {
                ulong bits = carry | (Gather(Unsafe.ReadUnaligned<ulong>(rows + (w * sizeof(ulong))), words[w].Mask) << words[w].Shift);
                Unsafe.WriteUnaligned(destination + words[w].At, bits);
                int half = (words[w + 1].At - words[w].At) * 4;
                carry = bits >> half >> half;
            }

            ulong tail = Unsafe.ReadUnaligned<ulong>(rows + rowBytes - sizeof(ulong)) >> lastShift;
            Unsafe.WriteUnaligned(destination + words[last].At, carry | (Gather(tail, words[last].Mask) << words[last].Shift));
            rows += rowBytes;
            destination += packedRowBytes;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void UnpackAll(byte* packed, int packedRowBytes, Word* words, int wordCount, byte* rows, int rowBytes, int rowCount)
    {
        for (int i = 0; i < rowCount; i++)
        {
            for (nint w = 0; w < wordCount; w++)
            {
                ulong bits = Unsafe.ReadUnaligned<ulong>(packed + words[w].At) >> words[w].Shift;
                Unsafe.WriteUnaligned(rows + (w * sizeof(ulong)), words[w].Bits | Scatter(bits, words[w].Mask));
            }

            packed += packedRowBytes;
            rows += rowBytes;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Gather(ulong value, ulong mask) =>
        Bmi2.X64.IsSupported ? Bmi2.X64.ParallelBitExtract(value, mask) : throw new PlatformNotSupportedException();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Scatter(ulong bits, ulong mask) =>
        Bmi2.X64.IsSupported ? Bmi2.X64.ParallelBitDeposit(bits, mask) : throw new PlatformNotSupportedException();

    [StructLayout(LayoutKind.Sequential)]
    private struct Word
    {
        public ulong Mask;
        public ulong Bits;

        /// <summary>The byte of a packed row in which its bits begin.</summary>
        public int At;

        /// <summary>And the bit in that byte.</summary>
        public int Shift;
    }
}
