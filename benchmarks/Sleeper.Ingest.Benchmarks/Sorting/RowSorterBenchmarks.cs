using BenchmarkDotNet.Attributes;
using Sleeper.Ingest.Benchmarks.Jobs;
using Sleeper.Ingest.Core.Buffers;
using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.Sorting;

namespace Sleeper.Ingest.Benchmarks.Sorting;

/// <summary>What does it cost to sort the rows of one leaf, against the base library's sort of their prefixes alone?</summary>
[MemoryDiagnoser]
public unsafe class RowSorterBenchmarks
{
    private RowsInMemory _rows = null!;
    private NativeBuffer _entries = null!;
    private ulong[] _prefixes = [];
    private ulong[] _sorted = [];

    /// <summary>78,125 rows are a leaf of S128 with 10 million rows.</summary>
    [Params(1_000, 78_125, 1_000_000)]
    public int RowCount { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        var schema = Workloads.S128.Schema;
        var encoder = new RowEncoder(schema, KeyOrder.Bytes, new RowLimits());
        using var batch = new RowBatch(new MemoryBudget(1 << 20), 64 << 10, 1024);
        _rows = new RowsInMemory();
        foreach (var row in S128Row.Generate(RowCount))
        {
            if (batch.IsFull)
            {
                _rows.Add(batch);
                batch.Clear();
            }

            encoder.Encode(new Row(schema, row.Key, row.Timestamp, row.Value), batch);
            batch.EndRow(0);
        }

        _rows.Add(batch);
        _entries = new NativeBuffer(2 * (nint)RowCount * sizeof(RowEntry));
        _rows.BuildEntries((RowEntry*)_entries.Pointer);
        _prefixes = [.. Enumerable.Range(0, RowCount).Select(i => ((RowEntry*)_entries.Pointer)[i].Prefix)];
        _sorted = new ulong[RowCount];
    }

    [GlobalCleanup]
    public void Cleanup()
    {
        _entries.Dispose();
        _rows.Dispose();
    }

    [Benchmark(Baseline = true)]
    public ulong PrefixesAlone()
    {
        _prefixes.CopyTo(_sorted, 0);
        Array.Sort(_sorted);
        return _sorted[0];
    }

    [Benchmark]
    public ulong BuildEntriesAndSort()
    {
        var entries = (RowEntry*)_entries.Pointer;
        _rows.BuildEntries(entries);
        RowSorter.Sort(entries, entries + RowCount, RowCount);
        return entries[0].Prefix;
    }
}
