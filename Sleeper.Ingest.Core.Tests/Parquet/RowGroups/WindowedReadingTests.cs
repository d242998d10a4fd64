using System.Globalization;
using Sleeper.Ingest.Core.Parquet;
using Sleeper.Ingest.Core.Parquet.Columns;
using Sleeper.Ingest.Core.Parquet.Compression;
using Sleeper.Ingest.Core.Parquet.Metadata;
using Sleeper.Ingest.Core.Parquet.RowGroups;
using Sleeper.Ingest.Core.Parquet.Schemas;
using Sleeper.Ingest.Core.Tests.Support;
using static Sleeper.Ingest.Core.Tests.Support.HandmadeParquet;

namespace Sleeper.Ingest.Core.Tests.Parquet.RowGroups;

/// <summary>Row groups that are larger than the memory they may take.</summary>
public class WindowedReadingTests
{
    private static readonly CompressionCodec[] Codecs = [CompressionCodec.Uncompressed, CompressionCodec.Snappy, CompressionCodec.Gzip];

    private static ParquetSchema Mixed { get; } = new(
        "m",
        [
            SchemaNode.Primitive("long", Repetition.Required, PhysicalType.Int64),
            SchemaNode.Utf8("text", Repetition.Optional),
            SchemaNode.Primitive("int", Repetition.Optional, PhysicalType.Int32),
            SchemaNode.List("list", Repetition.Optional, SchemaNode.Utf8("element", Repetition.Optional)),
            SchemaNode.Primitive("fixed", Repetition.Required, PhysicalType.FixedLenByteArray, typeLength: 16),
        ]);

    [Fact]
    public async Task Random_row_groups_give_the_same_values_through_windows_of_any_size_and_each_byte_is_read_once()
    {
        for (int seed = 0; seed < 20; seed++)
        {
            var random = new Random(seed);
            (byte[] bytes, ColumnVector[] columns) = Write(random, random.Next(1, 10_000));
            var source = new BytesSource($"seed {seed}", bytes);
            using ParquetFileReader file = await ParquetFileReader.OpenAsync(source, ParquetReaderLimits.Default, TestContext.Current.CancellationToken);
            long stored = file.StoredBytes(0, [0, 1, 2, 3, 4]);
            int footerReads = source.Reads.Count;
            var memory = new CountedMemory { ShareBytes = random.NextInt64(1, stored + 1) };

            ColumnVector[] read = await ParquetDrain.ReadColumnsAsync(file, 0, random.Next(1, 3000), memory);

            Assert.All(Mixed.Columns, leaf => VectorSamples.AssertSame(leaf, columns[leaf.Index], read[leaf.Index]));

            // What lies in the last 64 KiB came with the footer.
            Assert.InRange(AssertReadOnce([.. source.Reads.Skip(footerReads)]), stored - (64 << 10), stored);
            Assert.Equal(0, memory.HeldBytes);
        }
    }

    [Fact]
    public async Task Memory_stays_near_the_share_however_large_the_row_group_is()
    {
        var random = new Random(5);
        var schema = new ParquetSchema("m", [SchemaNode.Primitive("a", Repetition.Required, PhysicalType.Int64), SchemaNode.Utf8("b", Repetition.Required)]);
        var options = new ParquetWriterOptions { CreateCompressor = () => PageCompression.Create(CompressionCodec.Snappy), PageBytes = 8 << 10, Columns = NoDictionary(2) };
        const int Rows = 300_000;
        byte[] bytes = WrittenFile.Write(
            schema,
            options,
            null,
            [VectorSamples.Longs(Enumerable.Range(0, Rows).Select(_ => random.NextInt64())), VectorSamples.Strings(Enumerable.Range(0, Rows).Select(i => (i * 7919L).ToString(CultureInfo.InvariantCulture)))]).Bytes;
        var source = new BytesSource("f", bytes);
        using ParquetFileReader file = await ParquetFileReader.OpenAsync(source, ParquetReaderLimits.Default, TestContext.Current.CancellationToken);
        const long Share = 256 << 10;
        Assert.InRange(file.StoredBytes(0, [0, 1]), 10 * Share, long.MaxValue);
        var memory = new CountedMemory { ShareBytes = Share };
        await using RowGroupReader rows = await file.OpenRowGroupAsync(0, [0, 1], memory, TestContext.Current.CancellationToken);
        ColumnVector[] stretch = [new ColumnVector(VectorKind.Int64), new ColumnVector(VectorKind.Bytes)];
        long read = 0;
        while (await rows.ReadAsync(0, stretch[0], 4096, TestContext.Current.CancellationToken) is > 0 and int given)
        {
            Assert.Equal(given, await rows.ReadAsync(1, stretch[1], 4096, TestContext.Current.CancellationToken));
            Assert.Equal(((read + given - 1) * 7919).ToString(CultureInfo.InvariantCulture), System.Text.Encoding.ASCII.GetString(stretch[1].BytesAt(given - 1)));
            read += given;
            Assert.InRange(rows.HeldBytes, 1, memory.HeldBytes);
            stretch[0].Clear();
            stretch[1].Clear();
        }

        Assert.Equal(Rows, read);
        Assert.InRange(memory.PeakBytes, Share / 2, Share + (64 << 10));

        // About as many requests as there are windows in the file, not one a page.
        Assert.InRange(source.Reads.Count, 2, 2 * (int)(bytes.Length / (Share / 2)) + 4);
    }

