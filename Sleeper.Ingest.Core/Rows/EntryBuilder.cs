using System.Diagnostics;
using System.Runtime.CompilerServices;
using Sleeper.Ingest.Core.Buffers;

namespace Sleeper.Ingest.Core.Rows;

/// <summary>Makes the entries of rows that lie one behind the other, in their order.</summary>
internal static unsafe class EntryBuilder
{
    /// <summary>The processor does not foresee where the next row begins: fetched this far ahead, rows of 460 bytes take 120 ns to sort instead of 240.</summary>
    private const int PrefetchBytes = 2048;

    /// <summary>Makes one entry per row of bytes that this process encoded and still has in memory, and returns how many.</summary>
    /// <param name="rows">Whole rows, as <see cref="RowFormat"/> lays them out.</param>
    /// <param name="length">Their length in bytes.</param>
    /// <param name="destination">Room for all entries.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static int Build(byte* rows, nint length, RowEntry* destination)
    {
        byte* end = rows + length;
        RowEntry* entry = destination;
        while (rows < end)
        {
            int header = RowFormat.ReadHeader(rows, out int keyLength, out int valueLength);
            Prefetch.Lines(rows + PrefetchBytes, keyLength + valueLength);
            entry->Prefix = RowFormat.KeyPrefix(rows + header, keyLength, 0);
            entry->Row = rows;
            entry++;
            rows += header + keyLength + (nint)valueLength;
        }

        Debug.Assert(rows == end, "The rows fill their block.");
        return (int)(entry - destination);
    }

    /// <summary>
    /// Makes one entry per row of bytes that come from disk. False if they are not whole rows, exactly <paramref name="expectedCount"/> of
    /// them; nothing beyond <paramref name="length"/> bytes is read, and nothing beyond that many entries written.
    /// </summary>
    /// <param name="rows">The bytes.</param>
    /// <param name="length">How many.</param>
    /// <param name="destination">Room for <paramref name="expectedCount"/> entries.</param>
    /// <param name="expectedCount">How many rows there must be.</param>
    /// <param name="faultOffset">If false: where the first row starts that does not fit, or that is one too many, or where the rows end too early.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static bool TryBuild(byte* rows, nint length, RowEntry* destination, int expectedCount, out nint faultOffset)
    {
        nint offset = 0;
        for (int i = 0; i < expectedCount; i++)
        {
            nint rowLength = CheckedRowLength(rows + offset, length - offset, out int header, out int keyLength);
            if (rowLength == 0)
            {
                faultOffset = offset;
                return false;
            }

            byte* row = rows + offset;
            destination[i].Prefix = RowFormat.KeyPrefix(row + header, keyLength, 0);
            destination[i].Row = row;
            offset += rowLength;
        }

        faultOffset = offset;
        return offset == length;
    }

    /// <summary>The whole length of the row, or 0 if it does not end within <paramref name="left"/> bytes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static nint CheckedRowLength(byte* row, nint left, out int header, out int keyLength)
    {
        // A long header may be read to its end only if there is room for the longest.
        if (left >= RowFormat.MaxHeaderBytes)
        {
            header = RowFormat.ReadHeader(row, out keyLength, out int valueLength);
            return ClaimedLength(left, header, keyLength, valueLength);
        }

        return CheckedRowLengthAtEnd(row, left, out header, out keyLength);
    }

    private static nint CheckedRowLengthAtEnd(byte* row, nint left, out int header, out int keyLength)
    {
        byte* copy = stackalloc byte[RowFormat.MaxHeaderBytes];
        new Span<byte>(copy, RowFormat.MaxHeaderBytes).Clear();
        Buffer.MemoryCopy(row, copy, RowFormat.MaxHeaderBytes, left);
        header = RowFormat.ReadHeader(copy, out keyLength, out int valueLength);
        return ClaimedLength(left, header, keyLength, valueLength);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static nint ClaimedLength(nint left, int header, int keyLength, int valueLength)
    {
        long length = (long)header + keyLength + valueLength;
        return (keyLength | valueLength) >= 0 && length <= left ? (nint)length : 0;
    }
}
