using System.Runtime.CompilerServices;

namespace Sleeper.Ingest.Core.Spilling;

/// <summary>Reads the blocks of one extent in order, unpacks them, and believes nothing before it is checked.</summary>
/// <remarks>
/// A block is passed on only if its magic, file, place in the file, owner, kind and checksum are right, and lengths and row counts fit what
/// the writer of the extent remembers. A block that is wrong, or cannot be read, is read once more. One caller at a time.
/// </remarks>
internal sealed unsafe class BlockReader(SpillExtent extent)
{
    private long _offset = extent.Offset;
    private long _blockOffset;
    private uint _block = extent.FirstBlock;
    private long _rowBytes;
    private long _rowCount;

    /// <summary>The room that <see cref="TryRead"/> needs at least.</summary>
    public static long RoomBytes(SpillExtent extent) => (long)extent.LargestBlockBytes + SpillFormat.BlockHeaderBytes;

    /// <summary>Reads the next block; false after the last one.</summary>
    /// <param name="room">Where it goes: its header, then its rows.</param>
    /// <param name="roomBytes">
    /// How many bytes it may have there; what follows the block is overwritten too, up to <see cref="PackedRows.UnpackSpareBytes"/> beyond the room.
    /// </param>
    /// <param name="length">The length of its rows.</param>
    /// <param name="rowCount">How many rows it claims.</param>
    public bool TryRead(byte* room, long roomBytes, out int length, out int rowCount)
    {
        length = 0;
        rowCount = 0;
        long left = extent.Offset + extent.Length - _offset;
        if (left == 0 || _block - extent.FirstBlock == extent.BlockCount)
        {
            CheckTotals(left);
            return false;
        }

        var bytes = new Span<byte>(room, (int)Math.Min(left, Math.Min(roomBytes, extent.LargestStoredBytes + SpillFormat.BlockHeaderBytes)));
        if (_block == extent.FirstBlock)
        {
            CheckFileHeader();
        }

        long roomForRows = Math.Min(roomBytes - SpillFormat.BlockHeaderBytes, extent.LargestBlockBytes);
        if (Read(bytes, roomForRows) is { } fault && Read(bytes, roomForRows) is { } secondFault)
        {
            throw Failure(secondFault, fault);
        }

        ref SpillFormat.BlockHeader header = ref Unsafe.AsRef<SpillFormat.BlockHeader>(room);
        length = (int)header.RowLength;
        rowCount = (int)header.RowCount;
        _blockOffset = _offset;
        _offset += SpillFormat.BlockHeaderBytes + header.Length;
        _block++;
        _rowBytes += length;
        _rowCount += rowCount;
        return true;
    }

    /// <summary>The error for rows of the block read last that do not add up although their checksum is right.</summary>
    public SpillCorruptException RowsDoNotFit(int length, int rowCount, nint faultOffset) => SpillErrors.Corrupt(
        extent.File.Path,
        (long)_block - 1,
        _blockOffset,
        $"its {length:N0} bytes are not {rowCount:N0} whole rows; the first that does not fit is at byte {faultOffset:N0} of them");

    /// <summary>The error for a block that starts before the last one ends, in key order.</summary>
    public SpillCorruptException NotInOrder() => SpillErrors.Corrupt(
        extent.File.Path, (long)_block - 1, _blockOffset, "its first key comes before the last key of the block before it, in a sorted run");

    /// <summary>What is wrong with the block at the present place, or null; an exception if it could not be read. Unpacks it.</summary>
    private object? Read(Span<byte> bytes, long roomForRows)
    {
        int count;
        try
        {
            count = extent.File.Read(bytes, _offset);
        }
        catch (IOException e)
        {
            return e;
        }

        if (count < bytes.Length)
        {
            return $"the file ends at byte {_offset + count:N0}, but this extent goes to byte {extent.Offset + extent.Length:N0}";
        }

