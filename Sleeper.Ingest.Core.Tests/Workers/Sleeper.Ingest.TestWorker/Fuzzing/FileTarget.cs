using Sleeper.Ingest.Core.Parquet;
using Sleeper.Ingest.Core.Parquet.Columns;
using Sleeper.Ingest.Core.Parquet.RowGroups;

namespace Sleeper.Ingest.TestWorker.Fuzzing;

/// <summary>A whole file: footer, row groups, chunks, pages, every column to its last row.</summary>
internal sealed class FileTarget : FuzzTarget
{
    /// <summary>Small enough that a run which gives all that they allow stays short.</summary>
    public static readonly ParquetReaderLimits Limits = new()
    {
        MaxRows = 20_000,
        MaxReadBytes = 256 << 10,
        MaxDecodedBytes = 2 << 20,
        MaxPageBytes = 256 << 10,
        MaxDictionaryBytes = 256 << 10,
        MaxValueBytes = 16 << 10,
    };

    private readonly Lazy<FileMutator> _mutator = new(() => new FileMutator(SampleFiles.All));

    public override string Name => "file";

    /// <summary>One read's worth of vectors, which may be sized for rows that then do not come.</summary>
    public override long FreeBytes => 1 << 20;

    public override byte[] Make(FuzzRandom random) => _mutator.Value.Make(random);

    public override void Run(byte[] input, FuzzWork work)
    {
        var source = new CountingSource(input);
        using ParquetFileReader file = Now(ParquetFileReader.OpenAsync(source, Limits, default));
        int[] leaves = [.. Enumerable.Range(0, file.Schema.Columns.Count)];
        for (int i = 0; i < file.RowGroupCount; i++)
        {
            using RowGroupReader group = Now(file.OpenRowGroupAsync(i, leaves, default));
            foreach (int leaf in leaves)
            {
                ReadColumn(file, group, leaf, 1 + (input.Length % 40), work);
            }
        }

        if (source.ReadBytes > (2L * input.Length) + 64)
        {
            throw new FuzzFailure($"{source.ReadBytes:N0} bytes were read of a file of {input.Length:N0}.");
        }
    }

    /// <summary>What a task gave that has no reason to wait.</summary>
    public static T Now<T>(Task<T> task) => task.IsCompleted
        ? task.GetAwaiter().GetResult()
        : throw new FuzzFailure("A read of memory did not end at once.");

    private static void ReadColumn(ParquetFileReader file, RowGroupReader group, int leaf, int stretch, FuzzWork work)
    {
        var vector = new ColumnVector(file.Schema.Columns[leaf].VectorKind);
        long rows = 0;
        int given;
        while ((given = group.Read(leaf, vector, stretch)) > 0)
        {
            rows += given;
            work.Steps += given;
            work.DeliveredBytes += vector.LevelCount + (8L * vector.ValueCount) + vector.ByteCount;
            if (given > stretch || vector.LevelCount < given || vector.ValueCount > vector.LevelCount)
            {
                throw new FuzzFailure($"{given} rows of {stretch} were given with {vector.LevelCount} entries and {vector.ValueCount} values.");
            }

            vector.Clear();
        }

        if (rows != group.RowCount)
        {
            throw new FuzzFailure($"Column {leaf} gave {rows:N0} rows of {group.RowCount:N0}, without an error.");
        }
    }

    public override void CheckRefusal(Exception error)
    {
        if (error is Core.ParquetFormatException { FileName: not CountingSource.FileName })
        {
            throw new FuzzFailure($"The error does not say which file: {error.Message}", error);
        }
    }
}
