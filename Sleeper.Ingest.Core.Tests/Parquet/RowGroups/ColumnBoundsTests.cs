using System.Text;
using Sleeper.Ingest.Core.Parquet;
using Sleeper.Ingest.Core.Parquet.Columns;
using Sleeper.Ingest.Core.Parquet.Compression;
using Sleeper.Ingest.Core.Parquet.Metadata;
using Sleeper.Ingest.Core.Parquet.Schemas;

namespace Sleeper.Ingest.Core.Tests.Parquet.RowGroups;

public class ColumnBoundsTests
{
    [Fact]
    public void Strings_are_ordered_by_unsigned_bytes_also_beyond_the_basic_plane()
    {
        WrittenFile file = Write(SchemaNode.Utf8("a", Repetition.Required), VectorSamples.Strings(["\uFF5E", "é", "\U0001F600", "z"]));
        Statistics statistics = file.Column(0).Statistics!;
        Assert.Equal("z", Encoding.UTF8.GetString(statistics.MinValue!));
        Assert.Equal("\U0001F600", Encoding.UTF8.GetString(statistics.MaxValue!));
        Assert.Null(statistics.Min);
        Assert.Null(statistics.Max);
        Assert.Equal(0, statistics.NullCount);
    }

    [Fact]
    public void Byte_arrays_are_ordered_by_unsigned_bytes()
    {
        Statistics statistics = Write(
            SchemaNode.Primitive("a", Repetition.Required, PhysicalType.ByteArray), VectorSamples.ByteArrays([[0x80], [0x7F], [], [0x80, 0x00]])).Column(0).Statistics!;
        Assert.Equal([], statistics.MinValue!);
        Assert.Equal([0x80, 0x00], statistics.MaxValue!);
    }

    [Fact]
    public void Numbers_are_signed_and_have_the_deprecated_pair_too()
    {
        Statistics statistics = Write(SchemaNode.Primitive("a", Repetition.Required, PhysicalType.Int64), VectorSamples.Longs([3, -5, long.MaxValue])).Column(0).Statistics!;
        Assert.Equal(BitConverter.GetBytes(-5L), statistics.MinValue!);
        Assert.Equal(BitConverter.GetBytes(long.MaxValue), statistics.MaxValue!);
        Assert.Equal(statistics.MinValue, statistics.Min);
        Assert.Equal(statistics.MaxValue, statistics.Max);
    }

    [Fact]
    public void Unsigned_numbers_and_floats_have_counts_only()
    {
        WrittenFile file = Write(SchemaNode.Primitive("a", Repetition.Required, PhysicalType.Int32, convertedType: ConvertedType.UInt32), VectorSamples.Ints([3, -5]));
        Assert.Null(file.Column(0).Statistics!.MinValue);
        Assert.Null(file.Metadata.RowGroups[0].Columns[0].ColumnIndexOffset);
        file = Write(SchemaNode.Primitive("a", Repetition.Required, PhysicalType.Float), VectorSamples.Ints([3, -5]));
        Assert.Null(file.Column(0).Statistics!.MinValue);
    }

    [Fact]
    public void Truncated_bounds_are_marked_and_stay_bounds()
    {
        WrittenFile file = Write(
            SchemaNode.Utf8("a", Repetition.Required), VectorSamples.Strings(["black", "écru"]), options => options with { StatisticsTruncateBytes = 2, ColumnIndexTruncateBytes = 2 });
        Statistics statistics = file.Column(0).Statistics!;
        Assert.Equal(("bl", "ê"), (Encoding.UTF8.GetString(statistics.MinValue!), Encoding.UTF8.GetString(statistics.MaxValue!)));
        Assert.Equal((false, false), (statistics.IsMinValueExact, statistics.IsMaxValueExact));
        Assert.Equal("ê", Encoding.UTF8.GetString(file.ColumnIndex(0).MaxValues[0]));
    }

    [Fact]
    public void By_default_only_the_column_index_is_cut()
    {
        WrittenFile file = Write(SchemaNode.Utf8("a", Repetition.Required), VectorSamples.Strings([new string('x', 500)]));
        Assert.Equal(500, file.Column(0).Statistics!.MaxValue!.Length);
        Assert.Equal(128, file.ColumnIndex(0).MaxValues[0].Length);
        Assert.Equal((byte)'y', file.ColumnIndex(0).MaxValues[0][127]);
        Assert.Equal(128, file.ColumnIndex(0).MinValues[0].Length);
    }

    [Theory]
    [InlineData("1 2|3 4|4 5", "Ascending")]
    [InlineData("5 6|3 5|1 2", "Descending")]
    [InlineData("1 2|5 6|3 4", "Unordered")]
    [InlineData("1 9|1 9", "Ascending")]
    [InlineData("7 7", "Ascending")]
    public void The_boundary_order_is_that_of_the_pages(string pages, string expected)
    {
        long[] values = [.. pages.Split('|', ' ').Select(long.Parse)];
        WrittenFile file = Write(SchemaNode.Primitive("a", Repetition.Required, PhysicalType.Int64), VectorSamples.Longs(values), options => options with { PageRows = 2 });
        Assert.Equal(Enum.Parse<BoundaryOrder>(expected), file.ColumnIndex(0).BoundaryOrder);
    }

