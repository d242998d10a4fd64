using Sleeper.Ingest.Core.Buffers;
using Sleeper.Ingest.Core.Parquet;
using Sleeper.Ingest.Core.Parquet.BloomFilters;
using Sleeper.Ingest.Core.Parquet.Columns;
using Sleeper.Ingest.Core.Parquet.Metadata;
using Sleeper.Ingest.Core.Parquet.Pages;
using Sleeper.Ingest.Core.Parquet.Schemas;
using Sleeper.Ingest.Core.Parquet.Thrift;
using Sleeper.Ingest.Core.Tests.Parquet.RowGroups;

namespace Sleeper.Ingest.Core.Tests.Parquet.BloomFilters;

public class ChunkBloomFilterTests
{
    private static readonly BloomFilterWriteOptions Defaults = new(null, 0.01, 1 << 20);

    [Theory]
    [InlineData(0, 0.01, 1 << 20, 32)]
    [InlineData(1, 0.01, 1 << 20, 32)]
    [InlineData(24, 0.01, 1 << 20, 32)]
    [InlineData(25, 0.01, 1 << 20, 64)]
    [InlineData(90_000, 0.01, 1 << 20, 128 << 10)]
    [InlineData(90_000, 0.0001, 1 << 20, 512 << 10)]
    [InlineData(100_000_000, 0.01, 1 << 20, 1 << 20)]
    [InlineData(100_000_000, 0.01, 1_000_000, 512 << 10)]
    [InlineData(long.MaxValue, 1e-300, 128 << 20, 128 << 20)]
    public void The_size_is_the_least_power_of_two_for_the_values_and_no_more_than_the_cap(long values, double probability, int cap, int expected) =>
        Assert.Equal(expected, new BloomFilterSize(probability, cap).BytesFor(values));

    [Theory]
    [InlineData(0.1)]
    [InlineData(0.01)]
    [InlineData(0.001)]
    public void What_is_in_it_is_found_and_of_the_rest_no_more_than_asked_for(double probability)
    {
        const int Asked = 200_000;
        foreach (int count in (int[])[1, 24, 400, 12_400])
        {
            byte[] filter = Make([.. Enumerable.Range(0, count).Select(i => i * 7919L)], new(null, probability, 1 << 20));

            Assert.All(Enumerable.Range(0, count), i => Assert.True(MayContain(filter, i * 7919L)));
            int wrong = Enumerable.Range(1, Asked).Count(i => MayContain(filter, -i));

            // Three standard deviations above the share: 200,000 questions are a sample.
            double most = (probability * Asked) + (3 * Math.Sqrt(probability * Asked));
            Assert.True(wrong <= most, $"{count} values, {filter.Length} bytes: {wrong} of {Asked} wrong, at most {most:N0} were asked for");
        }
    }

    [Fact]
    public void Repeated_values_in_any_order_and_any_pages_give_the_filter_of_the_values()
    {
        long[] values = [.. Enumerable.Range(0, 1000).Select(i => i * 31L)];
        var random = new Random(8);
        long[] repeated = [.. Enumerable.Range(0, 40).SelectMany(_ => values)];
        random.Shuffle(repeated);

        byte[] expected = Make(values, Defaults);

        Assert.Equal(2048, expected.Length);
        Assert.Equal(expected, Make(repeated, Defaults, pageRows: 7));
        Assert.Equal(expected, Make([.. repeated.Order()], Defaults, pageRows: 4000));
        Assert.Equal(expected, Make([.. repeated.Order()], Defaults, pageRows: 4000, new ChunkBloomFilter(LongColumn(), Defaults, isAscending: true)));
    }

    [Fact]
    public void With_more_values_than_the_largest_filter_takes_the_memory_stays_and_every_value_is_found()
    {
        var options = new BloomFilterWriteOptions(null, 0.01, 4096);
        long[] values = [.. Enumerable.Range(0, 60_000).Select(i => i * 7919L)];
        var filter = new ChunkBloomFilter(LongColumn(), options);

        byte[] many = Make(values, options, pageRows: 1000, filter);

        Assert.Equal(4096, many.Length);
        Assert.All(values, value => Assert.True(MayContain(many, value)));
        Assert.True(filter.CapacityBytes < 100_000, $"{filter.CapacityBytes:N0} bytes are held");
        Assert.Equal(many, Make(values, options, pageRows: 1000, new ChunkBloomFilter(LongColumn(), options, isAscending: true)));

        // The next chunk begins anew.
        filter.Clear();
        Assert.Equal(Make(values[..100], options), Make(values[..100], options, 1000, filter));
    }

