using Sleeper.Ingest.Core.DataFiles;
using Sleeper.Ingest.Core.ObjectStores;
using Sleeper.Ingest.Core.Parquet;
using Sleeper.Ingest.Core.Parquet.Columns;
using Sleeper.Ingest.Core.Parquet.Compression;
using Sleeper.Ingest.Core.Parquet.Metadata;
using Sleeper.Ingest.Core.Parquet.RowGroups;
using Sleeper.Ingest.Core.Parquet.Schemas;
using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.Schemas;
using Sleeper.Ingest.Core.Tests.Parquet.RowGroups;
using Sleeper.Ingest.Core.Tests.Support;

namespace Sleeper.Ingest.Core.Tests.Formats;

/// <summary>Items 5 to 16 and 48: rows in, and the Parquet file that comes out.</summary>
public sealed partial class DataFileChecklistTests
{
    private const string EveryTypeMessage = """
        message {
          required int64 key;
          required binary name (STRING);
          required binary sort;
          required int32 i;
          optional int64 l;
          optional binary s (STRING);
          required binary b;
          required group list_i (LIST) {
            repeated group list {
              required int32 list_i;
            }
          }
          optional group list_s (LIST) {
            repeated group list {
              required binary list_s (STRING);
            }
          }
          required group map_sl (MAP) {
            repeated group key_value {
              required binary key (STRING);
              required int64 value;
            }
          }
          optional group map_ib (MAP) {
            repeated group key_value {
              required int32 key;
              required binary value;
            }
          }
        }

        """;

    [Theory]
    [InlineData("key")]
    [InlineData("name")]
    [InlineData("sort")]
    [InlineData("i")]
    [InlineData("b")]
    [InlineData("list_i")]
    [InlineData("map_sl")]
    public async Task Item_05_a_null_in_a_field_that_is_not_nullable_is_refused_and_nothing_is_written(string field)
    {
        var fault = await AssertRefusedAsync(EveryTypeRow(name => name == field ? FieldValue.Null : Unchanged), before: EveryTypeRow());

        Assert.Equal((1L, field), (fault.Error.RowNumber, fault.Error.FieldName));
    }

    [Fact]
    public async Task Item_05_a_null_element_map_key_or_map_value_is_refused()
    {
        var faults = new Dictionary<string, FieldValue>
        {
            ["list_i"] = FieldValue.FromList([(FieldValue)1, FieldValue.Null]),
            ["list_s"] = FieldValue.FromList([FieldValue.Null]),
            ["map_sl"] = FieldValue.FromMap([KeyValuePair.Create(FieldValue.Null, (FieldValue)1L)]),
            ["map_ib"] = FieldValue.FromMap([KeyValuePair.Create((FieldValue)1, FieldValue.Null)]),
        };
        foreach (var (field, value) in faults)
        {
            var fault = await AssertRefusedAsync(EveryTypeRow(name => name == field ? value : Unchanged));
            Assert.Equal(field, fault.Error.FieldName);
        }
    }

    [Fact]
    public async Task Items_06_to_10_the_schema_of_the_file_is_the_given_one_to_the_letter()
    {
        var table = await IngestedTable.IngestAsync(EveryType, RandomRowsOf(EveryType, 50, 1));

        var parts = await table.PartsAsync();

        Assert.Equal(EveryTypeMessage.ReplaceLineEndings("\n"), ParquetMessage.Text(parts.Schema));
        Assert.Equal(
            ["key", "name", "sort", "i", "l", "s", "b", "list_i.list.list_i", "list_s.list.list_s", "map_sl.key_value.key", "map_sl.key_value.value",
                "map_ib.key_value.key", "map_ib.key_value.value"],
            parts.Schema.Columns.Select(c => c.DottedPath));
        Assert.All(parts.Metadata.RowGroups, group => Assert.Equal(
            parts.Schema.Columns.Select(c => c.DottedPath), group.Columns.Select(c => string.Join('.', c.Metadata!.PathInSchema))));
    }

    [Fact]
    public async Task Item_06_columns_are_there_even_if_every_value_is_null()
    {
        var rows = Enumerable.Range(0, 20).Select(_ => EveryTypeRow(name => name is "l" or "s" or "list_s" or "map_ib" ? FieldValue.Null : Unchanged));

        var parts = await (await IngestedTable.IngestAsync(EveryType, rows)).PartsAsync();

        Assert.Equal(EveryTypeMessage.ReplaceLineEndings("\n"), ParquetMessage.Text(parts.Schema));
        Assert.Equal(20, parts.Chunk(4).Statistics!.NullCount);
        Assert.Equal(0, (await parts.ReadAsync(4)).ValueCount);
    }

