using Sleeper.Ingest.Core.Buffers;
using Sleeper.Ingest.Core.Parquet;
using Sleeper.Ingest.Core.Parquet.Columns;
using Sleeper.Ingest.Core.Parquet.Compression;
using Sleeper.Ingest.Core.Parquet.Encodings;
using Sleeper.Ingest.Core.Parquet.Metadata;
using Sleeper.Ingest.Core.Parquet.Pages;
using Sleeper.Ingest.Core.Parquet.RowGroups;
using Sleeper.Ingest.Core.Parquet.Schemas;
using Sleeper.Ingest.Core.Tests.Support;
using static Sleeper.Ingest.Core.Tests.Support.HandmadeParquet;

namespace Sleeper.Ingest.Core.Tests.Parquet.RowGroups;

public class RowGroupReaderTests
{
    private const ParquetEncoding Plain = ParquetEncoding.Plain;

    [Fact]
    public async Task Flat_rows_go_on_over_pages()
    {
        byte[] file = RequiredInt.V1(2, Plain, Ints(1, 2)).V1(0, Plain, []).V2(3, Plain, [], [], Ints(3, 4, 5)).Build(5);

        Assert.Equal(["""["1"]""", """["2"]""", """["3"]""", """["4"]""", """["5"]"""], await CanonicalRows.ReadAsync(new BytesSource("f", file), stretch: 3));
    }

    [Fact]
    public async Task Nulls_take_no_value_and_a_page_of_nulls_needs_no_bytes()
    {
        byte[] file = OptionalInt
            .V1(3, Plain, [.. V1Levels([.. Run(1, 1), .. Run(1, 0), .. Run(1, 1)]), .. Ints(7, 8)])
            .V2(2, ParquetEncoding.DeltaBinaryPacked, [], Run(2, 0), [])
            .V2(1, Plain, [], Run(1, 1), Ints(9))
            .Build(6);

        Assert.Equal(["""["7"]""", "[null]", """["8"]""", "[null]", "[null]", """["9"]"""], await CanonicalRows.ReadAsync(new BytesSource("f", file), stretch: 4));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(100)]
    public async Task A_list_goes_on_over_pages(int stretch)
    {
        // [1, 2, 3] over two pages, [], [4]
        byte[] file = IntList
            .V1(2, Plain, [.. V1Levels([.. Run(1, 0), .. Run(1, 1)]), .. V1Levels(Run(2, 1)), .. Ints(1, 2)])
            .V1(3, Plain, [.. V1Levels([.. Run(1, 1), .. Run(2, 0)]), .. V1Levels([.. Run(1, 1), .. Run(1, 0), .. Run(1, 1)]), .. Ints(3, 4)])
            .Build(3, valueCount: 5);

        Assert.Equal(["""[["1","2","3"]]""", "[[]]", """[["4"]]"""], await CanonicalRows.ReadAsync(new BytesSource("f", file), stretch));
    }

    [Fact]
    public async Task Old_bit_packed_levels_are_read()
    {
        byte[] file = OptionalInt.V1(10, Plain, [0b1010_0000, 0b0100_0000, .. Ints(1, 2, 3)], levels: ParquetEncoding.BitPacked).Build(10);

        Assert.Equal([0, 2, 9], (await CanonicalRows.ReadAsync(new BytesSource("f", file))).Index().Where(row => row.Item != "[null]").Select(row => row.Index));
    }

    [Fact]
    public async Task A_dictionary_serves_all_pages()
    {
        byte[] file = RequiredBytes
            .Dictionary(2, PlainEncodings.Plain(["ab"u8.ToArray(), "c"u8.ToArray()]))
            .V1(3, ParquetEncoding.RleDictionary, [1, .. Run(2, 1), .. Run(1, 0)])
            .V1(1, ParquetEncoding.PlainDictionary, [1, .. Run(1, 0)])
            .V1(1, Plain, PlainEncodings.Plain(["d"u8.ToArray()]))
            .Build(5);

        Assert.Equal(["""["63"]""", """["63"]""", """["6162"]""", """["6162"]""", """["64"]"""], await CanonicalRows.ReadAsync(new BytesSource("f", file)));
    }

