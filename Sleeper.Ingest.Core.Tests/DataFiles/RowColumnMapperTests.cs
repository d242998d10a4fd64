using Sleeper.Ingest.Core.Buffers;
using Sleeper.Ingest.Core.DataFiles;
using Sleeper.Ingest.Core.Parquet.Columns;
using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.Schemas;
using Sleeper.Ingest.Core.Tests.Support;

namespace Sleeper.Ingest.Core.Tests.DataFiles;

public class RowColumnMapperTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    internal void Encoded_rows_become_the_columns_that_they_were_made_of(int orderNumber)
    {
        for (int seed = 0; seed < 60; seed++)
        {
            var random = new RandomRows(seed);
            var schema = random.Schema();
            var rows = random.Rows(schema, random.Random.Next(1, 200));
            using var encoded = new EncodedRows(schema, rows, (KeyOrder)orderNumber);
            using var mapper = new RowColumnMapper(schema, (KeyOrder)orderNumber, skipBytes: 0);
            encoded.Map(mapper);
            var back = ColumnModel.ToRows(schema, mapper.Vectors, rows.Count);
            for (int i = 0; i < rows.Count; i++)
            {
                Assert.True(rows[i].Equals(back[i]), $"seed {seed}, row {i}: expected {rows[i]}, was {back[i]}");
            }
        }
    }

    [Fact]
    internal void Levels_of_lists_are_those_of_the_format()
    {
        var schema = Schema.Create().RowKey("k", FieldType.Int)
            .Value("required", FieldType.List(FieldType.Int)).Value("optional", FieldType.List(FieldType.Int), nullable: true).Build();
        FieldValue[] lists = [FieldValue.FromList(Array.Empty<int>()), FieldValue.FromList([1]), FieldValue.FromList([1, 2, 3])];
        Row[] rows = [.. lists.Select((l, i) => new Row(schema, i, l, l)), new Row(schema, 9, lists[0], FieldValue.Null)];
        using var encoded = new EncodedRows(schema, rows, KeyOrder.Bytes);
        using var mapper = new RowColumnMapper(schema, KeyOrder.Bytes, skipBytes: 0);
        encoded.Map(mapper);
        AssertLevels(mapper.Vectors[1], definition: [0, 1, 1, 1, 1, 0], repetition: [0, 0, 0, 1, 1, 0]);
        AssertLevels(mapper.Vectors[2], definition: [1, 2, 2, 2, 2, 0], repetition: [0, 0, 0, 1, 1, 0]);
    }

    private static void AssertLevels(ColumnVector vector, byte[] definition, byte[] repetition)
    {
        Assert.Equal(definition, vector.DefinitionLevels.AsSpan(0, vector.LevelCount).ToArray());
        Assert.Equal(repetition, vector.RepetitionLevels.AsSpan(0, vector.LevelCount).ToArray());
    }

    /// <summary>Rows in memory as a slab holds them, with entries in the order given.</summary>
    private sealed unsafe class EncodedRows : IDisposable
    {
        private readonly NativeBuffer _bytes = new(4 << 20);
        private readonly NativeBuffer _entries;
        private readonly int _count;

        public EncodedRows(Schema schema, IReadOnlyList<Row> rows, KeyOrder order)
        {
            var budget = new MemoryBudget(64 << 20);
            using var batch = new RowBatch(budget, 1 << 20, 64);
            var encoder = new RowEncoder(schema, order, new RowLimits());
            _entries = new NativeBuffer(rows.Count * sizeof(RowEntry));
            _count = rows.Count;
            byte* destination = _bytes.Pointer;
            foreach (var row in rows)
            {
                batch.Clear();
                Assert.Null(encoder.Encode(row, batch));
                batch.EndRow(0);
                var span = batch.Rows[0];
                ((RowEntry*)_entries.Pointer)[Next++].Row = destination;
                destination += RowFormat.WriteHeader(destination, span.KeyLength, span.ValueLength);
                new ReadOnlySpan<byte>(batch.Start, span.KeyLength + span.ValueLength).CopyTo(new Span<byte>(destination, 1 << 20));
                destination += span.KeyLength + span.ValueLength;
            }
        }

        private int Next { get; set; }

        public void Map(RowColumnMapper mapper) => mapper.Map((RowEntry*)_entries.Pointer, _count);

        public void Dispose()
        {
            _bytes.Dispose();
            _entries.Dispose();
        }
    }
}