    [Fact]
    public void Indexes_tell_each_page_its_place_rows_and_extremes()
    {
        var random = new Random(51);
        var schema = new ParquetSchema("record", [SchemaNode.Primitive("a", Repetition.Optional, PhysicalType.ByteArray)]);
        ColumnVector column = VectorSamples.Random(schema.Columns[0], 2000, random);
        WrittenFile file = WrittenFile.Write(schema, Options() with { PageRows = 150 }, null, [column]);
        ColumnIndex index = file.ColumnIndex(0);
        OffsetIndex offsets = file.OffsetIndex(0);
        long firstRow = 0;
        long at = file.Column(0).DataPageOffset;
        int value = 0;
        for (int page = 0; page < offsets.PageLocations.Count; page++)
        {
            PageHeader header = file.HeaderAt(offsets.PageLocations[page].Offset);
            Assert.Equal((at, firstRow), (offsets.PageLocations[page].Offset, offsets.PageLocations[page].FirstRowIndex));
            at += offsets.PageLocations[page].CompressedPageSize;
            firstRow += header.DataPageV2!.NumRows;
            Assert.Equal(header.DataPageV2.NumNulls, index.NullCounts![page]);

            int count = header.DataPageV2.NumValues - header.DataPageV2.NumNulls;
            byte[][] values = [.. Enumerable.Range(value, count).Select(i => column.BytesAt(i).ToArray()).OrderBy(Convert.ToHexString, StringComparer.Ordinal)];
            Assert.Equal(values[0], index.MinValues[page]);
            Assert.Equal(values[^1], index.MaxValues[page]);
            Assert.Equal(values.Sum(bytes => bytes.Length), offsets.UnencodedByteArrayDataBytes![page]);
            value += count;
        }

        Assert.Equal(2000, firstRow);
        Assert.Equal(file.Column(0).DataPageOffset + file.Column(0).TotalCompressedSize, at);
        Assert.Equal(column.ByteCount, file.Column(0).SizeStatistics!.UnencodedByteArrayDataBytes);
    }

    [Fact]
    public void Ascending_columns_have_the_bounds_that_a_scan_finds()
    {
        string[] words = [.. Enumerable.Range(0, 1000).Select(i => (i * 7919 % 1000).ToString("D4", System.Globalization.CultureInfo.InvariantCulture)).Order(StringComparer.Ordinal)];
        byte[] scanned = Write(SchemaNode.Utf8("a", Repetition.Required), VectorSamples.Strings(words), options => options with { PageRows = 90 }).Bytes;
        byte[] promised = Write(
            SchemaNode.Utf8("a", Repetition.Required), VectorSamples.Strings(words), options => options with { PageRows = 90, Columns = [new ColumnWriteOptions { IsAscending = true }] }).Bytes;
        Assert.Equal(scanned, promised);
    }

    /// <summary>A dictionary is tried for 1,000 values if at most 875 differ.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(100)]
    [InlineData(875)]
    [InlineData(876)]
    [InlineData(1000)]
    public void Ascending_columns_get_a_dictionary_where_others_do(int different)
    {
        int[] values = [.. Enumerable.Range(0, 1000).Select(i => Math.Min(i, different - 1))];
        AssertSameBytes(() => SchemaNode.Utf8("a", Repetition.Required), VectorSamples.Strings(values.Select(i => i.ToString("D40", System.Globalization.CultureInfo.InvariantCulture))));
        AssertSameBytes(() => SchemaNode.Primitive("a", Repetition.Required, PhysicalType.Int64), VectorSamples.Longs(values.Select(i => (long)i << 33)));
        AssertSameBytes(() => SchemaNode.Primitive("a", Repetition.Required, PhysicalType.Int32), VectorSamples.Ints(values.Select(i => i << 9)));

        static void AssertSameBytes(Func<SchemaNode> field, ColumnVector column)
        {
            byte[] promised = WriteColumn(true);
            Assert.Equal(WriteColumn(false), promised);

            byte[] WriteColumn(bool isAscending) => Write(
                field(), column, options => options with { Columns = [new ColumnWriteOptions { IsAscending = isAscending, Dictionary = DictionaryUse.Try, Encoding = ColumnEncoding.Plain }] }).Bytes;
        }
    }

    private static ParquetWriterOptions Options() => new() { CreateCompressor = () => PageCompression.Create(CompressionCodec.Uncompressed) };

    private static WrittenFile Write(SchemaNode field, ColumnVector values, Func<ParquetWriterOptions, ParquetWriterOptions>? change = null) =>
        WrittenFile.Write(new ParquetSchema("record", [field]), change is null ? Options() : change(Options()), null, [values]);
}
