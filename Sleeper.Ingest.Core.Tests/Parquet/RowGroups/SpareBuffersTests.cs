using Sleeper.Ingest.Core.Buffers;
using Sleeper.Ingest.Core.Parquet;
using Sleeper.Ingest.Core.Parquet.Columns;
using Sleeper.Ingest.Core.Parquet.Compression;
using Sleeper.Ingest.Core.Parquet.Metadata;
using Sleeper.Ingest.Core.Parquet.RowGroups;
using Sleeper.Ingest.Core.Parquet.Schemas;
using Sleeper.Ingest.Core.Tests.Support;

namespace Sleeper.Ingest.Core.Tests.Parquet.RowGroups;

public class SpareBuffersTests
{
    private const int KiB = 1 << 10;

    [Fact]
    public void A_buffer_serves_again_and_every_byte_of_it_stays_reserved()
    {
        var memory = new CountedMemory { ShareBytes = long.MaxValue, KeepsSpares = true };
        using var spares = new SpareBuffers();
        NativeBuffer first = Take(spares, memory, 100 * KiB);
        Assert.InRange(first.LengthBytes, 100 * KiB, 110 * KiB);
        Assert.Equal(first.LengthBytes, memory.HeldBytes);
        spares.Give(first, memory);
        Assert.Equal(first.LengthBytes, memory.HeldBytes);

        NativeBuffer second = Take(spares, memory, 101 * KiB);
        Assert.Same(first, second);
        Assert.Equal(second.LengthBytes, memory.HeldBytes);

        spares.Give(second, memory);
        NativeBuffer other = Take(spares, memory, 50 * KiB);
        NativeBuffer larger = Take(spares, memory, 200 * KiB);
        Assert.NotSame(first, other);
        Assert.NotSame(first, larger);
        spares.Give(other, memory);
        spares.Give(larger, memory);

        Assert.True(spares.Free());
        Assert.False(spares.Free());
        Assert.Equal(0, memory.HeldBytes);
    }

    [Fact]
    public void Nothing_is_kept_where_memory_is_short_or_no_row_group_comes()
    {
        var few = new CountedMemory { ShareBytes = long.MaxValue, KeepsSpares = true, LimitBytes = 150 * KiB };
        using var spares = new SpareBuffers();
        spares.Give(Take(spares, few, 100 * KiB), few);
        Assert.Equal(0, few.HeldBytes);

        var unwilling = new CountedMemory { ShareBytes = long.MaxValue };
        NativeBuffer exact = Take(spares, unwilling, 100 * KiB);
        Assert.Equal(100 * KiB, exact.LengthBytes);
        spares.Give(exact, unwilling);
        Assert.Equal(0, unwilling.HeldBytes);

        var memory = new CountedMemory { ShareBytes = long.MaxValue, KeepsSpares = true };
        NativeBuffer late = Take(spares, memory, 100 * KiB);
        spares.Close();
        spares.Give(late, memory);
        Assert.Equal(0, memory.HeldBytes);
        Assert.False(spares.Free());
    }

    [Theory]
    [InlineData("Uncompressed", long.MaxValue)]
    [InlineData("Snappy", long.MaxValue)]
    [InlineData("Snappy", 1_000_000L)]
    public async Task Row_groups_read_one_after_the_other_use_the_same_memory(string codec, long limitBytes)
    {
        var schema = new ParquetSchema("file", [SchemaNode.Primitive("number", Repetition.Required, PhysicalType.Int64)]);
        var options = new ParquetWriterOptions { CreateCompressor = () => PageCompression.Create(Enum.Parse<CompressionCodec>(codec)), PageBytes = 200 * KiB };
        int[] groups = [30_000, 29_000, 30_500, 60_000, 30_000];
        var random = new Random(1);
        long[] values = [.. Enumerable.Range(0, groups.Sum()).Select(_ => random.NextInt64())];
        int start = 0;
        byte[] bytes = WrittenFile.Write(schema, options, null, [.. groups.Select(rows => (ColumnVector[])[VectorSamples.Longs(values[start..(start += rows)])])]).Bytes;
        var memory = new CountedMemory { ShareBytes = long.MaxValue, KeepsSpares = true, LimitBytes = limitBytes };
        using ParquetFileReader file = await ParquetFileReader.OpenAsync(new BytesSource("f", bytes), ParquetReaderLimits.Default, TestContext.Current.CancellationToken);
        var read = new ColumnVector(VectorKind.Int64);
        bool hasKept = false;

        for (int group = 0; group < groups.Length; group++)
        {
            using (RowGroupReader rows = await file.OpenRowGroupAsync(group, [0], memory, TestContext.Current.CancellationToken))
            {
                Assert.Equal(groups[group], await rows.ReadAsync(0, read, groups[group], TestContext.Current.CancellationToken));
            }

            hasKept |= memory.HeldBytes > 0;
            Assert.True(memory.HeldBytes == 0 || group < groups.Length - 1);
        }

        Assert.Equal(values, read.Longs[..read.ValueCount]);
        Assert.True(hasKept || limitBytes < long.MaxValue);
        Assert.Equal(0, memory.HeldBytes);
    }

    private static NativeBuffer Take(SpareBuffers spares, CountedMemory memory, long bytes)
    {
        Assert.True(memory.TryReserve(bytes));
        return spares.Take(bytes, memory);
    }
}
