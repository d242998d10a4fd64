using System.Buffers.Binary;
using System.Text;
using Sleeper.Ingest.Core.DataFiles;
using Sleeper.Ingest.Core.Parquet.Metadata;
using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.Schemas;
using Sleeper.Ingest.Core.Tests.Parquet.RowGroups;
using Sleeper.Ingest.Core.Tests.Support;

namespace Sleeper.Ingest.Core.Tests.Formats;

/// <summary>Items 39 to 43: what readers skip by.</summary>
public sealed partial class DataFileChecklistTests
{
    private static readonly Schema FourKeys = new(
        [new Field("s", FieldType.String), new Field("b", FieldType.ByteArray), new Field("i", FieldType.Int), new Field("l", FieldType.Long)],
        [new Field("t", FieldType.String)],
        [new Field("v", FieldType.String, true)]);

    [Fact]
    public async Task Item_39_every_row_group_has_the_true_extremes_of_each_key()
    {
        var table = await IngestedTable.IngestAsync(FourKeys, RandomRowsOf(FourKeys, 1_500, 39), f => f.WithRowGroups(90, 1 << 20).WithPages(20, 2_048));
        var parts = await table.PartsAsync();
        var rows = await table.RowsAsync();
        int first = 0;

        for (int group = 0; group < parts.Metadata.RowGroups.Count; group++)
        {
            int count = (int)parts.Metadata.RowGroups[group].NumRows;
            for (int column = 0; column < 5; column++)
            {
                var values = rows.GetRange(first, count).Select(r => r[column]).Order(ByBytes).ToList();
                var statistics = parts.Chunk(column, group).Statistics!;
                Assert.Equal(PlainBytes(values[0]), statistics.MinValue);
                Assert.Equal(PlainBytes(values[^1]), statistics.MaxValue);
                Assert.Equal(0, statistics.NullCount);
            }

            Assert.Equal(rows.GetRange(first, count).Count(r => r[5].IsNull), parts.Chunk(5, group).Statistics!.NullCount);
            first += count;
        }

        Assert.Equal(17, parts.Metadata.RowGroups.Count);
    }

    [Fact]
    public async Task Item_40_every_leaf_has_the_type_defined_order()
    {
        var parts = await (await IngestedTable.IngestAsync(EveryType, RandomRowsOf(EveryType, 10, 40))).PartsAsync();

        Assert.Equal(Enumerable.Repeat(ColumnOrder.TypeDefined, 13), parts.Metadata.ColumnOrders!);
    }

    [Fact]
    public void Item_41_a_truncated_maximum_is_an_upper_bound_and_a_truncated_minimum_a_lower_one()
    {
        var schema = Schema.Create().RowKey("key", FieldType.String).Build();
        var columns = SchemaColumns.ToParquet(schema);
        var options = new DataFileOptions { StatisticsTruncateBytes = 2, ColumnIndexTruncateBytes = 2 }.ToParquet(schema, columns, KeyOrder.Bytes);

        var file = WrittenFile.Write(columns, options, null, [VectorSamples.Strings(["abcdef", "écru"])]);

        var statistics = file.Column(0).Statistics!;
        Assert.Equal("ab", Encoding.UTF8.GetString(statistics.MinValue!));
        Assert.Equal("ê", Encoding.UTF8.GetString(statistics.MaxValue!));
        Assert.Equal("ab", Encoding.UTF8.GetString(file.ColumnIndex(0).MinValues[0]));
        Assert.Equal("ê", Encoding.UTF8.GetString(file.ColumnIndex(0).MaxValues[0]));
    }

    [Fact]
    public void Item_41_truncated_bounds_of_random_keys_enclose_them()
    {
        var schema = Schema.Create().RowKey("s", FieldType.String).Value("b", FieldType.ByteArray).Build();
        for (int seed = 0; seed < 200; seed++)
        {
            var random = new RandomRows(seed);
            int bytes = random.Random.Next(1, 5);
            var columns = SchemaColumns.ToParquet(schema);
            var options = new DataFileOptions { StatisticsTruncateBytes = bytes, ColumnIndexTruncateBytes = bytes }.ToParquet(schema, columns, KeyOrder.Java);
            var texts = Enumerable.Range(0, 5).Select(_ => random.Text()).ToList();
            var arrays = Enumerable.Range(0, 5).Select(_ => random.Bytes()).ToList();

            var file = WrittenFile.Write(columns, options, null, [VectorSamples.Strings(texts), VectorSamples.ByteArrays(arrays)]);

            AssertEncloses(file, 0, texts.Select(Encoding.UTF8.GetBytes), $"seed {seed}, {bytes} bytes");
            AssertEncloses(file, 1, arrays, $"seed {seed}, {bytes} bytes");
        }
    }

