using Sleeper.Ingest.Core.DataFiles;
using Sleeper.Ingest.Core.ObjectStores;
using Sleeper.Ingest.Core.Parquet;
using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.Schemas;
using Sleeper.Ingest.Core.Tests.Support;

namespace Sleeper.Ingest.Core.Tests.Formats;

/// <summary>Files by many other writers (apache/parquet-testing), against digests that two other readers agree on; damaged ones are refused, and so is by name what no field holds.</summary>
public class ParquetCorpusTests
{
    private static readonly string Kept = RepositoryFolder.Combine("Sleeper.Ingest.Core.Tests", "Fixtures", "parquet-testing");

    public static TheoryData<string> Files => [.. Manifest().Select(line => line[0])];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(Files))]
    public async Task Each_file_is_read_or_refused_as_its_manifest_says(string name)
    {
        string[] line = Manifest().Single(line => line[0] == name);
        (string disposition, string rows) = (line[1], $"{line[2]} rows {line[3]}");
        byte[] bytes = await BytesAsync(name);
        foreach (long shareBytes in (long[])[1 << 30, 2000])
        {
            var memory = new CountedMemory { ShareBytes = shareBytes };
            Task<List<string>> Read(bool checksums = true) =>
                CanonicalRows.ReadAsync(new BytesSource(name, bytes), 50, ParquetReaderLimits.Default with { VerifyChecksums = checksums }, memory);
            switch (disposition)
            {
                case "REJ-CRC" or "REJ-CORRUPT" or "REJ-CORRUPT or REJ-NEST" or "REJ-ENC" or "OUT":
                    // Of damage in columns that no row of text shows, too.
                    var fault = await Assert.ThrowsAsync<ParquetFormatException>(() => disposition.Contains("NEST", StringComparison.Ordinal) ? ParquetDrain.ReadAllAsync(bytes, name: name) : Read());
                    Assert.Contains(name, fault.Message, StringComparison.Ordinal);
                    Assert.Contains(
                        disposition switch { "REJ-CRC" => "checksum", "REJ-ENC" => "encrypted", "OUT" => "not a Parquet file", _ => "damaged" }, fault.Message, StringComparison.Ordinal);
                    if (disposition == "REJ-CRC")
                    {
                        Assert.Equal(rows, Summary(await Read(checksums: false)));
                    }

                    break;
                default:
                    // What has no digest is of types that no row of text shows; it must be decoded nevertheless.
                    List<string> read = await Read();
                    Assert.Equal(line[2].Length > 0 ? rows : Summary(read), Summary(read));
                    await ParquetDrain.ReadAllAsync(bytes);
                    break;
            }

            Assert.Equal(0, memory.HeldBytes);
        }
    }

    [Fact]
    public void Every_file_that_is_kept_has_a_test()
    {
        var listed = Manifest().Select(line => line[0]).ToHashSet(StringComparer.Ordinal);
        var kept = Directory.EnumerateFiles(Kept, "*", SearchOption.AllDirectories).Select(path => Path.GetRelativePath(Kept, path).Replace('\\', '/'));
        Assert.Equal(["README.md", "manifest.tsv"], kept.Where(path => !listed.Contains(path)).Order(StringComparer.Ordinal));
        Assert.Equal(49, listed.Count);
    }

    [Theory]
    [InlineData("byte_stream_split.zstd", "f32", "long", "Rounded")]
    [InlineData("byte_stream_split.zstd", "f64", "int", "Rounded")]
    [InlineData("datapage_v2_empty_datapage.snappy", "value", "int", "Rounded")]
    [InlineData("fixed_length_decimal", "value", "long", "Unscaled")]
    [InlineData("float16_nonzeros_and_nans", "x", "int", "Rounded")]
    [InlineData("int32_decimal", "value", "int", "Unscaled")]
    [InlineData("int96_from_spark", "a", "long", "Microseconds")]
    [InlineData("nan_in_stats", "x", "long", "Rounded")]
    [InlineData("nested_maps.snappy", "a", "map", "not single values")]
    [InlineData("nested_structs.rust", "roll_num", "long", "group")]
    [InlineData("nonnullable.impala", "nested_Struct", "map", "no map")]
    [InlineData("nonnullable.impala", "int_array_array", "list", "no list of single values")]
    public async Task What_no_field_holds_is_refused_with_column_type_and_field(string file, string column, string type, string words)
    {
        string name = $"data/{file}.parquet";
        using var reader = await ParquetFileReader.OpenAsync(new BytesSource(name, await BytesAsync(name)), ParquetReaderLimits.Default, Token);
        FieldType wanted = type switch
        {
            "int" => FieldType.Int,
            "long" => FieldType.Long,
            "list" => FieldType.List(FieldType.Int),
            _ => FieldType.Map(FieldType.String, FieldType.Int),
        };
        var schema = Schema.Create().RowKey("key", FieldType.Long).Value("wanted", wanted).Build();
        string fault = Assert.Single(FileSchemaMatch.Make(schema, reader.Schema, ParquetMapping.ByName.Take("wanted", column)).Faults, fault => fault.Contains("'wanted'", StringComparison.Ordinal));
        Assert.Contains(wanted.ToString()!, fault, StringComparison.Ordinal);
        Assert.Contains(words, fault, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_decimal_is_taken_unscaled_where_that_is_asked_for()
    {
        var schema = Schema.Create().RowKey("value", FieldType.Int).Build();
        var table = await IngestAsync("data/int32_decimal.parquet", schema, factory => factory.WithParquetMapping(ParquetMapping.ByName.Take("value", conversion: ParquetConversion.Unscaled)));
        Assert.Equal(Enumerable.Range(1, 24).Select(i => 100 * i), (await table.AllRowsAsync()).Select(row => row.GetInt(0)));
    }

    [Fact]
    public async Task A_null_where_a_field_takes_none_is_refused_with_its_row()
    {
        const string name = "data/int32_with_null_pages.parquet";
        var fault = await Assert.ThrowsAsync<RowRejectedException>(() => IngestAsync(name, Schema.Create().RowKey("int32_field", FieldType.Int).Build(), _ => { }));
        Assert.All((string[])[name, "int32_field", "null", "Row 4"], word => Assert.Contains(word, fault.Message, StringComparison.Ordinal));
    }

    private static string Summary(List<string> rows) => $"{rows.Count} rows {CanonicalRows.Digest(rows)}";

    private static IEnumerable<string[]> Manifest() => File.ReadLines(Path.Combine(Kept, "manifest.tsv")).Skip(1).Select(line => line.Split('\t'));

    private static async Task<byte[]> BytesAsync(string name)
    {
        string path = Path.Combine(Kept, name);
        if (!File.Exists(path))
        {
            path = Path.Combine(ParquetFixtures.LargeFolder("corpora", "parquet-testing") ?? Kept, name);
            Assert.SkipUnless(File.Exists(path), "The file is too large to be kept with the tests, and the corpus does not lie beside the project.");
        }

        return await File.ReadAllBytesAsync(path, Token);
    }

    private static async Task<IngestedTable> IngestAsync(string name, Schema schema, Action<IngestFactory> settings)
    {
        var input = new InMemoryObjectStore();
        await input.PutAsync(name, await BytesAsync(name), Token);
        return await IngestedTable.IngestAsync(schema, writer => writer.WriteParquetAsync(input, name, Token), settings);
    }
}