    [Fact]
    public async Task Item_07_every_non_nullable_field_is_required_and_every_nullable_one_optional()
    {
        for (int seed = 0; seed < 10; seed++)
        {
            var schema = new RandomRows(seed).Schema();
            var parts = await (await IngestedTable.IngestAsync(schema, RandomRowsOf(schema, 3, seed))).PartsAsync();
            Assert.Equal(
                schema.AllFields.Select(f => (f.Name, f.IsNullable ? Repetition.Optional : Repetition.Required)),
                parts.Schema.Fields.Select(n => (n.Name, n.Repetition)));
        }
    }

    [Fact]
    public async Task Item_11_levels_of_null_empty_one_and_several()
    {
        var schema = new Schema(
            [new Field("key", FieldType.Int)],
            null,
            [new Field("n", FieldType.Int, true), new Field("list", FieldType.List(FieldType.Int)), new Field("nlist", FieldType.List(FieldType.Int), true), new Field("nmap", FieldType.Map(FieldType.Int, FieldType.Int), true)]);
        FieldValue List(params int[] items) => FieldValue.FromList(items);
        FieldValue Map(params int[] items) => FieldValue.FromMap(items.Select(i => KeyValuePair.Create((FieldValue)i, (FieldValue)(-i))));
        var rows = new List<Row>
        {
            new(schema, 0, FieldValue.Null, List(), FieldValue.Null, FieldValue.Null),
            new(schema, 1, 5, List(1), List(), Map()),
            new(schema, 2, FieldValue.Null, List(1, 2, 3), List(1), Map(1)),
            new(schema, 3, 6, List(), List(1, 2), Map(1, 2)),
        };

        var parts = await (await IngestedTable.IngestAsync(schema, rows)).PartsAsync();

        await AssertLevelsAsync(parts, 1, [0, 1, 0, 1], null);
        await AssertLevelsAsync(parts, 2, [0, 1, 1, 1, 1, 0], [0, 0, 0, 1, 1, 0]);
        await AssertLevelsAsync(parts, 3, [0, 1, 2, 2, 2], [0, 0, 0, 0, 1]);
        await AssertLevelsAsync(parts, 4, [0, 1, 2, 2, 2], [0, 0, 0, 0, 1]);
        await AssertLevelsAsync(parts, 5, [0, 1, 2, 2, 2], [0, 0, 0, 0, 1]);
    }

    [Fact]
    public async Task Item_12_the_footer_has_no_metadata_no_field_ids_and_our_own_name()
    {
        var parts = await (await IngestedTable.IngestAsync(EveryType, RandomRowsOf(EveryType, 50, 2))).PartsAsync();

        Assert.Null(parts.Metadata.KeyValueMetadata);
        Assert.All(parts.Metadata.Schema, element => Assert.Null(element.FieldId));
        Assert.All(parts.Chunks, chunk => Assert.Null(chunk.KeyValueMetadata));
        Assert.Matches("^sleeper-ingest-core version [0-9]+[.][0-9]+[.][0-9]+$", parts.Metadata.CreatedBy);
        Assert.Equal(1, parts.Metadata.Version);
    }

    [Fact]
    public async Task Item_13_by_default_zstd_and_row_groups_of_100_000_rows_or_8_mebibytes()
    {
        var narrow = Schema.Create().RowKey("key", FieldType.Int).Build();
        var wide = Schema.Create().RowKey("key", FieldType.Int).Value("text", FieldType.ByteArray).Build();
        var random = new Random(13);

        var many = await (await IngestedTable.IngestAsync(narrow, Enumerable.Range(0, 230_000).Select(i => new Row(narrow, i)))).PartsAsync();
        var large = await (await IngestedTable.IngestAsync(wide, Enumerable.Range(0, 2_500).Select(i => new Row(wide, i, Bytes(random, 10_000))))).PartsAsync();

        Assert.Equal([100_000, 100_000, 30_000], many.Metadata.RowGroups.Select(g => g.NumRows));
        Assert.All(many.Chunks.Concat(large.Chunks), chunk => Assert.Equal(CompressionCodec.Zstd, chunk.Codec));
        Assert.Equal(3, large.Metadata.RowGroups.Count);
        Assert.All(large.Metadata.RowGroups.SkipLast(1), group => Assert.InRange(group.TotalByteSize, 8_200_000, 8_600_000));

        static byte[] Bytes(Random random, int count)
        {
            byte[] bytes = new byte[count];
            random.NextBytes(bytes);
            return bytes;
        }
    }

