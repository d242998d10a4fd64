using BenchmarkDotNet.Attributes;
using Sleeper.Ingest.Benchmarks.Jobs;
using Sleeper.Ingest.Core.Buffers;
using Sleeper.Ingest.Core.Rows;

namespace Sleeper.Ingest.Benchmarks.Rows;

/// <summary>What does it cost to turn a row into bytes: from a Row, and from an object of the caller's own type?</summary>
[MemoryDiagnoser]
public class RowEncoderBenchmarks
{
    private const int RowCount = 10_000;

    private readonly S128Row[] _typed = [.. S128Row.Generate(RowCount)];
    private Row[] _rows = [];
    private RowEncoder _encoder = null!;
    private TypedRowEncoder<S128Row> _typedEncoder = null!;
    private RowBatch _batch = null!;

    [GlobalSetup]
    public void Setup()
    {
        var schema = Workloads.S128.Schema;
        _rows = [.. _typed.Select(row => new Row(schema, row.Key, row.Timestamp, row.Value))];
        _encoder = new RowEncoder(schema, KeyOrder.Bytes, new RowLimits());
        var mapping = RowMapping.For<S128Row>(schema)
            .String("key", row => row.Key).Long("timestamp", row => row.Timestamp).String("value", row => row.Value).Build();
        _typedEncoder = new TypedRowEncoder<S128Row>(mapping, KeyOrder.Bytes, new RowLimits());
        var budget = new MemoryBudget(64 << 20);
        budget.Reserve(1 << 20);
        _batch = new RowBatch(budget, 1 << 20, RowCount);
    }

    [GlobalCleanup]
    public void Cleanup() => _batch.Dispose();

    [Benchmark(Baseline = true, OperationsPerInvoke = RowCount)]
    public int FromRow()
    {
        _batch.Clear();
        foreach (var row in _rows)
        {
            _encoder.Encode(row, _batch);
            _batch.EndRow(0);
        }

        return _batch.ByteCount;
    }

    [Benchmark(OperationsPerInvoke = RowCount)]
    public int FromOwnType()
    {
        _batch.Clear();
        foreach (var row in _typed)
        {
            _typedEncoder.Encode(row, _batch);
            _batch.EndRow(0);
        }

        return _batch.ByteCount;
    }
}