        fixed (byte* block = bytes)
        {
            return Check((SpillFormat.BlockHeader*)block, bytes.Length - SpillFormat.BlockHeaderBytes, roomForRows) ?? Unpack((SpillFormat.BlockHeader*)block);
        }
    }

    private string? Check(SpillFormat.BlockHeader* header, int stored, long roomForRows)
    {
        if (stored < 0 || header->Magic != SpillFormat.BlockMagic)
        {
            return "no block starts there";
        }

        if (header->Length > (uint)stored || header->RowLength > roomForRows || header->RowCount > extent.LargestBlockRowCount)
        {
            return $"it claims {header->RowCount:N0} rows of {header->RowLength:N0} bytes, {header->Length:N0} as stored; "
                + $"the most there is room for are {extent.LargestBlockRowCount:N0}, {roomForRows:N0} and {stored:N0}";
        }

        uint checksum = SpillFormat.BlockChecksum(*header, (byte*)(header + 1));
        if (checksum != header->Checksum)
        {
            return $"its checksum is {checksum:x8}, but it says {header->Checksum:x8}";
        }

        if (header->FileId != extent.File.Id || header->Sequence != _block || header->Owner != extent.Owner || header->Kind != extent.Kind)
        {
            return $"it is whole, but block {header->Sequence} of {header->Kind} {header->Owner} of file {header->FileId:x16}, " +
                $"where block {_block} of {extent.Kind} {extent.Owner} of file {extent.File.Id:x16} was expected";
        }

        return header->Codec is SpillFormat.RawCodec or SpillFormat.PackedCodec && header->Zero == 0 ? null : $"its codec is {header->Codec}, unknown here";
    }

    /// <summary>Puts the rows of a block in the place of what is stored, which may be less. What is wrong if that is not possible.</summary>
    private static string? Unpack(SpillFormat.BlockHeader* header)
    {
        byte* rows = (byte*)(header + 1);
        bool isWhole = header->Codec == SpillFormat.RawCodec
            ? header->Length == header->RowLength
            : PackedRows.TryUnpack(rows, (int)header->Length, rows, (int)header->RowLength, (int)header->RowCount);
        return isWhole ? null : $"its {header->Length:N0} bytes as stored, with codec {header->Codec}, are not {header->RowCount:N0} rows of {header->RowLength:N0} bytes";
    }

    private void CheckFileHeader()
    {
        Span<byte> expected = stackalloc byte[SpillFormat.FileHeaderBytes];
        Span<byte> found = stackalloc byte[SpillFormat.FileHeaderBytes];
        SpillFormat.WriteFileHeader(expected, extent.File.Id);
        for (int tries = 1; ; tries++)
        {
            try
            {
                if (extent.File.Read(found, 0) == found.Length && found.SequenceEqual(expected))
                {
                    return;
                }

                if (tries == 2)
                {
                    throw SpillErrors.Corrupt(extent.File.Path, -1, 0, $"its bytes are {Convert.ToHexString(found)}, but {Convert.ToHexString(expected)} were written");
                }
            }
            catch (IOException e) when (tries == 2)
            {
                throw SpillErrors.ReadFailed(extent.File.Path, 0, e);
            }
            catch (IOException)
            {
                // Once more.
            }
        }
    }

    private void CheckTotals(long left)
    {
        if (left != 0 || _block - extent.FirstBlock != extent.BlockCount || _rowBytes != extent.RowBytes || _rowCount != extent.RowCount)
        {
            throw SpillErrors.Corrupt(
                extent.File.Path,
                _block,
                _offset,
                $"up to there, {_block - extent.FirstBlock} blocks had {_rowCount:N0} rows in {_rowBytes:N0} bytes, but {extent.BlockCount} blocks with {extent.RowCount:N0} rows in {extent.RowBytes:N0} bytes were written");
        }
    }

    private IngestException Failure(object fault, object firstFault) => fault as Exception is { } error
        ? SpillErrors.ReadFailed(extent.File.Path, _offset, error)
        : SpillErrors.Corrupt(extent.File.Path, _block, _offset, fault as string ?? (string)firstFault);
}
