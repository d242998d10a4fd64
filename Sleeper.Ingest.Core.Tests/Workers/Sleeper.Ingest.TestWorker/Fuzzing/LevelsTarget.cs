using System.Buffers.Binary;
using Sleeper.Ingest.Core.Parquet.Metadata;
using Sleeper.Ingest.Core.Parquet.Pages;
using Sleeper.Ingest.Core.Tests.Support;

namespace Sleeper.Ingest.TestWorker.Fuzzing;

/// <summary>Levels: runs with a length before them, runs of v2 pages, bit-packed.</summary>
/// <remarks>Input: how (0 v1 runs, 1 bit-packed, 2 v2 runs), greatest level, u16 LE count, bytes.</remarks>
internal sealed unsafe class LevelsTarget : SeededTarget
{
    private const int HeadLength = 4;
    private const int MaxCount = 4096;

    private readonly GuardedMemory _memory = new(1 << 16);
    private readonly GuardedMemory _whole = new(MaxCount);
    private readonly GuardedMemory _parts = new(MaxCount);

    public override string Name => "levels";

    public override void Run(byte[] input, FuzzWork work)
    {
        if (input.Length < HeadLength || input[1] > 64)
        {
            return;
        }

        int count = Math.Min(MaxCount, (int)BinaryPrimitives.ReadUInt16LittleEndian(input.AsSpan(2)));
        var whole = new Span<byte>(_whole.Take(count), count);
        var parts = new Span<byte>(_parts.Take(count), count);
        work.DeliveredBytes = 2 * count;
        bool isWhole = Read(input, whole, count);
        bool isInParts = Read(input, parts, 1 + (input.Length % 70));
        if (isWhole != isInParts || (isWhole && input[1] > 0 && !whole.SequenceEqual(parts)))
        {
            throw new FuzzFailure("Levels read at once and in parts differ.");
        }

        if (!isWhole)
        {
            throw new Core.ParquetFormatException("refused");
        }

        if (input[1] > 0 && whole.ContainsAnyExceptInRange((byte)0, input[1]))
        {
            throw new FuzzFailure($"A level above {input[1]} was given.");
        }
    }

    protected override IEnumerable<byte[]> MakeSeeds()
    {
        for (int seed = 0; seed < 40; seed++)
        {
            var random = new Random(seed);
            int max = 1 + random.Next(seed % 3 == 0 ? 9 : 2);
            int width = 32 - System.Numerics.BitOperations.LeadingZeroCount((uint)max);
            int[] levels = [.. Enumerable.Range(0, random.Next(1, 120)).Select(_ => random.Next(random.Next(2) == 0 ? max + 1 : 1))];
            byte[] runs = PlainEncodings.Hybrid(levels, width, random);
            byte[] head = [(byte)(seed % 3), (byte)max, (byte)levels.Length, 0];
            yield return (seed % 3) switch
            {
                0 => [.. head, .. BitConverter.GetBytes(runs.Length), .. runs],
                1 => [.. head, .. PlainEncodings.Pack([.. levels.Select(level => (ulong)level)], width)],
                _ => [.. head, .. runs],
            };
        }
    }

    private bool Read(byte[] input, Span<byte> levels, int stretch)
    {
        var reader = new LevelReader(input[1]);
        int length = input.Length - HeadLength;
        byte* next = _memory.Put(input.AsSpan(HeadLength));
        try
        {
            if (input[0] == 2)
            {
                reader.ResetV2(next, length);
            }
            else
            {
                byte* end = next + length;
                reader.ResetV1(input[0] == 1 ? ParquetEncoding.BitPacked : ParquetEncoding.Rle, levels.Length, ref next, ref length);
                if (next + length != end)
                {
                    throw new FuzzFailure("What the levels took and what is left are not the page.");
                }
            }

            // Columns without levels are not asked for any.
            for (int at = input[1] == 0 ? levels.Length : 0; at < levels.Length; at += stretch)
            {
                reader.Read(levels.Slice(at, Math.Min(stretch, levels.Length - at)));
            }

            return true;
        }
        catch (Core.ParquetFormatException)
        {
            return false;
        }
    }
}