    /// <summary>Where the footer says that a dictionary lies: its place, the place of the data, 0, or nothing, as writers of one time or another had it.</summary>
    [Theory]
    [InlineData("Plain", "RleDictionary", 4L, true)]
    [InlineData("PlainDictionary", "PlainDictionary", 4L, true)]
    [InlineData("PlainDictionary", "PlainDictionary", 4L, false)]
    [InlineData("Plain", "PlainDictionary", 0L, false)]
    [InlineData("PlainDictionary", "RleDictionary", null, false)]
    [InlineData("RleDictionary", "RleDictionary", 4L, true)]
    public async Task Dictionaries_are_read_in_each_of_their_historical_forms(string ofDictionary, string ofData, long? offset, bool isDataBehind)
    {
        HandmadeParquet made = OptionalInt.Dictionary(2, Ints(7, 8), Enum.Parse<ParquetEncoding>(ofDictionary));
        long dataOffset = isDataBehind ? made.Build(0).AsSpan().LastIndexOf(Ints(7, 8)) + 8 : 4;
        ParquetEncoding encoding = Enum.Parse<ParquetEncoding>(ofData);

        // The second page has nulls only, and not even the width of indexes.
        byte[] file = made.V1(3, encoding, [.. V1Levels(Run(3, 1)), 1, .. Run(2, 1), .. Run(1, 0)]).V1(2, encoding, V1Levels(Run(2, 0))).Build(5, change: footer =>
        {
            footer.RowGroups[0].Columns[0].Metadata!.DictionaryPageOffset = offset;
            footer.RowGroups[0].Columns[0].Metadata!.DataPageOffset = dataOffset;
        });

        Assert.Equal(["""["8"]""", """["8"]""", """["7"]""", "[null]", "[null]"], await CanonicalRows.ReadAsync(new BytesSource("f", file)));
    }

    [Fact]
    public async Task A_dictionary_of_no_values_serves_nulls()
    {
        byte[] file = OptionalInt.Dictionary(0, []).V1(2, ParquetEncoding.RleDictionary, [.. V1Levels(Run(2, 0)), 0]).V2(1, ParquetEncoding.RleDictionary, [], Run(1, 0), []).Build(3);

        Assert.Equal(["[null]", "[null]", "[null]"], await CanonicalRows.ReadAsync(new BytesSource("f", file)));
    }

    [Fact]
    public async Task Indexes_are_kept_where_they_may_be_until_a_page_has_no_dictionary()
    {
        byte[] file = RequiredBytes
            .Dictionary(2, PlainEncodings.Plain(["ab"u8.ToArray(), "c"u8.ToArray()]))
            .V1(3, ParquetEncoding.RleDictionary, [1, .. Run(2, 1), .. Run(1, 0)])
            .V1(2, Plain, PlainEncodings.Plain(["d"u8.ToArray(), "ef"u8.ToArray()]))
            .V1(2, ParquetEncoding.RleDictionary, [1, .. Run(2, 1)])
            .Build(7);
        using ParquetFileReader reader = await ParquetFileReader.OpenAsync(new BytesSource("f", file), ParquetReaderLimits.Default, TestContext.Current.CancellationToken);
        using RowGroupReader rows = await reader.OpenRowGroupAsync(0, [0], TestContext.Current.CancellationToken);
        var vector = new ColumnVector(VectorKind.Bytes) { MayKeepIndexes = true };
        Task<int> ReadAsync(int count) => rows.ReadAsync(0, vector, count, TestContext.Current.CancellationToken).AsTask();
        IEnumerable<string> Texts() => Enumerable.Range(0, vector.ValueCount).Select(i => System.Text.Encoding.UTF8.GetString(vector.BytesAt(i)));

        Assert.Equal(2, await ReadAsync(2));
        Assert.Equal([1, 1], vector.Indexes[..2]);
        Assert.Equal((2, 2), (vector.ValueCount, vector.ByteCount));
        Assert.Equal(["ab", "c"], Enumerable.Range(0, 2).Select(i => System.Text.Encoding.UTF8.GetString(vector.Dictionary!.BytesAt(i))));

        Assert.Equal(2, await ReadAsync(2));
        Assert.Null(vector.Dictionary);
        Assert.Equal(["c", "c", "ab", "d"], Texts());

        Assert.Equal(2, await ReadAsync(2));
        Assert.Equal(["c", "c", "ab", "d", "ef", "c"], Texts());

        vector.Clear();
        Assert.Equal(1, await ReadAsync(2));
        Assert.NotNull(vector.Dictionary);
        DictionaryValues.Spread(vector);
        Assert.Null(vector.Dictionary);
        Assert.Equal(["c"], Texts());
    }

