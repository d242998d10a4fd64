using Sleeper.Ingest.Core.Buffers;
using Sleeper.Ingest.Core.DataFiles;
using Sleeper.Ingest.Core.Parquet;
using Sleeper.Ingest.Core.Parquet.RowGroups;
using Sleeper.Ingest.Core.Pipeline;
using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.Schemas;

namespace Sleeper.Ingest.TestWorker.Fuzzing;

/// <summary>A whole file into encoded rows, by the way that an ingest takes: matched to a schema, converted, checked row by row.</summary>
internal sealed class IngestTarget : FuzzTarget
{
    private const int StretchRows = 4096;

    private readonly Lazy<FileMutator> _mutator = new(() => new FileMutator(SampleFiles.Inputs));
    /// <summary>By the length of the input: by name, or with conversions that could lose something.</summary>
    private static readonly ParquetMapping[] Mappings =
    [
        ParquetMapping.ByName,
        ParquetMapping.ByName,
        ParquetMapping.ByName.Take("text", "text", ParquetConversion.Text).Take("number", "number", ParquetConversion.Truncated),
        ParquetMapping.ByName.Take("text", "text", ParquetConversion.Text).Take("number", "number", ParquetConversion.Checked),
    ];

    private readonly Lazy<Schema> _schema = new(InferSchema);

    public override string Name => "ingest";

    /// <summary>Vectors, and the tables of the encoder.</summary>
    public override long FreeBytes => 2 << 20;

    /// <summary>The schema of the samples.</summary>
    public static Schema InferSchema()
    {
        using ParquetFileReader file = FileTarget.Now(ParquetFileReader.OpenAsync(new CountingSource(SampleFiles.Tables[0]), FileTarget.Limits, default));
        return FileSchema.Infer(file.Schema, ["key", "text"], [], CountingSource.FileName);
    }

    public override int Weight => 1;

    public override byte[] Make(FuzzRandom random) => _mutator.Value.Make(random);

    /// <summary>A good file of other columns than the table's is refused by the same error as any.</summary>
    public override bool IsRefusal(Exception error) => base.IsRefusal(error) || error.GetType() == typeof(Core.IngestException);

    public override bool IsCompared => true;

    public override void Run(byte[] input, FuzzWork work) => Encode(input, work, lines: null);

    public override void Compare(byte[] input, FileReferee referee)
    {
        if (MappingOf(input) != ParquetMapping.ByName)
        {
            return; // DuckDB has the values as they lie.
        }

        using ParquetFileReader file = FileTarget.Now(ParquetFileReader.OpenAsync(new CountingSource(input), FileTarget.Limits, default));
        string[] names = [.. _schema.Value.AllFields.Select(field => field.Name)];
        int[] numbers = [.. names.Select(name => file.Schema.Fields.ToList().FindIndex(field => field.Name == name))];
        referee.Compare(input, file.Schema, numbers, isLastOfKey: true, compared =>
        {
            var lines = new List<string[]>();
            return Encode(input, new FuzzWork(), lines) ? [.. lines.Select(line => string.Join('|', compared.Select(field => line[Array.IndexOf(numbers, field)])))] : null;
        });
    }

    private static ParquetMapping MappingOf(byte[] input) => Mappings[input.Length % Mappings.Length];

    /// <summary>True if no row was rejected.</summary>
    private bool Encode(byte[] input, FuzzWork work, List<string[]>? lines)
    {
        var source = new CountingSource(input);
        using ParquetInput parquet = FileTarget.Now(ParquetInput.OpenAsync(source, _schema.Value, MappingOf(input), FileTarget.Limits, KeyOrder.Bytes, default));
        using var batch = new RowBatch(new MemoryBudget(16 << 20), fullBytes: 64 << 10, fullRows: 512) { MaxRowBytes = 1 << 20 };
        long taken = 0;
        long rejected = 0;
        for (int i = 0; i < parquet.File.RowGroupCount; i++)
        {
            (long Taken, long Rejected) rows = EncodeRowGroup(parquet, i, batch, work, lines);
            taken += rows.Taken;
            rejected += rows.Rejected;
        }

        if (taken + rejected != parquet.File.Metadata.NumRows)
        {
            throw new FuzzFailure($"{taken + rejected:N0} rows of {parquet.File.Metadata.NumRows:N0} were taken or rejected, without an error.");
        }

        return rejected == 0;
    }

    private (long Taken, long Rejected) EncodeRowGroup(ParquetInput parquet, int number, RowBatch batch, FuzzWork work, List<string[]>? lines)
    {
        ParquetRowEncoder encoder = parquet.TakeEncoder(new RowLimits(MaxRowBytes: 1 << 20));
        try
        {
            using RowGroupReader reader = FileTarget.Now(parquet.File.OpenRowGroupAsync(number, encoder.Columns, default));
            long taken = 0;
            long rejected = 0;
            for (long left = reader.RowCount; left > 0;)
            {
                int rows = FileTarget.Now(encoder.ReadAsync(reader, (int)Math.Min(left, StretchRows), default));
                bool isDone;
                do
                {
                    isDone = encoder.Encode(batch, null, (_, _) =>
                    {
                        batch.DiscardRow();
                        rejected++;
                    });
                    taken += batch.RowCount;
                    work.DeliveredBytes += batch.ByteCount;
                    if (lines is not null)
                    {
                        PlainRows.AddTo(lines, batch, _schema.Value);
                    }

                    batch.Clear();
                }
                while (!isDone);

                // A row that is rejected has a reason, and was decoded all the same.
                work.DeliveredBytes += 100L * rows;
                work.Steps += rows;
                left -= rows;
            }

            return (taken, rejected);
        }
        finally
        {
            parquet.GiveBack(encoder);
        }
    }
}
