using Sleeper.Ingest.Core.Buffers;
using Sleeper.Ingest.Core.ObjectStores;
using Sleeper.Ingest.Core.Parquet;
using Sleeper.Ingest.Core.Partitioning;
using Sleeper.Ingest.Core.Reading;
using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.Schemas;
using Sleeper.Ingest.Core.StateStores;
using Sleeper.Ingest.Core.Tests.Support;

namespace Sleeper.Ingest.TestWorker.Fuzzing;

/// <summary>A whole file as a data file of a table, read back row by row: statistics, keys, order, values.</summary>
internal sealed class TableTarget : FuzzTarget
{
    private readonly Lazy<FileMutator> _mutator = new(() => new FileMutator(SampleFiles.Tables));
    private readonly Lazy<Schema> _schema = new(IngestTarget.InferSchema);

    public override string Name => "table-read";

    public override long FreeBytes => 2 << 20;

    public override int Weight => 1;

    public override byte[] Make(FuzzRandom random) => _mutator.Value.Make(random);

    public override bool IsRefusal(Exception error) => error is Core.TableReadException;

    public override void CheckRefusal(Exception error)
    {
        if (((Core.TableReadException)error).FileName != CountingSource.FileName)
        {
            throw new FuzzFailure($"The error does not say which file: {error.Message}", error);
        }
    }

    public override bool IsCompared => true;

    public override void Run(byte[] input, FuzzWork work) => ReadAsync(input, work, rows: null).GetAwaiter().GetResult();

    public override void Compare(byte[] input, FileReferee referee)
    {
        if (IsRange(input) || HasRowKey(input))
        {
            return; // Not all rows are wanted.
        }

        using ParquetFileReader file = FileTarget.Now(ParquetFileReader.OpenAsync(new CountingSource(input), FileTarget.Limits, default));
        int[] numbers = [.. _schema.Value.AllFields.Select(own => file.Schema.Fields.ToList().FindIndex(field => field.Name == own.Name))];
        referee.Compare(input, file.Schema, numbers.Where(number => number >= 0), isLastOfKey: false, compared =>
        {
            var rows = new List<Row>();
            ReadAsync(input, new FuzzWork(), rows).GetAwaiter().GetResult();
            return [.. rows.Select(row => string.Join('|', compared.Select(field => RowText.OfWithSortedMaps(row[Array.IndexOf(numbers, field)]))))];
        });
    }

    private static bool IsRange(byte[] input) => input.Length % 3 == 0;

    private static bool HasRowKey(byte[] input) => input.Length % 2 == 0;

    private async Task ReadAsync(byte[] input, FuzzWork work, List<Row>? rows)
    {
        Schema schema = _schema.Value;
        var store = new InMemoryObjectStore();
        await store.PutAsync(CountingSource.FileName, input).ConfigureAwait(false);
        var context = new ReadContext(store, "made", name => name, schema) { Limits = FileTarget.Limits };
        bool isRange = IsRange(input);
        var planned = new PlannedReference(
            new FileReference(CountingSource.FileName, "root", 1, CountApproximate: true),
            0,
            KeyBox.Of(schema, PartitionTree.Single(schema).Leaves[0].Region, KeyOrder.Bytes),
            new SegmentList([new KeySegment(isRange ? Key(schema, 5) : [], isRange ? Key(schema, 11) : null, [], [], HasRowKey(input) ? [FieldValue.FromLong(1_000_000_007)] : [])]),
            IsWhole: !isRange);
        var memory = new FileMemory(context, new MemoryBudget(long.MaxValue), CountingSource.FileName, () => ValueTask.FromResult(false));
        DataFileCursor cursor = await DataFileCursor.OpenAsync(context, planned, memory, FilePosition.Start, default).ConfigureAwait(false);
        await using (cursor.ConfigureAwait(false))
        {
            cursor.FindLowerBound();
            while (await cursor.MoveToNextStretchAsync(default).ConfigureAwait(false))
            {
                do
                {
                    Row row = cursor.MakeRow();
                    rows?.Add(row);
                    work.Steps++;
                    work.DeliveredBytes += 200 + cursor.Key.Length + RowBytes(row);
                }
                while (cursor.TryMoveNext());
            }
        }
    }

    /// <summary>The key of one of the samples' rows.</summary>
    private static byte[] Key(Schema schema, int row) => KeyFilter.Exactly(schema, KeyOrder.Bytes, [FieldValue.FromLong(1_000_000_007L * row)]).Segments[0].Lower;

    private static long RowBytes(Row row) => 64L * row.Values.Length;
}
