using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Sleeper.Ingest.Core.Buffers;
using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.Sorting;
using Sleeper.Ingest.Core.Spilling;
using Sleeper.Ingest.Core.Tests.Support;

namespace Sleeper.Ingest.TestWorker.Fuzzing;

/// <summary>A spill file, read as the extents of a bucket and as a sorted run: what is taken, and what is given, must be what a plain reader says.</summary>
/// <remarks>The first byte of an input chooses the sample whose extents are looked for; the others are the file.</remarks>
internal sealed unsafe class SpillTarget : FuzzTarget
{
    private const int RawSampleCount = 6;
    private const int SampleCount = 10;
    private const int HeaderFields = SpillFormat.BlockHeaderBytes / sizeof(uint);

    private readonly InMemorySpillFiles _files = new();
    private readonly MemoryBudget _memory = new(1 << 24);
    private readonly Lazy<Sample[]> _samples;

    public SpillTarget() => _samples = new(MakeSamples);

    public override string Name => "spill";

    public override bool IsRefusal(Exception error) => error is Core.SpillCorruptException;

    public override byte[] Make(FuzzRandom random)
    {
        int number = random.Next(SampleCount);
        Sample sample = _samples.Value[number];
        byte[] file = random.OneIn(5) ? ByteMutator.Mutated(sample.Bytes, [sample.Bytes], random) : Changed(sample, random);
        return [(byte)number, .. file];
    }

    public override void Run(byte[] input, FuzzWork work)
    {
        Sample sample = _samples.Value[input.Length == 0 ? 0 : input[0] % SampleCount];
        byte[] file = input.Length == 0 ? [] : input[1..];
        _files.Files[sample.Run.File.Path].Bytes = file;
        Core.SpillCorruptException? fault = Load(sample, file, work) ?? ReadRun(sample, file, work);
        if (_memory.UsedBytes != 0)
        {
            throw new FuzzFailure($"{_memory.UsedBytes:N0} bytes of memory were not given back.");
        }

        if (fault is not null)
        {
            throw fault;
        }
    }

    private Core.SpillCorruptException? Load(Sample sample, byte[] file, FuzzWork work)
    {
        List<byte[]>? expected = PlainSpill.Rows(file, sample.Bucket);
        try
        {
            using SpilledRows rows = SpillReader.Load(sample.Bucket, _memory);
            using var entries = new NativeBuffer(Math.Max(1, rows.RowCount) * sizeof(RowEntry));
            rows.BuildEntries((RowEntry*)entries.Pointer);
            Compare(expected, (RowEntry*)entries.Pointer, rows.RowCount, 0, work);
            Compare(expected, rows.RowCount);
            return null;
        }
        catch (Core.SpillCorruptException fault)
        {
            return expected is null ? fault : throw new FuzzFailure($"A good bucket was refused: {fault.Message}", fault);
        }
    }

    private Core.SpillCorruptException? ReadRun(Sample sample, byte[] file, FuzzWork work)
    {
        List<byte[]>? expected = PlainSpill.SortedRows(file, sample.Run);
        try
        {
            using var cursor = new RunCursor(sample.Run, _memory);
            int given = 0;
            while (cursor.MoveNext(out RowEntry* entries, out int count))
            {
                if (expected is not null)
                {
                    Compare(expected, entries, count, given, work);
                }

                given += count;
            }

            Compare(expected, given);
            return null;
        }
        catch (Core.SpillCorruptException fault)
        {
            return expected is null ? fault : throw new FuzzFailure($"A good run was refused: {fault.Message}", fault);
        }
    }

    private static void Compare(List<byte[]>? expected, int given)
    {
        if (expected is null || expected.Count != given)
        {
            throw new FuzzFailure($"{given:N0} rows were given; {(expected is null ? "the blocks are bad" : $"{expected.Count:N0} are there")}.");
        }
    }

    private static void Compare(List<byte[]>? expected, RowEntry* entries, int count, int first, FuzzWork work)
    {
        if (expected is null || first + count > expected.Count)
        {
            throw new FuzzFailure($"{first + count:N0} rows were given; {(expected is null ? "the blocks are bad" : $"{expected.Count:N0} are there")}.");
        }

        for (int i = 0; i < count; i++)
        {
            byte[] row = expected[first + i];
            work.Steps++;
            work.DeliveredBytes += row.Length;
            if (!new ReadOnlySpan<byte>(entries[i].Row, row.Length).SequenceEqual(row) || entries[i].Prefix != PlainSpill.Prefix(row))
            {
                throw new FuzzFailure($"Row {first + i} is another one.");
            }
        }
    }

