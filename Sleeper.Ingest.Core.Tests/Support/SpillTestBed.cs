using Sleeper.Ingest.Core.Buffers;
using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.Sorting;
using Sleeper.Ingest.Core.Spilling;

namespace Sleeper.Ingest.Core.Tests.Support;

/// <summary>A spill directory with budgets; checks on disposal that all of both is given back.</summary>
internal sealed unsafe class SpillTestBed : IDisposable
{
    private readonly Random _random = new(1);

    public SpillTestBed(ISpillFileSystem? files = null, string? root = null, long diskBytes = 1L << 30)
    {
        Disk = new DiskBudget(diskBytes);
        Directory = new SpillDirectory(root ?? "/spill", NextRandom, Disk, files);
    }

    public MemoryBudget Memory { get; } = new(1L << 30);

    public DiskBudget Disk { get; }

    public SpillDirectory Directory { get; }

    public ulong NextRandom() => (ulong)_random.NextInt64();

    public SpillExtent WriteBucket(SpillWriter writer, uint bucket, params SampleRows[] parts) =>
        writer.AppendExtent(bucket, Array.ConvertAll(parts, part => new RowSlab(part.Rows, (int)part.Length, part.Count)));

    public SpillExtent WriteRun(SpillWriter writer, uint run, SampleRows rows)
    {
        using var scratch = new NativeBuffer(Math.Max(1, rows.Count) * sizeof(RowEntry));
        RowSorter.Sort(rows.Entries, (RowEntry*)scratch.Pointer, rows.Count);
        using var cursor = new MemoryCursor(rows.Entries, rows.Count);
        return writer.AppendRun(run, cursor);
    }

    /// <summary>The numbers of arrival of all rows of some extents, loaded whole.</summary>
    public List<int> Load(params SpillExtent[] extents)
    {
        using SpilledRows rows = SpillReader.Load(extents, Memory);
        using var entries = new NativeBuffer(Math.Max(1, rows.RowCount) * sizeof(RowEntry));
        rows.BuildEntries((RowEntry*)entries.Pointer);
        return Numbers((RowEntry*)entries.Pointer, rows.RowCount);
    }

    public List<int> ReadRun(SpillExtent run)
    {
        using var cursor = new RunCursor(run, Memory);
        return ReadAll(cursor);
    }

    public static List<int> ReadAll(IRowCursor cursor)
    {
        var numbers = new List<int>();
        while (cursor.MoveNext(out RowEntry* entries, out int count))
        {
            Assert.True(count > 0, "a stretch has one entry at least");
            numbers.AddRange(Numbers(entries, count));
        }

        return numbers;
    }

    public void Dispose()
    {
        Directory.Dispose();
        Assert.Equal(0, Memory.UsedBytes);
        Assert.Equal(0, Disk.UsedBytes);
    }

    private static List<int> Numbers(RowEntry* entries, int count)
    {
        var numbers = new List<int>(count);
        for (int i = 0; i < count; i++)
        {
            numbers.Add(SampleRows.NumberOf(entries[i].Row));
        }

        return numbers;
    }
}
