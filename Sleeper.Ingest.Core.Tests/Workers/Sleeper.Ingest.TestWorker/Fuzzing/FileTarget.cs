using System.Runtime.InteropServices;
using Sleeper.Ingest.Core.Parquet;
using Sleeper.Ingest.Core.Parquet.Columns;
using Sleeper.Ingest.Core.Parquet.RowGroups;
using Sleeper.Ingest.Core.Tests.Differential;

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

    /// <summary>Windows of less than a page, or of a few.</summary>
    private static readonly int[] WindowShareBytes = [600, 4000];

    private const int BloomFilterBytes = 160;

    private readonly Lazy<FileMutator> _mutator = new(() => new FileMutator(SampleFiles.All));

    public override string Name => "file";

    /// <summary>One read's worth of vectors, which may be sized for rows that then do not come.</summary>
    public override long FreeBytes => 1 << 20;

    public override int Weight => 1;

    public override byte[] Make(FuzzRandom random) => _mutator.Value.Make(random);

    /// <summary>Too little memory is no fault of the file.</summary>
    public override bool IsRefusal(Exception error) => base.IsRefusal(error) || error is FuzzMemory.NoneLeft;

    public override void Run(byte[] input, FuzzWork work)
    {
        var whole = default(HashCode);
        var windows = default(HashCode);
        switch (input.Length % 3)
        {
            case 0:
                Read(input, new FuzzMemory(long.MaxValue, long.MaxValue), ref whole, work);
                Read(input, new FuzzMemory(ShareOf(input), long.MaxValue), ref windows, work);
                if (whole.ToHashCode() != windows.ToHashCode())
                {
                    throw new FuzzFailure("What was read whole and what was read through windows differ.");
                }

                break;
            case 1:
                ReadOtherwise(input, ref whole, ref windows, work);
                break;
            default:
                Read(input, new FuzzMemory(ShareOf(input), 40L * (input.Length % 100)), ref whole, work);
                break;
        }
    }

    /// <summary>Windows first: they must refuse what whole reads refuse.</summary>
    private static void ReadOtherwise(byte[] input, ref HashCode whole, ref HashCode windows, FuzzWork work)
    {
        bool isTaken = true;
        try
        {
            Read(input, new FuzzMemory(ShareOf(input), long.MaxValue), ref windows, work);
        }
        catch (Core.ParquetFormatException)
        {
            isTaken = false;
        }

        Read(input, new FuzzMemory(long.MaxValue, long.MaxValue), ref whole, work);
        if (!isTaken)
        {
            throw new FuzzFailure("What was read whole was refused through windows.");
        }
    }

    private static void Read(byte[] input, FuzzMemory memory, ref HashCode hash, FuzzWork work)
    {
        var source = new CountingSource(input) { RequestCostBytes = IsNear(input) ? 0 : 1 << 20 };
        try
        {
            using ParquetFileReader file = Now(ParquetFileReader.OpenAsync(source, Limits, default));
            int[] leaves = [.. Enumerable.Range(0, file.Schema.Columns.Count)];
            for (int i = 0; i < file.RowGroupCount; i++)
            {
                using RowGroupReader group = Now(file.OpenRowGroupAsync(i, leaves, memory, default));
                foreach (int leaf in leaves)
                {
                    ReadColumn(file, group, leaf, 1 + (input.Length % 40), group.RowCount, ref hash, work);
                    hash.Add(Now(file.MayContainAsync(i, leaf, 0x0123456789ABCDEF, default)));
                }
            }

            ReadByIndex(file, leaves, work);
            long columns = (long)leaves.Length * file.RowGroupCount;
            if (source.ReadBytes > (4L * input.Length) + (BloomFilterBytes * columns) + 64)
            {
                throw new FuzzFailure($"{source.ReadBytes:N0} bytes were read of a file of {input.Length:N0}.");
            }
        }
        catch (Core.ParquetFormatException)
        {
            RequireNoMemory(memory);
            throw;
        }

        RequireNoMemory(memory);
    }

    private static bool IsNear(byte[] input) => input.Length / 3 % 4 == 0;

    private static int ShareOf(byte[] input) => WindowShareBytes[input.Length / 3 % 2];

    private static void RequireNoMemory(FuzzMemory memory)
    {
        if (memory.Taken != 0)
        {
            throw new FuzzFailure($"{memory.Taken:N0} bytes of memory were not given back.");
        }
    }

    /// <summary>Some rows by the page indexes. What a damaged index leaves out nobody can see; it must not do more harm than that.</summary>
    private static void ReadByIndex(ParquetFileReader file, int[] leaves, FuzzWork work)
    {
        for (int i = 0; i < file.RowGroupCount && leaves.Length > 0; i++)
        {
            long rowCount = file.Metadata.RowGroups[i].NumRows;
            PageIndex? index = Now(file.ReadPageIndexAsync(i, leaves, leaves, default));
            if (index is null || rowCount == 0)
            {
                continue;
            }

            foreach (PageBounds bounds in leaves.Select(index.BoundsOf).OfType<PageBounds>())
            {
                for (int page = 0; page < bounds.PageCount; page++)
                {
                    work.DeliveredBytes += (bounds.MinOf(page)?.Length ?? 0) + (bounds.MaxOf(page)?.Length ?? 0);
                    if (bounds.RowsOf(page) is var rowsOfPage && (rowsOfPage.First < 0 || rowsOfPage.First > rowsOfPage.End || rowsOfPage.End > rowCount))
                    {
                        throw new FuzzFailure($"Page {page} has the rows {rowsOfPage}.");
                    }
                }
            }

            var rows = new RowRange(rowCount / 3, Math.Max((rowCount / 3) + 1, 2 * rowCount / 3));
            using RowGroupReader group = Now(file.OpenRowGroupAsync(i, leaves, index, rows, UnboundedMemory.Instance, default));
            foreach (int leaf in leaves)
            {
                var ignored = default(HashCode);
                ReadColumn(file, group, leaf, 7, rows.End - rows.First, ref ignored, work);
            }
        }
    }

    /// <summary>What a task gave that has no reason to wait.</summary>
    public static T Now<T>(Task<T> task) => task.IsCompleted
        ? task.GetAwaiter().GetResult()
        : throw new FuzzFailure("A read of memory did not end at once.");

    /// <summary>The same for what may come without a task.</summary>
    public static T Now<T>(ValueTask<T> task) => Now(task.AsTask());

    private static void ReadColumn(ParquetFileReader file, RowGroupReader group, int leaf, int stretch, long expected, ref HashCode hash, FuzzWork work)
    {
        var vector = new ColumnVector(file.Schema.Columns[leaf].VectorKind);
        long rows = 0;
        int given;
        while ((given = Now(group.ReadAsync(leaf, vector, stretch, default))) > 0)
        {
            rows += given;
            work.Steps += given;
            work.DeliveredBytes += vector.LevelCount + (8L * vector.ValueCount) + vector.ByteCount;
            if (given > stretch || vector.LevelCount < given || vector.ValueCount > vector.LevelCount)
            {
                throw new FuzzFailure($"{given} rows of {stretch} were given with {vector.LevelCount} entries and {vector.ValueCount} values.");
            }

            Add(ref hash, vector);
            vector.Clear();
        }

        if (rows != expected)
        {
            throw new FuzzFailure($"Column {leaf} gave {rows:N0} rows of {expected:N0}, without an error.");
        }
    }

    private static void Add(ref HashCode hash, ColumnVector vector)
    {
        hash.Add(vector.LevelCount);
        hash.AddBytes(vector.DefinitionLevels.AsSpan(0, Math.Min(vector.LevelCount, vector.DefinitionLevels.Length)));
        hash.AddBytes(vector.RepetitionLevels.AsSpan(0, Math.Min(vector.LevelCount, vector.RepetitionLevels.Length)));
        hash.AddBytes(vector.Kind switch
        {
            VectorKind.Int32 => MemoryMarshal.AsBytes(vector.Ints.AsSpan(0, vector.ValueCount)),
            VectorKind.Int64 => MemoryMarshal.AsBytes(vector.Longs.AsSpan(0, vector.ValueCount)),
            _ => vector.Bytes.AsSpan(0, vector.ByteCount),
        });
    }

    public override bool IsCompared => true;

    public override void Compare(byte[] input, FileReferee referee)
    {
        using ParquetFileReader file = Now(ParquetFileReader.OpenAsync(new CountingSource(input), Limits, default));
        referee.Compare(input, file.Schema, Enumerable.Range(0, file.Schema.Fields.Count), isLastOfKey: false, fields => Rows(input, fields));
    }

    /// <summary>Null if the columns of a list or a map do not fit one another: each is decoded for itself, and who makes rows of them refuses that.</summary>
    private static List<string>? Rows(byte[] input, IReadOnlyList<int> fields)
    {
        try
        {
            return Now(ColumnAssembler.ReadAsync(new CountingSource(input), Limits, stretch: 1 + (input.Length % 40), fields));
        }
        catch (InvalidDataException)
        {
            return null;
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