    [Fact]
    public async Task A_row_group_that_fits_its_share_comes_in_one_read()
    {
        (byte[] bytes, _) = Write(new Random(3), 10_000);
        var source = new BytesSource("f", bytes);
        using ParquetFileReader file = await ParquetFileReader.OpenAsync(source, ParquetReaderLimits.Default, TestContext.Current.CancellationToken);
        long stored = file.StoredBytes(0, [0, 1, 2, 3, 4]);
        int footerReads = source.Reads.Count;
        Assert.InRange(stored, 64 << 10, long.MaxValue);

        await ParquetDrain.ReadColumnsAsync(file, 0, 100, new CountedMemory { ShareBytes = stored });

        Assert.Equal((int)stored, Assert.Single(source.Reads.Skip(footerReads)).Length);
    }

    [Fact]
    public async Task A_page_that_is_larger_than_its_window_makes_it_grow_for_that_page()
    {
        byte[] small = PlainEncodings.Plain([new byte[100]]);
        byte[] large = PlainEncodings.Plain([new byte[50_000]]);
        HandmadeParquet made = RequiredBytes;
        for (int i = 0; i < 200; i++)
        {
            made.V1(1, ParquetEncoding.Plain, i == 100 ? large : small);
        }

        byte[] bytes = made.Build(200);
        var memory = new CountedMemory { ShareBytes = 3000 };
        var source = new BytesSource("f", bytes);
        List<string> rows = await CanonicalRows.ReadAsync(source, stretch: 7, memory: memory);

        Assert.Equal(await CanonicalRows.ReadAsync(new BytesSource("f", bytes)), rows);
        Assert.InRange(memory.PeakBytes, 50_000, 62_000);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task What_one_page_and_the_dictionary_of_each_column_take_is_said_where_it_does_not_fit(bool isFirst)
    {
        // Column 0: pages of 20,000 bytes; column 1: a dictionary of 30,000 bytes and small pages. None compressed, so nothing is held twice.
        var schema = new ParquetSchema("m", [SchemaNode.Utf8("a", Repetition.Required), SchemaNode.Utf8("b", Repetition.Required)]);
        var options = new ParquetWriterOptions
        {
            CreateCompressor = () => PageCompression.Create(CompressionCodec.Uncompressed),
            PageBytes = 20_000,
            PageRows = 1000,
            Columns = [new ColumnWriteOptions { Dictionary = DictionaryUse.Never }, new ColumnWriteOptions { Dictionary = DictionaryUse.Try }],
        };
        var random = new Random(6);
        byte[][] values = [.. Enumerable.Range(0, 5000).Select(_ => RandomBytes(random, 96))];
        byte[] bytes = WrittenFile.Write(schema, options, null, [VectorSamples.ByteArrays(values), VectorSamples.ByteArrays(values.Select((_, i) => values[i % 16 == 0 ? i / 16 % 256 : 0]))]).Bytes;
        using ParquetFileReader file = await ParquetFileReader.OpenAsync(new BytesSource("f", bytes) { RequestCostBytes = 0 }, ParquetReaderLimits.Default, TestContext.Current.CancellationToken);
        var unlimited = new CountedMemory { ShareBytes = 1 };
        await ParquetDrain.ReadColumnsAsync(file, 0, 1000, unlimited);

        var memory = new CountedMemory { ShareBytes = 1, LimitBytes = isFirst ? 10_000 : 60_000 };
        var fault = await Assert.ThrowsAsync<InsufficientMemoryException>(() => ParquetDrain.ReadColumnsAsync(file, 0, 1000, memory));

        // The dictionary: 256 values of 96 bytes with their lengths, stored, then as values with offsets.
        long needed = long.Parse(fault.Message.Split(' ')[1], CultureInfo.InvariantCulture);
        Assert.InRange(needed, 20_000 + 25_600 + 25_600, 20_000 + (3 * 25_600) + 4000);
        Assert.Equal(0, memory.HeldBytes);
        var enough = new CountedMemory { ShareBytes = 1, LimitBytes = unlimited.PeakBytes };
        await ParquetDrain.ReadColumnsAsync(file, 0, 1000, enough);
    }

    [Fact]
    public async Task Damage_is_refused_through_windows_as_it_is_in_memory()
    {
        (byte[] bytes, _) = Write(new Random(9), 3000);
        var random = new Random(10);
        int refused = 0;
        for (int i = 0; i < 120; i++)
        {
            byte[] damaged = [.. bytes];
            damaged[random.Next(4, bytes.Length / 2)] ^= (byte)(1 << random.Next(8));
            string whole = await OutcomeAsync(damaged, long.MaxValue);
            string windowed = await OutcomeAsync(damaged, random.Next(1, 20_000));
            Assert.Equal(whole, windowed);
            refused += whole.Length > 0 ? 1 : 0;
        }

        Assert.InRange(refused, 100, 120);
    }

    [Fact]
    public async Task A_header_that_claims_too_much_is_refused_before_memory_is_taken()
    {
        byte[] bytes = RequiredBytes
            .Page(
                new PageHeader
                {
                    Type = PageType.DataPage,
                    CompressedPageSize = 5000,
                    UncompressedPageSize = 900_000_000,
                    DataPage = new DataPageHeader { NumValues = 1, Encoding = ParquetEncoding.Plain, DefinitionLevelEncoding = ParquetEncoding.Rle, RepetitionLevelEncoding = ParquetEncoding.Rle },
                },
                new byte[5000])
            .Build(1);
        var memory = new CountedMemory { ShareBytes = 1000 };

        var fault = await Assert.ThrowsAsync<ParquetFormatException>(() => CanonicalRows.ReadAsync(new BytesSource("f", bytes), memory: memory));

        Assert.Contains("900,000,000", fault.Message, StringComparison.Ordinal);
        Assert.InRange(memory.PeakBytes, 1, 2000);
        Assert.Equal(0, memory.HeldBytes);
    }

    [Fact]
    public async Task A_read_that_fails_in_the_middle_gives_all_memory_back()
    {
        (byte[] bytes, _) = Write(new Random(4), 5000);
        var memory = new CountedMemory { ShareBytes = 5000 };
        var source = new BytesSource("f", bytes) { FaultyByte = bytes.Length / 2 };
        using ParquetFileReader file = await ParquetFileReader.OpenAsync(source, ParquetReaderLimits.Default, TestContext.Current.CancellationToken);

        await Assert.ThrowsAsync<IOException>(() => ParquetDrain.ReadColumnsAsync(file, 0, 1000, memory));

        Assert.Equal(0, memory.HeldBytes);
        Assert.InRange(memory.PeakBytes, 1, long.MaxValue);
    }

    private static async Task<string> OutcomeAsync(byte[] bytes, long share)
    {
        var memory = new CountedMemory { ShareBytes = share };
        try
        {
            using ParquetFileReader file = await ParquetFileReader.OpenAsync(new BytesSource("f", bytes), ParquetReaderLimits.Default, TestContext.Current.CancellationToken);
            await ParquetDrain.ReadColumnsAsync(file, 0, 1000, memory);
            return "";
        }
        catch (ParquetFormatException fault)
        {
            return fault.Message;
        }
        finally
        {
            Assert.Equal(0, memory.HeldBytes);
        }
    }

    private static (byte[] Bytes, ColumnVector[] Columns) Write(Random random, int rows)
    {
        CompressionCodec codec = Codecs[random.Next(Codecs.Length)];
        var options = new ParquetWriterOptions
        {
            CreateCompressor = () => PageCompression.Create(codec),
            Version = (WriterVersion)random.Next(2),
            PageBytes = 1 << random.Next(7, 16),
            PageRows = random.Next(1, 2000),
            DictionaryBytes = 1 << random.Next(4, 16),
            Columns = [.. Mixed.Columns.Select(_ => new ColumnWriteOptions { Dictionary = random.Next(2) == 0 ? DictionaryUse.Try : DictionaryUse.Never })],
        };
        ColumnVector[] columns = [.. Mixed.Columns.Select(leaf => VectorSamples.Random(leaf, rows, random, random.Next(2) == 0 ? 200 : int.MaxValue, maxBytes: 1 << random.Next(8)))];
        return (WrittenFile.Write(Mixed, options, null, columns).Bytes, columns);
    }

    private static byte[] RandomBytes(Random random, int length)
    {
        byte[] bytes = new byte[length];
        random.NextBytes(bytes);
        return bytes;
    }

    private static ColumnWriteOptions[] NoDictionary(int columns) =>
        [.. Enumerable.Range(0, columns).Select(_ => new ColumnWriteOptions { Dictionary = DictionaryUse.Never })];

    private static long AssertReadOnce(List<(long Offset, int Length)> reads)
    {
        reads.Sort();
        for (int i = 1; i < reads.Count; i++)
        {
            Assert.True(reads[i].Offset >= reads[i - 1].Offset + reads[i - 1].Length, $"byte {reads[i].Offset} was read twice");
        }

        return reads.Sum(read => (long)read.Length);
    }
}
