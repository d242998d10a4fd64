using System.Globalization;
using Sleeper.Ingest.Core.ObjectStores;
using Sleeper.Ingest.Core.Parquet.Metadata;
using Sleeper.Ingest.Core.Parquet.Schemas;
using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.Schemas;
using Sleeper.Ingest.Core.Tests.Support;

namespace Sleeper.Ingest.Core.Tests.EndToEnd;

/// <summary>Parquet files whose row group is larger than the memory budget.</summary>
/// <remarks>SLEEPER_SOAK=n makes the row group n MiB long instead of 24.</remarks>
public class LargeRowGroupTests
{
    private const int Budget = 16 << 20;
    private const int Workers = 2;
    private const int PageRows = 512;

    private static readonly Schema Blobs = Schema.Create().RowKey("key", FieldType.Long).Value("blob", FieldType.ByteArray).Value("n", FieldType.Int).Build();

    [Fact]
    public async Task A_row_group_larger_than_the_budget_is_ingested_within_it()
    {
        int pages = int.TryParse(Environment.GetEnvironmentVariable("SLEEPER_SOAK"), CultureInfo.InvariantCulture, out int asked) ? asked : 24;
        var file = new RepeatedPages(
            [
                SchemaNode.Primitive("key", Repetition.Required, PhysicalType.Int64),
                SchemaNode.Primitive("blob", Repetition.Required, PhysicalType.ByteArray),
                SchemaNode.Primitive("n", Repetition.Required, PhysicalType.Int32),
            ],
            [
                [.. Enumerable.Range(0, PageRows).SelectMany(i => BitConverter.GetBytes((long)i))],
                PlainEncodings.Plain([.. Enumerable.Range(0, PageRows).Select(i => Noise(i, 2048))]),
                [.. Enumerable.Range(0, PageRows).SelectMany(BitConverter.GetBytes)],
            ],
            PageRows,
            pages);
        using var folder = new TemporaryFolder();
        await file.SaveAsync(Path.Combine(folder.Path, "large.parquet"));
        var store = new ReaderCountingStore(new LocalObjectStore(folder.Path));
        using var bed = await new IngestBed().WithTableAsync(Blobs);

        await using var writer = await bed.Factory(Blobs).WithMemoryBudget(Budget).WithDegreeOfParallelism(Workers).OpenAsync();
        await writer.WriteParquetAsync(store, "large.parquet");
        var result = await writer.CompleteAsync();

        Assert.InRange(result.PeakMemoryBytes, Budget / 2, Budget);
        Assert.InRange(store.LongestRead, 64 << 10, (Budget / 4 / Workers) + (64 << 10));
        Assert.InRange(store.BytesRead, (long)pages * PageRows * 2048, file.Length + (64 << 10));
        long next = 0;
        await foreach (var row in (await Table.OpenAsync(bed.Memory, "default", default)).ReadAsync(default))
        {
            int key = (int)(next++ / pages);
            Assert.Equal(MakeRow(key), row);
        }

        Assert.Equal(file.RowCount, next);
    }

    [Fact]
    public async Task Where_a_page_of_each_column_does_not_fit_the_error_says_what_is_needed()
    {
        // Two columns with pages of 7 MiB, which snappy does not make smaller; as stored and without compression that is 28 MiB.
        var two = Schema.Create().RowKey("key", FieldType.Long).Value("a", FieldType.ByteArray).Value("b", FieldType.ByteArray).Build();
        Row[] rows = [.. Enumerable.Range(0, 2000).Select(i => new Row(two, (long)i, FieldValue.FromBytes(Noise(i, 7 << 10)), FieldValue.FromBytes(Noise(i, 7 << 10))))];
        using var bed = await new IngestBed().WithTableAsync(two);
        await bed.Memory.PutAsync("in/wide.parquet", SmallDataFile.Write(two, rows, pageRowCount: 1024, pageBytes: 8 << 20));

        var fault = await bed.AssertFailsAsync<IngestException>(
            async w =>
            {
                await w.WriteParquetAsync(bed.Memory, "in/wide.parquet");
                await w.CompleteAsync();
            },
            factory => factory.WithMemoryBudget(Budget).WithDegreeOfParallelism(1),
            two);

        Assert.Contains("in/wide.parquet", fault.Message, StringComparison.Ordinal);
        string needed = fault.Message.Split("needs ")[1].Split(' ')[0].Replace(",", "", StringComparison.Ordinal);
        Assert.InRange(long.Parse(needed, CultureInfo.InvariantCulture), 28L << 20, (28L << 20) + (64 << 10));
    }

    [Fact]
    public async Task Row_groups_that_do_not_fit_side_by_side_are_read_one_after_the_other()
    {
        // A row group takes 4 MiB and more with its pages, stored and without compression; eight workers would take the whole budget and more.
        var pair = Schema.Create().RowKey("key", FieldType.Long).Value("a", FieldType.ByteArray).Value("b", FieldType.ByteArray).Build();
        Row[] rows = [.. Enumerable.Range(0, 10 * 256).Select(i => new Row(pair, (long)i, FieldValue.FromBytes(Noise(i, 4 << 10)), FieldValue.FromBytes(Noise(i, 4 << 10))))];
        using var bed = await new IngestBed().WithTableAsync(pair);
        await bed.Memory.PutAsync("in/groups.parquet", SmallDataFile.Write(pair, rows, rowGroupRowCount: 256, pageBytes: 4 << 20));

        await using var writer = await bed.Factory(pair).WithMemoryBudget(32 << 20).WithDegreeOfParallelism(8).OpenAsync();
        await writer.WriteParquetAsync(bed.Memory, "in/groups.parquet");
        var result = await writer.CompleteAsync();

        Assert.InRange(result.PeakMemoryBytes, 16 << 20, 32 << 20);
        Assert.Equal(rows, await bed.ReadAsync());
    }

    private static Row MakeRow(int key) => new(Blobs, (long)key, FieldValue.FromBytes(Noise(key, 2048)), key);

    private static byte[] Noise(int seed, int length)
    {
        byte[] bytes = new byte[length];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }
}
