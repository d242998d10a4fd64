using System.Globalization;
using Sleeper.Ingest.Core.ObjectStores;
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

    private static readonly Schema Blobs = Schema.Create()
        .RowKey("key", FieldType.Long).Value("even", FieldType.ByteArray).Value("odd", FieldType.ByteArray, nullable: true).Value("n", FieldType.Int).Build();

    [Fact]
    public async Task A_row_group_larger_than_the_budget_is_ingested_within_it()
    {
        int rowCount = 512 * (int.TryParse(Environment.GetEnvironmentVariable("SLEEPER_SOAK"), CultureInfo.InvariantCulture, out int asked) ? asked : 24);
        using var bed = await new IngestBed().WithTableAsync(Blobs);
        byte[] file = SmallDataFile.Write(Blobs, [.. Enumerable.Range(0, rowCount).Select(MakeRow)], pageRowCount: 100);
        Assert.InRange(file.Length, Budget, int.MaxValue);
        await bed.Memory.PutAsync("in/large.parquet", file);
        var store = new ReaderCountingStore(bed.Memory);

        await using var writer = await bed.Factory(Blobs).WithMemoryBudget(Budget).WithDegreeOfParallelism(Workers).OpenAsync();
        await writer.WriteParquetAsync(store, "in/large.parquet");
        var result = await writer.CompleteAsync();

        Assert.InRange(result.PeakMemoryBytes, Budget / 2, Budget);
        Assert.InRange(store.LongestRead, 64 << 10, (Budget / 4 / Workers) + (64 << 10));
        Assert.InRange(store.BytesRead, file.Length * 99L / 100, file.Length + (64 << 10));
        int next = 0;
        await foreach (var row in (await Table.OpenAsync(bed.Memory, "default", default)).ReadAsync(default))
        {
            Assert.Equal(MakeRow(next++), row);
        }

        Assert.Equal(rowCount, next);
    }

    [Fact]
    public async Task Where_a_page_of_each_column_does_not_fit_the_error_says_what_is_needed()
    {
        // Two columns with pages of 7 MiB, which snappy does not make smaller; as stored and without compression that is 28 MiB.
        using var bed = await new IngestBed().WithTableAsync(Blobs);
        Row[] rows = [.. Enumerable.Range(0, 2000).Select(i => new Row(Blobs, (long)i, FieldValue.FromBytes(Noise(i, 7 << 10)), FieldValue.FromBytes(Noise(i, 7 << 10)), i))];
        await bed.Memory.PutAsync("in/wide.parquet", SmallDataFile.Write(Blobs, rows, pageRowCount: 1024, pageBytes: 8 << 20));

        var fault = await bed.AssertFailsAsync<IngestException>(
            async w =>
            {
                await w.WriteParquetAsync(bed.Memory, "in/wide.parquet");
                await w.CompleteAsync();
            },
            factory => factory.WithMemoryBudget(Budget).WithDegreeOfParallelism(1),
            Blobs);

        Assert.Contains("in/wide.parquet", fault.Message, StringComparison.Ordinal);
        string needed = fault.Message.Split("needs ")[1].Split(' ')[0].Replace(",", "", StringComparison.Ordinal);
        Assert.InRange(long.Parse(needed, CultureInfo.InvariantCulture), 28L << 20, (28L << 20) + (64 << 10));
    }

    private static Row MakeRow(int number) => new(
        Blobs,
        (long)number,
        FieldValue.FromBytes(Noise(number, number % 2 == 0 ? 2000 : 30)),
        number % 2 == 0 ? FieldValue.Null : FieldValue.FromBytes(Noise(number, 2000)),
        number % 7);

    private static byte[] Noise(int seed, int length)
    {
        byte[] bytes = new byte[length];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }
}