    [Fact]
    public async Task Indexes_that_stand_for_more_than_one_read_may_give_are_refused()
    {
        byte[] file = RequiredBytes
            .Dictionary(1, PlainEncodings.Plain([new byte[1000]]))
            .V1(1 << 20, ParquetEncoding.RleDictionary, [1, .. Run(1 << 20, 0)])
            .Build(1 << 20);
        var limits = new ParquetReaderLimits { MaxReadBytes = 10 << 20 };
        using ParquetFileReader reader = await ParquetFileReader.OpenAsync(new BytesSource("f", file), limits, TestContext.Current.CancellationToken);
        using RowGroupReader rows = await reader.OpenRowGroupAsync(0, [0], TestContext.Current.CancellationToken);
        var vector = new ColumnVector(VectorKind.Bytes) { MayKeepIndexes = true };

        Assert.Equal(10_000, await rows.ReadAsync(0, vector, 10_000, TestContext.Current.CancellationToken));
        var fault = await Assert.ThrowsAsync<Core.ParquetFormatException>(() => rows.ReadAsync(0, vector, 1000, TestContext.Current.CancellationToken).AsTask());
        Assert.Contains(nameof(ParquetReaderLimits.MaxReadBytes), fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_constant_column_of_two_thousand_million_rows_takes_little_memory()
    {
        byte[] file = OptionalInt.V2(int.MaxValue, Plain, [], Run(int.MaxValue, 0), []).Build(int.MaxValue);
        using ParquetFileReader reader = await ParquetFileReader.OpenAsync(new BytesSource("f", file), ParquetReaderLimits.Default, TestContext.Current.CancellationToken);
        await using RowGroupReader rows = await reader.OpenRowGroupAsync(0, [0], TestContext.Current.CancellationToken);
        var vector = new ColumnVector(VectorKind.Int32);
        long read = 0;
        int given;
        while ((given = await rows.ReadAsync(0, vector, 1 << 20, TestContext.Current.CancellationToken)) > 0)
        {
            read += given;
            vector.Clear();
        }

        Assert.Equal(int.MaxValue, read);
        Assert.True(vector.CapacityBytes + rows.HeldBytes < 4 << 20);
    }

    [Fact]
    public async Task One_row_that_never_ends_is_refused_by_the_limit_of_a_read()
    {
        var nulls = new HandmadeParquet(SchemaNode.List("f", Repetition.Required, SchemaNode.Primitive("f", Repetition.Optional, PhysicalType.Int32)));
        byte[] file = nulls.V2(int.MaxValue, Plain, [.. Run(1, 0), .. Run(int.MaxValue - 1, 1)], Run(int.MaxValue, 1), []).Build(1, valueCount: int.MaxValue);
        Assert.Contains("MaxReadBytes", await ParquetDrain.RefusalAsync(file, new ParquetReaderLimits { MaxReadBytes = 1 << 20 }), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Columns_are_read_each_at_its_own_pace_and_memory_is_given_back()
    {
        byte[] bytes = await File.ReadAllBytesAsync(Path.Combine(ParquetFixtures.KeptFolder, "pages", "v1-dictionary", "file-001.parquet"), TestContext.Current.CancellationToken);
        using ParquetFileReader file = await ParquetFileReader.OpenAsync(new BytesSource("f", bytes), ParquetReaderLimits.Default, TestContext.Current.CancellationToken);
        RowGroupReader rows = await file.OpenRowGroupAsync(1, [2, 0], TestContext.Current.CancellationToken);
        Assert.True(rows.HeldBytes >= file.StoredBytes(1, [2, 0]));
        await Parallel.ForEachAsync((int[])[0, 2], async (leaf, token) =>
        {
            var vector = new ColumnVector(file.Schema.Columns[leaf].VectorKind);
            int total = 0;
            int given;
            while ((given = await rows.ReadAsync(leaf, vector, leaf + 3, token)) > 0)
            {
                total += given;
            }

            Assert.Equal(rows.RowCount, total);
        });
        await Assert.ThrowsAsync<ArgumentException>(async () => await rows.ReadAsync(1, new ColumnVector(VectorKind.Bytes), 1, TestContext.Current.CancellationToken));

        rows.Dispose();

        Assert.Equal(0, rows.HeldBytes);
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await rows.ReadAsync(0, new ColumnVector(VectorKind.Bytes), 1, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_vector_of_another_kind_is_refused()
    {
        using ParquetFileReader file = await ParquetFileReader.OpenAsync(new BytesSource("f", RequiredInt.V1(1, Plain, Ints(1)).Build(1)), ParquetReaderLimits.Default, TestContext.Current.CancellationToken);
        await using RowGroupReader rows = await file.OpenRowGroupAsync(0, [0], TestContext.Current.CancellationToken);
        await Assert.ThrowsAsync<ArgumentException>(async () => await rows.ReadAsync(0, new ColumnVector(VectorKind.Bytes), 1, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Pages_that_do_not_add_up_are_refused_with_their_place()
    {
        string message = await ParquetDrain.RefusalAsync(RequiredInt.V1(2, Plain, Ints(1, 2)).Build(3));
        Assert.Contains("row group 0, column 'f', page ", message, StringComparison.Ordinal);
        Assert.Contains("end with 1 of its values missing", message, StringComparison.Ordinal);
        await Refused(RequiredInt.V1(3, Plain, Ints(1, 2, 3)).Build(2), "claims 3 values, but its column chunk has 2 left");
        await Refused(RequiredInt.V1(2, Plain, Ints(1, 2)).V1(1, Plain, Ints(3)).Build(2), "behind the last value");
        await Refused(RequiredInt.V1(2, Plain, Ints(1, 2)).Build(2, valueCount: 3), "claims 3 values, but its row group 2 rows");
        await Refused(RequiredInt.V1(2, Plain, Ints(1)).Build(2), "4 bytes left for 2 values");
        await Refused(RequiredInt.V1(-1, Plain, Ints(1)).Build(2), "claims -1 values");
    }

    [Fact]
    public async Task Levels_that_cannot_be_are_refused()
    {
        await Refused(IntList.V2(1, Plain, Run(1, 1), Run(1, 1), Ints(1)).Build(1), "first repetition level of the column chunk is 1");
        await Refused(IntList.V2(3, Plain, [.. Run(1, 0), .. Run(1, 1), .. Run(1, 0)], [.. Run(1, 0), .. Run(2, 1)], Ints(1, 2)).Build(2, valueCount: 3), "goes on with a list");
        await Refused(IntList.V2(3, Plain, Run(3, 0), Run(3, 1), Ints(1, 2, 3)).Build(2, valueCount: 3), "behind the last row");
        await Refused(IntList.V2(2, Plain, [.. Run(1, 0), .. Run(1, 1)], Run(2, 1), Ints(1, 2)).Build(2), "1 rows of the row group missing");
        await Refused(OptionalInt.V2(2, Plain, [], Run(1, 1), Ints(1, 2)).Build(2), "levels or indexes end");
        await Refused(OptionalInt.V1(1, Plain, Ints(100, 1)).Build(1), "claims 100 bytes of levels");
        await Refused(OptionalInt.V1(1, Plain, [1, 2]).Build(1), "2 bytes where the length of its levels should be");
        await Refused(OptionalInt.V1(1, Plain, V1Levels(Run(1, 1)), levels: ParquetEncoding.DeltaByteArray).Build(1), "levels with the encoding DeltaByteArray");
        var nullableList = new HandmadeParquet(SchemaNode.List("f", Repetition.Optional, SchemaNode.Primitive("f", Repetition.Required, PhysicalType.Int32)));
        await Refused(nullableList.V2(1, Plain, Run(1, 0), Run(1, 3), Ints(1)).Build(1), "the level 3 in a column whose maximum is 2");
    }

    [Fact]
    public async Task Dictionaries_that_cannot_be_are_refused()
    {
        byte[] index2 = [2, .. Run(1, 2)];
        await Refused(RequiredInt.Dictionary(2, Ints(1, 2)).V1(1, ParquetEncoding.RleDictionary, index2).Build(1), "value 2 of a dictionary of 2 values");
        await Refused(RequiredInt.V1(1, ParquetEncoding.RleDictionary, index2).Build(1), "no dictionary page");
        await Refused(RequiredInt.Dictionary(2, Ints(1, 2)).Dictionary(2, Ints(1, 2)).V1(1, ParquetEncoding.RleDictionary, index2).Build(1), "second dictionary page");
        await Refused(RequiredInt.V1(1, Plain, Ints(1)).Dictionary(1, Ints(1)).V1(1, Plain, Ints(1)).Build(2), "behind data pages");
        await Refused(RequiredInt.Dictionary(3, Ints(1, 2)).V1(1, Plain, Ints(1)).Build(1), "8 bytes left for 3 values");
        await Refused(RequiredInt.Dictionary(-3, Ints(1, 2)).V1(1, Plain, Ints(1)).Build(1), "claims -3 values");
        await Refused(RequiredInt.Dictionary(1, Ints(1), ParquetEncoding.Rle).V1(1, Plain, Ints(1)).Build(1), "dictionary page has the encoding Rle");
        await Refused(RequiredInt.Dictionary(1, Ints(1)).V1(1, ParquetEncoding.RleDictionary, [33, 0]).Build(1), "indexes of 33 bits");
    }

    [Fact]
    public async Task Page_headers_that_cannot_be_are_refused()
    {
        await Refused(RequiredInt.Page(new PageHeader { Type = PageType.DataPage }, Ints(1)).Build(1), "lacks the part that describes one");
        await Refused(RequiredInt.Page(new PageHeader { Type = (PageType)9 }, Ints(1)).Build(1), "unknown page type 9");
        await Refused(RequiredInt.Page(Header(compressed: 1000), Ints(1)).Build(1), "claims 1,000 bytes, but its column chunk has 4 left");
        await Refused(RequiredInt.Page(Header(compressed: -5), Ints(1)).Build(1), "claims -5 bytes");
        await Refused(RequiredInt.Page(Header(uncompressed: 65 << 20), Ints(1)).Build(1), "the limit is 67,108,864");
        await Refused(RequiredInt.V2(1, Plain, [], [], Ints(1)).Page(Header(), Ints(1)).Build(1, change: file => file.RowGroups[0].Columns[0].Metadata!.Type = PhysicalType.Int64), "holds Int64 values, but the schema says Int32");
    }

    [Fact]
    public async Task A_checksum_that_does_not_fit_is_refused_unless_it_is_not_looked_at()
    {
        int right = (int)Crc32.Compute(Ints(1, 2));
        Assert.Equal(2, await ParquetDrain.ReadAllAsync(RequiredInt.V1(2, Plain, Ints(1, 2), crc: right).Build(2)));
        byte[] wrong = RequiredInt.V1(2, Plain, Ints(1, 2), crc: right + 1).Build(2);
        await Refused(wrong, "checksum");
        Assert.Equal(2, await ParquetDrain.ReadAllAsync(wrong, limits: new ParquetReaderLimits { VerifyChecksums = false }));
    }

    [Theory]
    [InlineData("Snappy")]
    [InlineData("Zstd")]
    [InlineData("Gzip")]
    public async Task Version_2_pages_may_be_stored_without_compression_or_without_bytes(string codecName)
    {
        var codec = Enum.Parse<CompressionCodec>(codecName);
        if (!PageCompression.IsAvailable(codec))
        {
            Assert.Skip("libzstd is not installed here.");
        }

        var made = new HandmadeParquet(SchemaNode.Primitive("f", Repetition.Optional, PhysicalType.Int32)) { Codec = codec };
        byte[] file = made.V2(1, Plain, [], Run(1, 1), Ints(5), isCompressed: false).V2(2, Plain, [], Run(2, 0), []).Build(3);

        Assert.Equal(["""["5"]""", "[null]", "[null]"], await CanonicalRows.ReadAsync(new BytesSource("f", file)));
    }

    [Fact]
    public async Task A_read_that_fails_is_passed_on_as_it_is()
    {
        byte[] bytes = RequiredInt.V1(2, Plain, Ints(1, 2)).Build(2);

        // The whole file is read for the footer too, so the range is asked for directly.
        await Assert.ThrowsAsync<IOException>(async () => await ChunkBytes.ReadAsync(
            new BytesSource("f", bytes) { FaultyByte = 6 }, [new ChunkRange(4, 20)], UnboundedMemory.Instance, new SpareBuffers(), TestContext.Current.CancellationToken));
    }

    private static PageHeader Header(int compressed = 0, int uncompressed = 0) => new()
    {
        Type = PageType.DataPage,
        CompressedPageSize = compressed,
        UncompressedPageSize = uncompressed,
        DataPage = new DataPageHeader { NumValues = 1, Encoding = Plain, DefinitionLevelEncoding = ParquetEncoding.Rle, RepetitionLevelEncoding = ParquetEncoding.Rle },
    };

    private static async Task Refused(byte[] file, string why) =>
        Assert.Contains(why, await ParquetDrain.RefusalAsync(file), StringComparison.Ordinal);
}