    [Fact]
    public void An_expected_number_sets_the_size_whatever_comes()
    {
        var options = new BloomFilterWriteOptions(5000, 0.01, 1 << 20);
        byte[] filter = Make([4, 5, 6], options);

        Assert.Equal(8192, filter.Length);
        Assert.True(MayContain(filter, 5));
        Assert.False(MayContain(filter, 7));
        Assert.Equal(8192, Make([.. Enumerable.Range(0, 50_000).Select(i => (long)i)], options).Length);
        Assert.Equal(8192, Make([], options).Length);
    }

    [Fact]
    public void Of_nulls_alone_there_is_a_filter_that_has_nothing()
    {
        var schema = new ParquetSchema("record", [SchemaNode.Primitive("a", Repetition.Optional, PhysicalType.Int64)]);
        ColumnVector nulls = VectorSamples.Longs([]).WithLevels(new byte[20]);
        byte[] filter = Make(schema.Columns[0], nulls, Defaults, 20, new ChunkBloomFilter(schema.Columns[0], Defaults));

        Assert.Equal(new byte[32], filter);
    }

    [Theory]
    [InlineData(-1L, 0.01, 32, PhysicalType.Int64)]
    [InlineData(null, 0.0, 32, PhysicalType.Int64)]
    [InlineData(null, 1.0, 32, PhysicalType.Int64)]
    [InlineData(null, double.NaN, 32, PhysicalType.Int64)]
    [InlineData(null, 0.01, 31, PhysicalType.Int64)]
    [InlineData(null, 0.01, (128 << 20) + 1, PhysicalType.Int64)]
    [InlineData(null, 0.01, 32, PhysicalType.Boolean)]
    [InlineData(null, 0.01, 32, PhysicalType.Int96)]
    public void What_cannot_be_is_refused(long? values, double probability, int cap, object type)
    {
        var schema = new ParquetSchema("record", [SchemaNode.Primitive("a", Repetition.Required, (PhysicalType)type)]);

        Assert.ThrowsAny<ArgumentException>(() => new ChunkBloomFilter(schema.Columns[0], new(values, probability, cap)));
    }

    private static LeafColumn LongColumn() => new ParquetSchema("record", [SchemaNode.Primitive("a", Repetition.Required, PhysicalType.Int64)]).Columns[0];

    private static byte[] Make(long[] values, BloomFilterWriteOptions options, int pageRows = 10_000, ChunkBloomFilter? filter = null) =>
        Make(LongColumn(), VectorSamples.Longs(values), options, pageRows, filter ?? new ChunkBloomFilter(LongColumn(), options));

    /// <summary>The filter's blocks, after its header was checked.</summary>
    private static byte[] Make(LeafColumn column, ColumnVector values, BloomFilterWriteOptions options, int pageRows, ChunkBloomFilter filter)
    {
        foreach (ColumnVector page in VectorSamples.Split(column, values, () => pageRows))
        {
            filter.Add(new PageValues(page, default, new PageExtent(page.LevelCount, page.LevelCount, page.ValueCount)));
        }

        if (values.LevelCount == 0)
        {
            filter.Add(default);
        }

        var output = new ByteBuffer();
        filter.Write(output);
        var reader = new ThriftCompactReader(output.WrittenSpan);
        BloomFilterHeader header = BloomFilterHeader.Read(ref reader);
        byte[] blocks = output.WrittenSpan[reader.Position..].ToArray();
        Assert.Equal(new BloomFilterHeader { NumBytes = blocks.Length, IsSplitBlock = true, IsXxHash = true, IsUncompressed = true }, header);
        Assert.True(blocks.Length <= options.MaxBytes);
        return blocks;
    }

    private static bool MayContain(byte[] filter, long value)
    {
        ulong hash = XxHash64.Hash(value);
        return SplitBlocks.MayContain(filter.AsSpan(SplitBlocks.OffsetOf(hash, filter.Length)), hash);
    }
}
