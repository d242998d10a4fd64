using Sleeper.Ingest.Core.Buffers;
using Sleeper.Ingest.Core.Spilling;
using Sleeper.Ingest.Core.Tests.Support;

namespace Sleeper.Ingest.Core.Tests.Spilling;

public sealed class SpillDamageTests : IDisposable
{
    private delegate void Changing(ref SpillFormat.BlockHeader header);

    private const int Rows = 120;
    private const int AllRows = 7 * Rows;
    private readonly InMemorySpillFiles _files = new();
    private readonly SpillTestBed _bed;
    private readonly SpillWriter _writer;
    private readonly SpillExtent _first;
    private readonly SpillExtent _second;
    private readonly SpillExtent _run;
    private readonly SpillExtent _packed;
    private readonly SpillExtent _packedRun;

    public SpillDamageTests()
    {
        _bed = new SpillTestBed(_files);
        (_writer, _first, _second, _run) = Write();

        // Behind all that: what a bit may do there it does to the packed form.
        List<byte[]> keys = [.. Enumerable.Range(0, Rows).Select(i => SampleRows.Letters(new Random(i), 20))];
        using var rows = new SampleRows(keys);
        _packed = _bed.WriteBucket(_writer, 7, rows, rows);
        _packedRun = _bed.WriteRun(_writer, 8, rows);
    }

    private byte[] Bytes
    {
        get => _files.Files[_run.File.Path].Bytes;
        set => _files.Files[_run.File.Path].Bytes = value;
    }

    [Fact]
    public void Every_flipped_bit_is_detected()
    {
        Assert.Equal(AllRows, CountReadableRows());
        Assert.InRange(Bytes.Length, 18_000, 28_000);
        Assert.Equal(BitGathering.IsQuick, _packed.Length < _packed.RowBytes && _packedRun.Length < _packedRun.RowBytes);
        Assert.True(_run.Length > _run.RowBytes);
        for (int bit = 0; bit < Bytes.Length * 8; bit++)
        {
            Bytes[bit / 8] ^= (byte)(1 << (bit % 8));
            AssertDetected($"bit {bit}");
            Bytes[bit / 8] ^= (byte)(1 << (bit % 8));
        }

        Assert.Equal(AllRows, CountReadableRows());
    }

    [Fact]
    public void Every_truncation_is_detected()
    {
        byte[] whole = Bytes;
        for (int length = 0; length < whole.Length; length++)
        {
            Bytes = whole[..length];
            AssertDetected($"length {length}");
        }
    }

    [Fact]
    public void Random_damage_of_many_bytes_is_detected()
    {
        int seed = SampleRows.NextSeed();
        var random = new Random(seed);
        byte[] whole = Bytes;
        for (int round = 0; round < 20_000; round++)
        {
            byte[] damaged = (byte[])whole.Clone();
            int start = random.Next(damaged.Length);
            Span<byte> part = damaged.AsSpan(start, random.Next(1, Math.Min(200, damaged.Length - start + 1)));
            if (random.Next(2) == 0)
            {
                random.NextBytes(part);
            }
            else
            {
                part.Clear();
            }

            if (!damaged.AsSpan().SequenceEqual(whole))
            {
                Bytes = damaged;
                AssertDetected($"seed {seed}, round {round}");
            }
        }
    }

    [Fact]
    public void Swapped_blocks_extents_and_files_are_detected()
    {
        byte[] whole = Bytes;
        byte[] swapped = (byte[])whole.Clone();
        int block = (int)(_first.Length / 2);
        Assert.Equal(2, _first.BlockCount);
        whole.AsSpan((int)_first.Offset, block).CopyTo(swapped.AsSpan((int)_first.Offset + block));
        whole.AsSpan((int)_first.Offset + block, block).CopyTo(swapped.AsSpan((int)_first.Offset));
        Bytes = swapped;
        AssertDetected("swapped blocks");

        swapped = (byte[])whole.Clone();
        Assert.Equal(_first.Length, _second.Length);
        whole.AsSpan((int)_first.Offset, (int)_first.Length).CopyTo(swapped.AsSpan((int)_second.Offset));
        Bytes = swapped;
        AssertDetected("an extent in the place of another");

        Bytes = whole;
        (SpillWriter other, SpillExtent otherFirst, _, _) = Write();
        other.Dispose();
        Bytes = _files.Files[otherFirst.File.Path].Bytes;
        AssertDetected("a file in the place of another");

        swapped = (byte[])whole.Clone();
        Bytes.AsSpan((int)_run.Offset).CopyTo(swapped.AsSpan((int)_run.Offset));
        Bytes = swapped;
        AssertDetected("a stale end of a file");
    }

    [Fact]
    public void The_error_names_file_block_and_place()
    {
        Bytes[(int)_second.Offset + 60] ^= 1;
        SpillCorruptException error = Assert.Throws<SpillCorruptException>(() => _bed.Load(_second));
        Assert.Equal((_second.File.Path, (long)_second.FirstBlock, _second.Offset), (error.File, error.Block, error.Offset));
        Assert.Contains("checksum", error.Message);
    }

    [Fact]
    public void Damage_that_is_gone_at_the_second_read_does_no_harm()
    {
        int reads = _files.ReadCount;
        for (int failing = 0; failing < 12; failing++)
        {
            int bad = _files.ReadCount + failing;
            _files.OnRead = (number, bytes) =>
            {
                if (number == bad)
                {
                    bytes[^1] ^= 0x10;
                    bytes[5] ^= 0x10;
                }
            };
            Assert.Equal(AllRows, CountReadableRows());
        }

        Assert.True(_files.ReadCount > reads);
    }