    [Fact]
    public void Items_13_and_14_dictionaries_by_kind_of_field()
    {
        for (int on = 0; on < 8; on++)
        {
            var options = new DataFileOptions { RowKeyDictionary = (on & 1) != 0, SortKeyDictionary = (on & 2) != 0, ValueDictionary = (on & 4) != 0 };
            var file = WriteRepetitive(options);
            bool[] has = [.. Enumerable.Range(0, 3).Select(column => file.Column(column).DictionaryPageOffset is not null)];
            Assert.Equal([options.RowKeyDictionary, options.SortKeyDictionary, options.ValueDictionary], has);
        }
    }

    [Theory]
    [InlineData(DataFileCodec.Zstd, (int)CompressionCodec.Zstd)]
    [InlineData(DataFileCodec.Snappy, (int)CompressionCodec.Snappy)]
    [InlineData(DataFileCodec.Gzip, (int)CompressionCodec.Gzip)]
    [InlineData(DataFileCodec.Brotli, (int)CompressionCodec.Brotli)]
    [InlineData(DataFileCodec.Lz4Raw, (int)CompressionCodec.Lz4Raw)]
    [InlineData(DataFileCodec.None, (int)CompressionCodec.Uncompressed)]
    public async Task Item_14_the_codec_is_the_one_asked_for(DataFileCodec asked, int written)
    {
        var table = await IngestedTable.IngestAsync(EveryType, RandomRowsOf(EveryType, 300, 14), f => f.WithCompression(asked));

        Assert.All((await table.PartsAsync()).Chunks, chunk => Assert.Equal((CompressionCodec)written, chunk.Codec));
    }

