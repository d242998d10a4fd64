using Sleeper.Ingest.Benchmarks.Measuring;
using Sleeper.Ingest.Core.DataFiles;
using Sleeper.Ingest.Core.ObjectStores;
using Sleeper.Ingest.Core.Rows;

namespace Sleeper.Ingest.Benchmarks.Jobs;

/// <summary>Sorted rows in memory become one Parquet file and its sketches. The rows come from a Parquet file, before the clock starts.</summary>
internal static class ParquetWriteJob
{
    public static async Task<int> RunAsync(JobOptions options)
    {
        await using var source = await ParquetSource.OpenAsync(options.Input, options.Columns);
        using var rows = new RowsInMemory();
        await source.ReadAsync(threads: 1, () => rows.Add);
        rows.Sort();

        string folder = options.HasOutput ? options.Output : Directory.CreateTempSubdirectory("sleeper-write-").FullName;
        try
        {
            await using var measurement = RepeatedMeasurement.Start();
            long outputBytes = 0;
            for (int i = 0; i < options.Repeat; i++)
            {
                outputBytes = await WriteAsync(source, rows, folder, $"file-{i}.parquet", options, measurement);
            }

            await measurement.PrintAsync("parquet-write", options, rows.RowCount, new { rowBytes = rows.ByteCount, outputBytes, codec = $"{options.Codec}" });
        }
        finally
        {
            if (!options.HasOutput)
            {
                Directory.Delete(folder, recursive: true);
            }
        }

        return 0;
    }

    private static async Task<long> WriteAsync(
        ParquetSource source, RowsInMemory rows, string folder, string name, JobOptions options, RepeatedMeasurement measurement)
    {
        var store = new LocalObjectStore(folder, new LocalObjectStoreOptions { Durable = false });
        var settings = new DataFileOptions { Codec = options.Codec, CompressionLevel = options.CompressionLevel };
        var target = new DataFileTarget(store, name, "root", rows.RowCount, _ => { });
        using var sorted = new SortedRows(rows.Open());
        measurement.Begin();
        using var writer = new DataFileWriter(source.Schema, KeyOrder.Bytes, skipBytes: 0, settings);
        var written = options.Threads == 1
            ? await writer.WriteAsync(sorted, target, CancellationToken.None)
            : await writer.WriteSideBySideAsync(
                sorted,
                target,
                options.Threads,
                (helpers, work) =>
                {
                    for (int i = 0; i < helpers; i++)
                    {
                        _ = Task.Run(work);
                    }
                },
                CancellationToken.None);
        measurement.End();
        return written.LengthBytes;
    }
}
