using Sleeper.Ingest.Core.Buffers;
using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.Schemas;

namespace Sleeper.Ingest.Core;

/// <summary>What shall be ingested, for <see cref="IngestPlan"/>: how many rows, how large, into how many leaves, in commits of how many rows.</summary>
public sealed record IngestWorkload
{
    /// <summary>All rows. At least 1.</summary>
    public required long RowCount { get; init; }

    /// <summary>
    /// Bytes of a row as the pipeline holds it, on average: <see cref="IngestResult.InputBytes"/> by <see cref="IngestResult.RowCount"/> of an ingest of rows,
    /// or what <see cref="MeasureRowBytes"/> says of a sample. At least 1.
    /// </summary>
    public required double RowBytes { get; init; }

    /// <summary>Leaf partitions of the table. Rows are taken to be spread over them evenly. At least 1.</summary>
    public required int LeafCount { get; init; }

    /// <summary>Rows of one commit, the batch size. Default: all rows in one.</summary>
    public long RowsPerCommit { get; init; } = long.MaxValue;

    /// <summary>
    /// Bytes of a data file by bytes of its rows, after encoding and compression. Depends on the data: random letters give 0.45, flights 0.1. Default: 0.5.
    /// </summary>
    public double CompressedShare { get; init; } = 0.5;

    /// <summary>Rows a second that the machine ingests, as a benchmark on it says. Null, the default, for a plan without times and without the machine's cost.</summary>
    public double? IngestedRowsPerSecond { get; init; }

    /// <summary>Rows a second that come, for the delay until they are visible. Null, the default, if they are all there.</summary>
    public double? ArrivingRowsPerSecond { get; init; }

    /// <summary>Objects that are longer are uploaded in parts of so many bytes, each of them a request. Null, the default, for stores that take any object at once.</summary>
    public long? UploadPartBytes { get; init; }

    /// <summary>Bytes of a row as the pipeline holds it, on average over a sample.</summary>
    /// <param name="schema">The table's.</param>
    /// <param name="sample">At least one row.</param>
    /// <exception cref="ArgumentException">There is no row, or one does not fit the schema.</exception>
    public static double MeasureRowBytes(Schema schema, IEnumerable<Row> sample)
    {
        ArgumentNullException.ThrowIfNull(schema);
        ArgumentNullException.ThrowIfNull(sample);
        var limits = new RowLimits();
        var encoder = new RowEncoder(schema, KeyOrder.Bytes, limits);
        using var batch = new RowBatch(new MemoryBudget(long.MaxValue / 2), 64 * 1024, 1024) { MaxRowBytes = limits.MaxRowBytes };
        long rows = 0;
        long bytes = 0;
        foreach (var row in sample)
        {
            batch.Clear();
            if (encoder.Encode(row, batch) is { } fault)
            {
                throw new ArgumentException($"Row {rows:N0} of the sample, field '{fault.FieldName}': {fault.Reason}.", nameof(sample));
            }

            batch.EndRow(leaf: 0);
            rows++;
            bytes += RowFormat.HeaderLength(batch.Rows[0].KeyLength, batch.Rows[0].ValueLength) + batch.ByteCount;
        }

        return rows > 0 ? (double)bytes / rows : throw new ArgumentException("The sample has no rows.", nameof(sample));
    }

    /// <summary>What is wrong with the figures, all of it.</summary>
    internal IEnumerable<string> Faults()
    {
        if (RowCount < 1)
        {
            yield return $"{RowCount:N0} rows are none";
        }

        if (!(RowBytes is >= 1 and <= int.MaxValue))
        {
            yield return $"a row of {RowBytes:N1} bytes is not 1 to {int.MaxValue:N0}";
        }

        if (LeafCount < 1)
        {
            yield return $"{LeafCount:N0} leaves are none";
        }

        if (RowsPerCommit < 1)
        {
            yield return $"commits of {RowsPerCommit:N0} rows are empty";
        }

        if (!(CompressedShare is > 0 and <= 10))
        {
            yield return $"a compressed share of {CompressedShare} is not above 0 and at most 10";
        }

        if (IngestedRowsPerSecond is { } ingested && !(ingested > 0 && double.IsFinite(ingested)))
        {
            yield return $"ingesting {ingested} rows a second takes no time that can be told";
        }

        if (ArrivingRowsPerSecond is { } arriving && !(arriving > 0 && double.IsFinite(arriving)))
        {
            yield return $"{arriving} rows a second never fill a commit";
        }

        if (UploadPartBytes is < 1)
        {
            yield return $"upload parts of {UploadPartBytes} bytes are empty";
        }
    }
}
