using Sleeper.Ingest.Core.ObjectStores;
using Sleeper.Ingest.Core.Parquet.Metadata;
using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.Schemas;
using Sleeper.Ingest.Core.Tests.Support;

namespace Sleeper.Ingest.Core.Tests.EndToEnd;

/// <summary>Encodings and dictionaries chosen field by field: the files have them, and rows come back the same, here, in DuckDB and in hyparquet.</summary>
public sealed class FieldOptionsTests : IDisposable
{
    private static readonly Schema Sample = Schema.Create()
        .RowKey("key", FieldType.Long).SortKey("time", FieldType.Int)
        .Value("count", FieldType.Int, nullable: true).Value("total", FieldType.Long, nullable: true)
        .Value("note", FieldType.String, nullable: true).Value("raw", FieldType.ByteArray, nullable: true)
        .Value("tags", FieldType.List(FieldType.String)).Value("numbers", FieldType.List(FieldType.Long), nullable: true)
        .Value("marks", FieldType.Map(FieldType.String, FieldType.Int)).Value("names", FieldType.Map(FieldType.Long, FieldType.String), nullable: true).Build();

    private readonly TemporaryFolder _folder = new();

    private static List<Row> Rows { get; } = MakeRows();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(DataFileEncoding.Plain, DataFileEncoding.Plain)]
    [InlineData(DataFileEncoding.ByteStreamSplit, DataFileEncoding.DeltaByteArray)]
    [InlineData(DataFileEncoding.DeltaBinaryPacked, DataFileEncoding.DeltaLengthByteArray)]
    public async Task Every_field_has_the_encoding_asked_for(DataFileEncoding ofNumbers, DataFileEncoding ofBytes)
    {
        var table = await IngestAsync(f =>
        {
            foreach (var field in Sample.AllFields)
            {
                var type = field.Type.ElementType ?? field.Type.KeyType ?? field.Type;
                f.WithFieldOptions(field.Name, new DataFileFieldOptions
                {
                    Encoding = Choose(type),
                    MapValueEncoding = field.Type.ValueType is { } value ? Choose(value) : DataFileEncoding.Auto,
                });
            }
        });

        var parts = await table.PartsAsync();
        foreach (var chunk in parts.Chunks)
        {
            bool isNumber = chunk.Type is PhysicalType.Int32 or PhysicalType.Int64;
            Assert.Null(chunk.DictionaryPageOffset);
            Assert.Equal(ToParquet(isNumber ? ofNumbers : ofBytes), Assert.Single(chunk.Encodings, e => e != ParquetEncoding.Rle));
        }

        // DuckDB 1.5.6 reads BYTE_STREAM_SPLIT of floats only.
        await AssertReadAsync(table, duckDb: ofNumbers != DataFileEncoding.ByteStreamSplit);

        DataFileEncoding Choose(FieldType type) => type.Kind is FieldTypeKind.Int or FieldTypeKind.Long ? ofNumbers : ofBytes;
    }

    [Fact]
    public async Task Dictionaries_are_left_out_or_kept_field_by_field()
    {
        var table = await IngestAsync(f => f
            .WithFieldOptions("note", new DataFileFieldOptions { Dictionary = false })
            .WithFieldOptions("count", new DataFileFieldOptions { Dictionary = true, Encoding = DataFileEncoding.Plain }));

        var parts = await table.PartsAsync();
        var withDictionary = parts.Chunks.Where(c => c.DictionaryPageOffset is not null).Select(c => c.PathInSchema[0]).Distinct().ToList();
        Assert.DoesNotContain("note", withDictionary);
        Assert.Contains("count", withDictionary);
        Assert.Contains("raw", withDictionary);
        await AssertReadAsync(table);
    }

    [Fact]
    public async Task Pages_are_of_the_version_asked_for_and_bounds_as_long_as_asked_for()
    {
        foreach (int version in (int[])[1, 2])
        {
            var table = await IngestAsync(f => f.WithPageVersion(version).WithBounds(3, 2));
            var parts = await table.PartsAsync();
            int note = Sample.IndexOf("note");

            Assert.All(parts.PageHeaders(note), header => Assert.Equal(version == 1 ? PageType.DataPage : PageType.DataPageV2, header.Type));
            Assert.Equal((3, 3), (parts.Chunk(note).Statistics!.MinValue!.Length, parts.Chunk(note).Statistics!.MaxValue!.Length));
            Assert.Equal(2, parts.ColumnIndex(note).MaxValues[0].Length);
            await AssertReadAsync(table);
        }
    }

    [Fact]
    public async Task What_is_not_asked_for_leaves_the_bytes_as_they_are()
    {
        byte[] plain = await (await IngestAsync(_ => { })).BytesAsync();

        Assert.Equal(plain, await (await IngestAsync(f => f.WithFieldOptions("note", new DataFileFieldOptions()))).BytesAsync());
        Assert.Equal(plain, await (await IngestAsync(f => f.WithPageVersion(2).WithBounds(int.MaxValue, 128))).BytesAsync());
        Assert.Equal(plain, await (await IngestAsync(f => f
            .WithFieldOptions("note", new DataFileFieldOptions { Encoding = DataFileEncoding.Plain }).WithFieldOptions("note", new DataFileFieldOptions()))).BytesAsync());
        Assert.NotEqual(plain, await (await IngestAsync(f => f.WithFieldOptions("note", new DataFileFieldOptions { Encoding = DataFileEncoding.Plain }))).BytesAsync());
    }

    [Fact]
    public async Task For_a_table_that_gives_the_schema_they_are_held_against_it_at_opening()
    {
        using var bed = await new IngestBed().WithTableAsync();
        var before = await bed.ListingAsync();
        var factory = IngestFactory.Create().UseObjectStore(bed.Store).WithSpillFolder(bed.Spill.Path);

        var fault = await Assert.ThrowsAsync<ArgumentException>(
            () => factory.WithFieldOptions("key", new DataFileFieldOptions { Encoding = DataFileEncoding.DeltaBinaryPacked }).OpenAsync());

        Assert.Contains("field 'key' cannot have the encoding DeltaBinaryPacked", fault.Message, StringComparison.Ordinal);
        Assert.Equal(before, await bed.ListingAsync());
        await using var writer = await factory.WithFieldOptions("key", new DataFileFieldOptions { Encoding = DataFileEncoding.DeltaByteArray }).OpenAsync();
    }

    private static ParquetEncoding ToParquet(DataFileEncoding encoding) => encoding switch
    {
        DataFileEncoding.Plain => ParquetEncoding.Plain,
        DataFileEncoding.ByteStreamSplit => ParquetEncoding.ByteStreamSplit,
        DataFileEncoding.DeltaBinaryPacked => ParquetEncoding.DeltaBinaryPacked,
        DataFileEncoding.DeltaLengthByteArray => ParquetEncoding.DeltaLengthByteArray,
        _ => ParquetEncoding.DeltaByteArray,
    };

    private static List<Row> MakeRows()
    {
        var random = new Random(77);
        return RowOrder.Sort([.. Enumerable.Range(0, 700).Select(i => new Row(
            Sample,
            random.NextInt64(),
            random.Next(),
            i % 4 == 0 ? FieldValue.Null : i % 6,
            i % 5 == 0 ? FieldValue.Null : random.NextInt64(),
            i % 3 == 0 ? FieldValue.Null : $"note é {i % 9}",
            i % 3 == 1 ? FieldValue.Null : new byte[] { (byte)(i % 4), 0xFF },
            FieldValue.FromList([.. Enumerable.Range(0, i % 4).Select(t => (FieldValue)$"tag {t}")]),
            i % 7 == 0 ? FieldValue.Null : FieldValue.FromList([.. Enumerable.Range(0, i % 3).Select(_ => (FieldValue)random.NextInt64())]),
            FieldValue.FromMap([.. Enumerable.Range(0, i % 3).Select(k => KeyValuePair.Create((FieldValue)$"mark {k}", (FieldValue)(i * k)))]),
            i % 8 == 0 ? FieldValue.Null : FieldValue.FromMap([KeyValuePair.Create((FieldValue)(long)i, (FieldValue)$"name {i}")])))]).ToList();
    }

    private Task<IngestedTable> IngestAsync(Action<IngestFactory> settings)
    {
        string folder = Path.Combine(_folder.Path, Guid.NewGuid().ToString("N"));
        return IngestedTable.IngestAsync(Sample, Rows, f => settings(f.WithRowGroups(300, 1 << 20).WithPages(90, 4096)), store: new LocalObjectStore(folder));
    }

    private static async Task AssertReadAsync(IngestedTable table, bool duckDb = true)
    {
        Assert.Equal(Rows, await table.RowsAsync());
        string path = Path.Combine(table.Store.Name, table.PathOf());
        var byHyparquet = await Hyparquet.ReadAsync(path);
        Assert.Equal(Rows.Select(RowText.OfWithSortedMaps), byHyparquet.Rows.Select(row => RowText.OfHyparquet(row, Sample)));
        if (duckDb)
        {
            Assert.Equal(Rows.Select(RowText.Of), await RowText.ReadByDuckDbAsync(path, Sample));
        }
    }
}