    [Fact]
    public async Task Item_42_pages_chosen_by_the_column_index_hold_all_rows_of_any_range()
    {
        for (int seed = 0; seed < 6; seed++)
        {
            var random = new RandomRows(4_200 + seed);
            var schema = random.Schema();
            var table = await IngestedTable.IngestAsync(schema, random.Rows(schema, 600), f => f.WithRowGroups(250, 1 << 20).WithPages(23, 1_024));
            var parts = await table.PartsAsync();
            var rows = await table.RowsAsync();
            for (int range = 0; range < 20; range++)
            {
                for (int column = 0; column < schema.RowKeyFields.Count; column++)
                {
                    var bounds = ((FieldValue[])[random.Value(schema.RowKeyFields[column].Type), random.Value(schema.RowKeyFields[column].Type)]).Order(ByBytes).ToArray();
                    var wanted = rows.Select((row, i) => (row, i)).Where(r => IsIn(r.row[column], bounds)).Select(r => r.i).ToList();
                    var read = RowsOfPages(parts, column, bounds);
                    Assert.True(wanted.All(read.Contains), $"seed {4_200 + seed}, key {column}, from {bounds[0]} to {bounds[1]}");
                }
            }
        }

        static bool IsIn(FieldValue value, FieldValue[] bounds) => ByBytes.Compare(value, bounds[0]) >= 0 && ByBytes.Compare(value, bounds[1]) <= 0;
    }

    [Fact]
    public async Task Item_43_there_are_no_bloom_filters()
    {
        var parts = await (await IngestedTable.IngestAsync(EveryType, RandomRowsOf(EveryType, 500, 43))).PartsAsync();

        Assert.All(parts.Chunks, chunk => Assert.Equal((null, null), (chunk.BloomFilterOffset, chunk.BloomFilterLength)));
    }

    private static Comparer<FieldValue> ByBytes { get; } = Comparer<FieldValue>.Create((l, r) => RowOrder.Compare(l, r, KeyOrder.Bytes));

    private static byte[] PlainBytes(FieldValue value)
    {
        byte[] bytes;
        switch (value.Kind)
        {
            case FieldValueKind.Int:
                bytes = new byte[4];
                BinaryPrimitives.WriteInt32LittleEndian(bytes, value.AsInt());
                return bytes;
            case FieldValueKind.Long:
                bytes = new byte[8];
                BinaryPrimitives.WriteInt64LittleEndian(bytes, value.AsLong());
                return bytes;
            case FieldValueKind.String:
                return Encoding.UTF8.GetBytes(value.AsString());
            default:
                return value.AsBytes().ToArray();
        }
    }

    private static FieldValue FromPlain(byte[] bytes, FieldValueKind kind) => kind switch
    {
        FieldValueKind.Int => BinaryPrimitives.ReadInt32LittleEndian(bytes),
        FieldValueKind.Long => BinaryPrimitives.ReadInt64LittleEndian(bytes),
        _ => bytes,
    };

    private static void AssertEncloses(WrittenFile file, int column, IEnumerable<byte[]> values, string context)
    {
        var statistics = file.Column(column).Statistics!;
        var index = file.ColumnIndex(column);
        foreach (byte[] value in values)
        {
            Assert.True(statistics.MinValue is null || statistics.MinValue.AsSpan().SequenceCompareTo(value) <= 0, context);
            Assert.True(statistics.MaxValue is null || statistics.MaxValue.AsSpan().SequenceCompareTo(value) >= 0, context);
            Assert.True(index.MinValues[0].AsSpan().SequenceCompareTo(value) <= 0, context);
            Assert.True(index.MaxValues[0].AsSpan().SequenceCompareTo(value) >= 0, context);
        }
    }

    /// <summary>The rows of the file that a reader must look at for a range of a column, by its column indexes.</summary>
    private static HashSet<int> RowsOfPages(DataFileParts parts, int column, FieldValue[] bounds)
    {
        var rows = new HashSet<int>();
        int firstOfGroup = 0;
        var kind = bounds[0].Kind is FieldValueKind.String or FieldValueKind.ByteArray ? FieldValueKind.ByteArray : bounds[0].Kind;
        var from = FromPlain(PlainBytes(bounds[0]), kind);
        var to = FromPlain(PlainBytes(bounds[1]), kind);
        for (int group = 0; group < parts.Metadata.RowGroups.Count; group++)
        {
            int count = (int)parts.Metadata.RowGroups[group].NumRows;
            var index = parts.ColumnIndex(column, group);
            var pages = parts.OffsetIndex(column, group).PageLocations;
            for (int page = 0; page < pages.Count; page++)
            {
                if (ByBytes.Compare(FromPlain(index.MaxValues[page], kind), from) >= 0 && ByBytes.Compare(FromPlain(index.MinValues[page], kind), to) <= 0)
                {
                    int end = page + 1 < pages.Count ? (int)pages[page + 1].FirstRowIndex : count;
                    rows.UnionWith(Enumerable.Range(firstOfGroup + (int)pages[page].FirstRowIndex, end - (int)pages[page].FirstRowIndex));
                }
            }

            firstOfGroup += count;
        }

        return rows;
    }
}