    [Fact]
    public void Item_14_a_codec_that_is_not_written_is_an_error()
    {
        Assert.Throws<ArgumentException>(() => PageCompression.Create(CompressionCodec.Lz4));
        Assert.Throws<ArgumentException>(() => PageCompression.Create(CompressionCodec.Lzo));
        var fault = Assert.Throws<ArgumentException>(
            () => IngestFactory.Create().UseObjectStore(new InMemoryObjectStore()).WithSchema(EveryType).WithCompression((DataFileCodec)77).Build());
        Assert.Contains("77", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Item_14_limits_of_row_groups_and_pages_change_the_file()
    {
        var schema = Schema.Create().RowKey("key", FieldType.Long).Value("text", FieldType.String).Build();
        var rows = Enumerable.Range(0, 3_000).Select(i => new Row(schema, (long)i, $"text of row {i}")).ToList();

        var byRows = await (await IngestedTable.IngestAsync(schema, rows, f => f.WithRowGroups(700, 8 << 20).WithPages(100, 128 << 10))).PartsAsync();
        var byBytes = await (await IngestedTable.IngestAsync(schema, rows, f => f.WithRowGroups(100_000, 20_000).WithPages(20_000, 2_048))).PartsAsync();

        Assert.Equal([700, 700, 700, 700, 200], byRows.Metadata.RowGroups.Select(g => g.NumRows));
        Assert.Equal([0, 100, 200, 300, 400, 500, 600], byRows.OffsetIndex(0).PageLocations.Select(p => p.FirstRowIndex));
        Assert.InRange(byBytes.Metadata.RowGroups.Count, 3, 12);
        Assert.Equal(256, byBytes.OffsetIndex(0).PageLocations[1].FirstRowIndex);
        Assert.Equal(113, byBytes.OffsetIndex(1).PageLocations[1].FirstRowIndex);
    }

    [Theory]
    [InlineData(true, ParquetEncodingOf.DeltaBinaryPacked, ParquetEncodingOf.DeltaByteArray)]
    [InlineData(false, ParquetEncodingOf.Plain, ParquetEncodingOf.Plain)]
    public void Item_14_the_writer_version_changes_pages_and_encodings(bool isVersion2, int numbers, int bytes)
    {
        var file = WriteRepetitive(new DataFileOptions { IsVersion2 = isVersion2, RowKeyDictionary = false, SortKeyDictionary = false, ValueDictionary = false });

        foreach (int column in (int[])[0, 2])
        {
            var wanted = (ParquetEncoding)(column == 0 ? numbers : bytes);
            Assert.All(file.PageHeaders(column), header => Assert.Equal(
                isVersion2 ? (PageType.DataPageV2, wanted) : (PageType.DataPage, wanted),
                (header.Type, header.DataPageV2?.Encoding ?? header.DataPage!.Encoding)));
            Assert.All(file.PageHeaders(column), header => Assert.NotNull(header.Crc));
        }
    }

    [Fact]
    public async Task Item_15_rows_read_back_are_the_rows_given()
    {
        var rows = RandomRowsOf(EveryType, 2_000, 15);
        var table = await IngestedTable.IngestAsync(EveryType, rows, f => f.WithRowGroups(300, 1 << 20).WithPages(70, 4_096));

        Assert.Equal(RowOrder.Sort(rows), await table.RowsAsync());
    }

    [Fact]
    public async Task Item_16_a_file_of_zero_rows_has_the_full_schema_and_no_row_groups()
    {
        var columns = SchemaColumns.ToParquet(EveryType);
        var builder = new ParquetFileBuilder(columns, new DataFileOptions().ToParquet(EveryType, columns, KeyOrder.Bytes));
        var parts = await DataFileParts.OpenAsync([.. ParquetFileBuilder.Header.ToArray(), .. builder.Finish().ToArray()]);

        Assert.Equal(EveryTypeMessage.ReplaceLineEndings("\n"), ParquetMessage.Text(parts.Schema));
        Assert.Empty(parts.Metadata.RowGroups);
        Assert.Equal(0, parts.Metadata.NumRows);
    }

    [Theory]
    [InlineData("name")]
    [InlineData("s")]
    [InlineData("list_s")]
    [InlineData("map_sl")]
    public async Task Item_48_a_string_with_an_unpaired_surrogate_is_refused(string field)
    {
        foreach (string text in (string[])["x\uD800y", "\uDC00", "\uD83D", "\uDE00\uD83D"])
        {
            FieldValue value = field switch
            {
                "list_s" => FieldValue.FromList(["fine", text]),
                "map_sl" => FieldValue.FromMap([KeyValuePair.Create(text, 1L)]),
                _ => text,
            };
            var fault = await AssertRefusedAsync(EveryTypeRow(name => name == field ? value : Unchanged));
            Assert.Equal(field, fault.Error.FieldName);
        }
    }

    /// <summary>Three columns (row key, sort key, value) of few distinct values each.</summary>
    private static WrittenFile WriteRepetitive(DataFileOptions options)
    {
        var schema = Schema.Create().RowKey("key", FieldType.Long).SortKey("sort", FieldType.Int).Value("text", FieldType.String).Build();
        var columns = SchemaColumns.ToParquet(schema);
        return WrittenFile.Write(
            columns,
            options.ToParquet(schema, columns, KeyOrder.Bytes),
            null,
            [
                VectorSamples.Longs(Enumerable.Range(0, 1_000).Select(i => (long)(i / 200) << 40)),
                VectorSamples.Ints(Enumerable.Range(0, 1_000).Select(i => 1_000_003 * (i * 7 % 5))),
                VectorSamples.Strings(Enumerable.Range(0, 1_000).Select(i => $"one of four texts: {i * 11 % 4}")),
            ]);
    }

    private static async Task AssertLevelsAsync(DataFileParts parts, int column, byte[] definition, byte[]? repetition)
    {
        ColumnVector vector = await parts.ReadAsync(column);
        Assert.Equal(definition, vector.DefinitionLevels[..vector.LevelCount]);
        if (repetition is not null)
        {
            Assert.Equal(repetition, vector.RepetitionLevels[..vector.LevelCount]);
        }
    }

    /// <summary>Encodings as numbers: the type is internal, and a public test cannot take one.</summary>
    private static class ParquetEncodingOf
    {
        public const int Plain = (int)ParquetEncoding.Plain;
        public const int DeltaBinaryPacked = (int)ParquetEncoding.DeltaBinaryPacked;
        public const int DeltaByteArray = (int)ParquetEncoding.DeltaByteArray;
    }
}