    /// <summary>A block's header or rows are changed, or it stands in another's place; then its checksum is mostly made right again.</summary>
    private byte[] Changed(Sample sample, FuzzRandom random)
    {
        byte[] file = (byte[])sample.Bytes.Clone();
        int changes = random.OneIn(3) ? 2 : 1;
        for (int i = 0; i < changes; i++)
        {
            (int offset, int length) = random.Pick(sample.Blocks);
            Span<byte> block = file.AsSpan(offset, SpillFormat.BlockHeaderBytes + length);
            switch (random.Next(6))
            {
                case 0:
                    BinaryPrimitives.WriteInt32LittleEndian(block[(sizeof(uint) * random.Next(HeaderFields))..], unchecked((int)random.Interesting()));
                    break;
                case 1:
                    block[random.Next(SpillFormat.BlockHeaderBytes)] += (byte)(random.OneIn(2) ? 1 : 255);
                    break;
                case 2:
                    Sample other = random.OneIn(2) ? sample : random.Pick(_samples.Value);
                    (int from, int otherLength) = random.Pick(other.Blocks);
                    other.Bytes.AsSpan(from, Math.Min(block.Length, SpillFormat.BlockHeaderBytes + otherLength)).CopyTo(block);
                    break;
                default:
                    Span<byte> rows = block[SpillFormat.BlockHeaderBytes..];
                    byte[] changed = ByteMutator.Mutated(rows.ToArray(), [sample.Bytes], random);
                    changed.AsSpan(0, Math.Min(rows.Length, changed.Length)).CopyTo(rows);
                    break;
            }

            if (!random.OneIn(5))
            {
                FixChecksum(file, offset);
            }
        }

        return file;
    }

    private static void FixChecksum(byte[] file, int offset)
    {
        ref SpillFormat.BlockHeader header = ref MemoryMarshal.AsRef<SpillFormat.BlockHeader>(file.AsSpan(offset));
        if (header.Length <= file.Length - offset - SpillFormat.BlockHeaderBytes)
        {
            header.Checksum = PlainSpill.Checksum(file.AsSpan(offset, SpillFormat.BlockHeaderBytes - sizeof(uint)), file.AsSpan(offset + SpillFormat.BlockHeaderBytes, (int)header.Length));
        }
    }

    private Sample[] MakeSamples()
    {
        ulong id = 0;
        var directory = new SpillDirectory("/spill", () => ++id, new DiskBudget(1 << 24), _files);
        return [.. Enumerable.Range(0, SampleCount).Select(number => MakeSample(directory, number))];
    }

    private Sample MakeSample(SpillDirectory directory, int number)
    {
        // The later samples have keys of one length that are packed.
        bool packs = number >= RawSampleCount;
        var random = new Random(number);
        List<byte[]> keys = packs ? [.. Enumerable.Range(0, 7 * number).Select(_ => SampleRows.Letters(random, number))] : SampleRows.RandomKeys(random, 6 + (3 * number));
        using var rows = new SampleRows(keys);
        using var half = new SampleRows(keys.GetRange(0, keys.Count / 2));
        using var writer = new SpillWriter(directory.CreateFile(), _memory, blockBytes: packs ? 60 * number : 60 + (40 * number), packs);
        SpillExtent first = writer.AppendExtent(5, [new RowSlab(rows.Rows, (int)rows.Length, rows.Count), new RowSlab(half.Rows, (int)half.Length, half.Count)]);
        using var scratch = new NativeBuffer(Math.Max(1, rows.Count) * sizeof(RowEntry));
        RowSorter.Sort(rows.Entries, (RowEntry*)scratch.Pointer, rows.Count);
        using var cursor = new MemoryCursor(rows.Entries, rows.Count);
        SpillExtent run = writer.AppendRun(6, cursor);
        SpillExtent second = writer.AppendExtent(5, [new RowSlab(half.Rows, (int)half.Length, half.Count)]);
        byte[] bytes = _files.Files[run.File.Path].Bytes;
        return new Sample([first, second], run, bytes, [.. PlainSpill.Blocks(bytes)]);
    }

    private sealed record Sample(SpillExtent[] Bucket, SpillExtent Run, byte[] Bytes, (int Offset, int Length)[] Blocks);
}
