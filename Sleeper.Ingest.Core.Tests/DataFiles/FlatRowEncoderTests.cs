using Sleeper.Ingest.Core.Buffers;
using Sleeper.Ingest.Core.DataFiles;
using Sleeper.Ingest.Core.Parquet;
using Sleeper.Ingest.Core.Parquet.Compression;
using Sleeper.Ingest.Core.Parquet.Metadata;
using Sleeper.Ingest.Core.Parquet.Schemas;
using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.Schemas;
using Sleeper.Ingest.Core.Tests.Parquet.RowGroups;
using Sleeper.Ingest.Core.Tests.Support;

namespace Sleeper.Ingest.Core.Tests.DataFiles;

/// <summary>Rows of a Parquet file are encoded to the same bytes as the rows themselves, whichever way a stretch takes.</summary>
public class FlatRowEncoderTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public async Task Every_stretch_of_a_file_gives_the_bytes_that_its_rows_give(int lane)
    {
        int flat = 0;
        for (int seed = 100 * lane; seed < (100 * lane) + 40; seed++)
        {
            var random = new RandomRows(seed);
            var schema = FlatSchema(random);
            var rows = Enumerable.Range(0, random.Random.Next(1, 600)).Select(_ => Row(random, schema, seed % 4)).ToList();
            bool hasDictionaries = seed % 8 >= 4;
            if (hasDictionaries)
            {
                // Few different rows, but in the last third of some files.
                int few = Math.Min(rows.Count, 1 + (seed % 7));
                int end = seed % 3 == 0 ? rows.Count : rows.Count * 2 / 3;
                rows = [.. rows.Select((row, i) => i < end ? rows[random.Random.Next(few)] : row)];
            }

            var (actual, wasFlat) = await EncodeFileAsync(schema, rows, random.Random.Next(1, 300), random.Random.Next(1, 40) * 256, hasDictionaries);
            flat += wasFlat ? 1 : 0;
            var expected = EncodeRows(schema, rows);
            Assert.True(expected.Count == actual.Count, $"seed {seed}: {expected.Count} rows, was {actual.Count}");
            for (int i = 0; i < expected.Count; i++)
            {
                Assert.True(expected[i].Key.AsSpan().SequenceEqual(actual[i].Key), $"seed {seed}, {schema}, row {i}: key of {rows[i]}");
                Assert.True(expected[i].Value.AsSpan().SequenceEqual(actual[i].Value), $"seed {seed}, {schema}, row {i}: values of {rows[i]}");
            }
        }

        Assert.InRange(flat, 5, 39);
    }

    [Theory]
    [InlineData(3)]
    [InlineData(50)]
    public async Task Of_entries_with_one_key_the_last_one_counts(int entryCount)
    {
        var schema = Schema.Create().RowKey("key", FieldType.Long).Value("map", FieldType.Map(FieldType.String, FieldType.Long), nullable: true).Build();
        var entries = Enumerable.Range(0, entryCount).Select(i => KeyValuePair.Create((FieldValue)$"{i % (entryCount - 1)}", (FieldValue)(long)i)).ToList();
        List<Row> Rows(IEnumerable<KeyValuePair<FieldValue, FieldValue>> map) =>
            [.. Enumerable.Range(0, 20).Select(i => new Row(schema, (long)i, i % 3 == 0 ? FieldValue.Null : FieldValue.FromMap(i == 10 ? map : entries.Skip(1))))];

        var (actual, wasFlat) = await EncodeFileAsync(schema, Rows(entries), 20, 1 << 16);

        Assert.False(wasFlat);
        Assert.Equal(EncodeRows(schema, Rows(entries.Skip(1))).Select(row => (Convert.ToHexString(row.Key), Convert.ToHexString(row.Value))),
            actual.Select(row => (Convert.ToHexString(row.Key), Convert.ToHexString(row.Value))));
    }

    [Fact]
    public async Task A_list_that_lacks_an_element_is_a_fault_of_its_row_alone()
    {
        var schema = Schema.Create().RowKey("key", FieldType.Long).Value("list", FieldType.List(FieldType.Long)).Build();
        var node = SchemaNode.List("list", Repetition.Required, SchemaNode.Primitive("element", Repetition.Optional, PhysicalType.Int64));
        var parquet = new ParquetSchema("file", [SchemaNode.Primitive("key", Repetition.Required, PhysicalType.Int64), node]);
        var options = new ParquetWriterOptions { CreateCompressor = () => PageCompression.Create(CompressionCodec.Uncompressed) };
        var lists = VectorSamples.Longs([1, 2, 3]).WithLevels(definition: [2, 2, 1, 0, 2], repetition: [0, 1, 0, 0, 0]);
        var file = WrittenFile.Write(parquet, options, null, [VectorSamples.Longs([7, 8, 9, 10]), lists]);
        var faults = new List<int>();

        var (actual, wasFlat) = await EncodeFileAsync(schema, file.Bytes, 4, 4, 1 << 16, (row, _) => faults.Add(row));

        Assert.False(wasFlat);
        Assert.Equal([1], faults);
        var expected = EncodeRows(schema, [new Row(schema, 7L, FieldValue.FromList(new[] { 1L, 2L })), new Row(schema, 9L, FieldValue.FromList(Array.Empty<long>())), new Row(schema, 10L, FieldValue.FromList(new[] { 3L }))]);
        Assert.Equal(expected.Select(row => Convert.ToHexString(row.Value)), actual.Select(row => Convert.ToHexString(row.Value)));
    }

    /// <summary>The modes leave out, one by one, what sends a stretch the plain way.</summary>
    private static Schema FlatSchema(RandomRows random) => new(
        Enumerable.Range(0, random.Random.Next(1, 3)).Select(i => new Field($"key{i}", random.Primitive())),
        Enumerable.Range(0, random.Random.Next(0, 2)).Select(i => new Field($"sort{i}", random.Primitive())),
        Enumerable.Range(0, random.Random.Next(0, 6)).Select(i => new Field($"value{i}", random.Type(), random.Random.Next(2) == 0)));

    private static Row Row(RandomRows random, Schema schema, int mode)
    {
        if (mode == 0)
        {
            return random.Row(schema);
        }

        var row = random.Row(schema).Values.ToArray();
        for (int i = 0; i < schema.KeyFieldCount; i++)
        {
            row[i] = schema.AllFields[i].Type.Kind switch
            {
                FieldTypeKind.String => new string((char)('a' + random.Random.Next(26)), random.Random.Next(mode == 1 ? 12 : 200)) + (mode == 3 ? "é\U0001F600" : ""),
                FieldTypeKind.ByteArray => Enumerable.Repeat((byte)random.Random.Next(2, 256), random.Random.Next(20)).ToArray(),
                _ => row[i],
            };
        }

        return new Row(schema, row);
    }

    private static Task<(List<(byte[] Key, byte[] Value)> Rows, bool WasFlat)> EncodeFileAsync(Schema schema, List<Row> rows, int stretch, int batchBytes, bool dictionaries = false) =>
        EncodeFileAsync(schema, SmallDataFile.Write(schema, rows, pageRowCount: 100, dictionaries: dictionaries), rows.Count, stretch, batchBytes, (row, fault) => Assert.Fail($"row {row} of its stretch: {fault.Reason}"));

    private static async Task<(List<(byte[] Key, byte[] Value)> Rows, bool WasFlat)> EncodeFileAsync(
        Schema schema, byte[] bytes, int rowCount, int stretch, int batchBytes, Action<int, RowFault> reject)
    {
        var file = await ParquetFileReader.OpenAsync(new BytesSource("made", bytes), new ParquetReaderLimits(), default);
        var match = FileSchemaMatch.Make(schema, file.Schema);
        Assert.Empty(match.Faults);
        using var encoder = new ParquetRowEncoder(match, schema, KeyOrder.Bytes, new RowLimits());
        using var batch = new RowBatch(new MemoryBudget(64 << 20), batchBytes, 64);
        await using var reader = await file.OpenRowGroupAsync(0, encoder.Columns, default);
        var result = new List<(byte[], byte[])>();
        for (int done = 0; done < rowCount;)
        {
            int count = await encoder.ReadAsync(reader, Math.Min(stretch, rowCount - done), default);
            while (!encoder.Encode(batch, null, reject))
            {
                Take(batch, result);
            }

            done += count;
        }

        Take(batch, result);
        return (result, encoder.LastStretchWasFlat);
    }

    private static List<(byte[] Key, byte[] Value)> EncodeRows(Schema schema, List<Row> rows)
    {
        using var batch = new RowBatch(new MemoryBudget(64 << 20), 1 << 20, 64);
        var encoder = new RowEncoder(schema, KeyOrder.Bytes, new RowLimits());
        var result = new List<(byte[], byte[])>();
        foreach (var row in rows)
        {
            Assert.Null(encoder.Encode(row, batch));
            batch.EndRow(0);
        }

        Take(batch, result);
        return result;
    }

    private static unsafe void Take(RowBatch batch, List<(byte[], byte[])> result)
    {
        byte* next = batch.Start;
        foreach (var row in batch.Rows)
        {
            result.Add((new ReadOnlySpan<byte>(next, row.KeyLength).ToArray(), new ReadOnlySpan<byte>(next + row.KeyLength, row.ValueLength).ToArray()));
            next += row.KeyLength + row.ValueLength;
        }

        batch.Clear();
    }
}
