using Sleeper.Ingest.Core.Buffers;
using Sleeper.Ingest.Core.DataFiles;
using Sleeper.Ingest.Core.Parquet;
using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.Schemas;
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
            var (actual, wasFlat) = await EncodeFileAsync(schema, rows, random.Random.Next(1, 300), random.Random.Next(1, 40) * 256);
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

    /// <summary>Primitive fields only; the modes leave out, one by one, what sends a stretch the plain way.</summary>
    private static Schema FlatSchema(RandomRows random) => new(
        Enumerable.Range(0, random.Random.Next(1, 3)).Select(i => new Field($"key{i}", random.Primitive())),
        Enumerable.Range(0, random.Random.Next(0, 2)).Select(i => new Field($"sort{i}", random.Primitive())),
        Enumerable.Range(0, random.Random.Next(0, 6)).Select(i => new Field($"value{i}", random.Primitive(), random.Random.Next(2) == 0)));

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

    private static async Task<(List<(byte[] Key, byte[] Value)> Rows, bool WasFlat)> EncodeFileAsync(Schema schema, List<Row> rows, int stretch, int batchBytes)
    {
        byte[] bytes = SmallDataFile.Write(schema, rows);
        var file = await ParquetFileReader.OpenAsync(new BytesSource("made", bytes), new ParquetReaderLimits(), default);
        var match = FileSchemaMatch.Make(schema, file.Schema);
        Assert.Empty(match.Faults);
        using var encoder = new ParquetRowEncoder(match, schema, KeyOrder.Bytes, new RowLimits());
        using var batch = new RowBatch(new MemoryBudget(64 << 20), batchBytes, 64);
        using var reader = await file.OpenRowGroupAsync(0, encoder.Columns, default);
        var result = new List<(byte[], byte[])>();
        for (int done = 0; done < rows.Count;)
        {
            int count = await encoder.ReadAsync(reader, Math.Min(stretch, rows.Count - done), default);
            while (!encoder.Encode(batch, null, (row, fault) => Assert.Fail($"row {done + row}: {fault.Reason}")))
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
