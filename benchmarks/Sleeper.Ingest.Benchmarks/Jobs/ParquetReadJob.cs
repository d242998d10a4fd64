using Sleeper.Ingest.Benchmarks.Measuring;

namespace Sleeper.Ingest.Benchmarks.Jobs;

/// <summary>All values of a Parquet file, or of some columns, become encoded rows, which are then forgotten.</summary>
internal static class ParquetReadJob
{
    public static async Task<int> RunAsync(JobOptions options)
    {
        await using var measurement = RepeatedMeasurement.Start();
        long rows = 0;
        long rowBytes = 0;
        long inputBytes = 0;
        for (int i = 0; i < options.Repeat; i++)
        {
            (rows, rowBytes) = (0, 0);
            measurement.Begin();
            await using var source = await ParquetSource.OpenAsync(options.Input, options.Columns);
            await source.ReadAsync(options.Threads, () => batch =>
            {
                Interlocked.Add(ref rows, batch.RowCount);
                Interlocked.Add(ref rowBytes, batch.ByteCount);
            });
            measurement.End();
            inputBytes = source.LengthBytes;
            if (rows != source.RowCount)
            {
                throw new InvalidDataException($"{rows} rows were read of {source.RowCount}.");
            }
        }

        await measurement.PrintAsync("parquet-read", options, rows, new { inputBytes, rowBytes });
        return 0;
    }
}