    [Fact]
    public void A_read_error_is_tried_again_once()
    {
        int first = _files.ReadCount;
        _files.OnRead = (number, _) => ThrowIf(number - first is 0 or 3 or 5);
        Assert.Equal(AllRows, CountReadableRows());
        _files.OnRead = (_, _) => ThrowIf(true);
        IngestException error = Assert.Throws<IngestException>(() => _bed.Load(_first));
        Assert.True(error.IsRetryable);
        Assert.IsType<IOException>(error.InnerException);
        Assert.Throws<IngestException>(() => _bed.ReadRun(_run));
    }

    [Fact]
    public void Blocks_that_are_whole_but_not_in_order_are_refused()
    {
        using var late = new SampleRows([[9, 1], [9, 2]]);
        using var early = new SampleRows([[1, 1], [1, 2]]);
        using var writer = new SpillWriter(_bed.Directory.CreateFile(), _bed.Memory, 1_000);
        SpillExtent bucket = _bed.WriteBucket(writer, 1, late, early);

        // The same bytes, claimed to be a sorted run by both the descriptor and the blocks.
        byte[] bytes = _files.Files[bucket.File.Path].Bytes;
        SetKind(bytes, (int)bucket.Offset);
        SetKind(bytes, (int)bucket.Offset + ((int)bucket.Length / 2));
        SpillExtent run = bucket with { Kind = SpillKind.SortedRun };
        Assert.Contains("before the last key", Assert.Throws<SpillCorruptException>(() => _bed.ReadRun(run)).Message);
    }

    [Fact]
    public void Rows_that_do_not_add_up_are_refused_although_the_checksum_is_right()
    {
        using var rows = new SampleRows([[1, 2], [3, 4, 5]]);
        using var writer = new SpillWriter(_bed.Directory.CreateFile(), _bed.Memory, 1_000);
        SpillExtent run = _bed.WriteRun(writer, 1, rows);
        byte[] bytes = _files.Files[run.File.Path].Bytes;
        bytes[(int)run.Offset + SpillFormat.BlockHeaderBytes] = 3;
        SetKind(bytes, (int)run.Offset);
        Assert.Contains("whole rows", Assert.Throws<SpillCorruptException>(() => _bed.ReadRun(run)).Message);
        Assert.Contains("whole rows", Assert.Throws<SpillCorruptException>(() => _bed.Load(run)).Message);
    }

    public void Dispose()
    {
        _writer.Dispose();
        _bed.Dispose();
    }

    [Fact]
    public void Packed_rows_that_cannot_be_are_refused_although_the_checksum_is_right()
    {
        if (!BitGathering.IsQuick)
        {
            Assert.Skip("The processor has no quick PEXT: nothing is packed here.");
        }

        byte[] whole = Bytes;
        foreach (SpillExtent extent in (SpillExtent[])[_packed, _packedRun])
        {
            foreach (var change in (Changing[])[
                (ref header) => header.Codec = SpillFormat.RawCodec,
                (ref header) => header.RowLength--,
                (ref header) => header.RowLength = 0,
                (ref header) => header.RowLength = uint.MaxValue,
                (ref header) => header.RowCount--,
                (ref header) => header.RowCount = 0,
                (ref header) => header.RowCount = 1,
                (ref header) => header.Length--,
                (ref header) => header.Length = 0])
            {
                Bytes = (byte[])whole.Clone();
                Change(Bytes, (int)extent.Offset, change);
                AssertDetected($"{extent.Kind}");
            }
        }
    }

    private static void ThrowIf(bool condition)
    {
        if (condition)
        {
            throw InMemorySpillFiles.Error(5);
        }
    }

    private static void SetKind(byte[] bytes, int offset) => Change(bytes, offset, (ref header) => header.Kind = SpillKind.SortedRun);

    private static unsafe void Change(byte[] bytes, int offset, Changing change)
    {
        fixed (byte* block = bytes.AsSpan(offset))
        {
            var header = (SpillFormat.BlockHeader*)block;
            change(ref *header);
            header->Checksum = SpillFormat.BlockChecksum(*header, block + SpillFormat.BlockHeaderBytes);
        }
    }

    private (SpillWriter Writer, SpillExtent First, SpillExtent Second, SpillExtent Run) Write()
    {
        var random = new Random(7);
        List<byte[]> keys = Enumerable.Range(0, Rows).Select(_ => { var key = new byte[30]; random.NextBytes(key); return key; }).ToList();
        using var rows = new SampleRows(keys);
        var writer = new SpillWriter(_bed.Directory.CreateFile(), _bed.Memory, 1_500);
        using var half = new SampleRows(keys.GetRange(0, Rows / 2));
        using var twice = new SampleRows([.. keys, .. keys]);
        return (writer, _bed.WriteBucket(writer, 5, half, half), _bed.WriteBucket(writer, 5, half, half), _bed.WriteRun(writer, 6, twice));
    }

    private int CountReadableRows() =>
        _bed.Load(_first, _second).Count + _bed.ReadRun(_run).Count + _bed.Load(_packed).Count + _bed.ReadRun(_packedRun).Count;

    private void AssertDetected(string what)
    {
        long memory = _bed.Memory.UsedBytes;
        try
        {
            int rows = CountReadableRows();
            Assert.Fail($"{what} was not detected: {rows} rows");
        }
        catch (SpillCorruptException)
        {
            Assert.Equal(memory, _bed.Memory.UsedBytes);
        }
    }
}
